"""From raw options to an experiment: every rule, and every mistake at once."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from taco_bench.api import Word
from taco_bench.config import Experiment, Losses
from taco_bench.errors import ConfigError
from taco_bench.plugins import Component, Plugins, load_plugins
from taco_bench.resolve import fusion_gib, resolve

WORDLIST = {"tagger": "wordlist"}


def resolved(*layers: Mapping[str, Any]) -> Experiment:
    """Resolve with a tagger that is always there."""
    return resolve([WORDLIST, *layers], load_plugins(third_party=False))


def problems(*layers: Mapping[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        resolved(*layers)
    assert caught.value.exit_code == 2
    return ["\n".join(problem.lines()) for problem in caught.value.problems]


def one_problem(*layers: Mapping[str, Any]) -> str:
    found = problems(*layers)
    assert len(found) == 1, found
    return found[0]


def losses(*use: str, **more: Any) -> dict[str, Any]:
    return {"losses": {"use": list(use), **more}}


# Defaults and presets


def test_nothing_given() -> None:
    experiment = resolved()
    assert experiment.data == {"type": "babyai"}
    assert [spec["type"] for spec in experiment.tokens] == ["noun", "verb"]
    assert experiment.token_weights == {"type": "idf", "normalise": "sum"}
    assert experiment.losses.use == ("l1", "l2", "l3")
    assert experiment.task["type"] == "retrieval"
    assert experiment.evaluation.scores == ("sentence", "token", "fusion")


def test_the_paper_where_the_data_set_says_nothing() -> None:
    """Its choices of Sec. 4, and ours of the design where it is silent."""
    experiment = resolved()
    chosen = Losses()
    assert (chosen.token_loss_weight, chosen.sentence_temperature, chosen.token_temperature) == (0.5, 1.0, 1.0)
    assert (chosen.normalize, chosen.symmetric, chosen.fusion_directions, chosen.reduction) == (False, False, "both", "mean")
    assert experiment.model.fusion_layers == 2
    assert (experiment.evaluation.token_weight, experiment.evaluation.shortlist_above) == (0.5, 1000)
    assert experiment.train.weight_decay == 1e-5


def test_the_data_sets_preset_is_applied() -> None:
    experiment = resolved({"data": "babyai"})
    preset = load_plugins(third_party=False).get("data", "babyai").preset
    assert [spec["type"] for spec in experiment.encoder] == preset["encoder"].split("+")
    assert experiment.text_encoder["type"] == preset["text_encoder"]
    assert experiment.model.width == preset["model.width"]
    assert experiment.train.steps == preset["train.steps"]
    assert experiment.sampler == {"type": "cascade", "hard_negatives": preset["sampler.hard_negatives"], "weighted": 1.0}


def test_each_data_set_has_its_own_preset() -> None:
    experiment = resolved({"data": {"type": "msrvtt1k"}})
    preset = load_plugins(third_party=False).get("data", "msrvtt1k").preset
    assert experiment.text_encoder == {"type": "minilm", "pooling": "mean", "frozen": preset["text_encoder.frozen"]}
    assert experiment.model.width == preset["model.width"] != resolved({"data": "babyai"}).model.width


def test_what_is_given_overrides_the_preset() -> None:
    experiment = resolved({"encoder": "motion", "text_encoder": "bert", "model": {"width": 32}, "sampler": {"hard_negatives": 5}})
    assert [spec["type"] for spec in experiment.encoder] == ["motion"]
    assert experiment.text_encoder == {"type": "bert", "name": "bert-base-uncased", "pooling": "cls", "frozen": False}
    assert experiment.model.width == 32
    assert experiment.model.heads == 4
    assert experiment.sampler["hard_negatives"] == 5


def test_the_random_sampler_gets_the_cascades_number_of_negatives() -> None:
    """So that as many pairs go through fusion."""
    assert resolved({"sampler": "random"}).sampler == {"type": "random", "hard_negatives": resolved().sampler["hard_negatives"]}


def test_a_sampler_without_that_option_does_without() -> None:
    assert resolved({"sampler": "all"}).sampler == {"type": "all"}


def test_later_layers_override_earlier_ones() -> None:
    experiment = resolved({"model": {"width": 32, "heads": 2}}, {"model": {"width": 16}}, {"sampler": "random"}, {"sampler": "cascade:3"})
    assert (experiment.model.width, experiment.model.heads) == (16, 2)
    assert experiment.sampler == {"type": "cascade", "hard_negatives": 3, "weighted": 1.0}


def test_values_are_turned_into_their_types() -> None:
    experiment = resolved({"tokens": "top-idf:0.5", "model": {"width": "32"}})
    assert experiment.tokens == ({"type": "top-idf", "fraction": 0.5},)
    assert experiment.model.width == 32


@pytest.mark.parametrize(("steps", "warmup"), [(600, 100), (30_000, 5_000), (7, 1), (5, 0), (0, 0)])
def test_warm_up_is_a_sixth_unless_given(steps: int, warmup: int) -> None:
    """5k of 30k in the paper."""
    assert resolved({"train": {"steps": steps}}).train.warmup_steps == warmup
    assert resolved({"train": {"steps": steps, "warmup_steps": min(steps, 3)}}).train.warmup_steps == min(steps, 3)


# What losses make irrelevant


def test_no_tokens_leaves_l2_out() -> None:
    experiment = resolved({"tokens": "none"})
    assert experiment.losses.use == ("l1", "l3")
    assert experiment.tokens == ()
    assert experiment.token_weights is None
    assert experiment.tagger is None
    assert experiment.evaluation.scores == ("sentence", "fusion")


def test_no_tokens_equals_l1_and_l3() -> None:
    assert resolved({"tokens": "none"}).model_dump() == resolved(losses("l1", "l3")).model_dump()


@pytest.mark.parametrize("other", [{"tokens": "all"}, {"token_weights": "uniform"}, {"tagger": "wordlist"}, {"tokens": []}])
def test_without_l2_its_components_do_not_matter(other: dict[str, Any]) -> None:
    assert resolved(losses("l3", "l1"), other).model_dump() == resolved(losses("l1", "l3")).model_dump()


def test_without_l3_the_sampler_does_not_matter() -> None:
    one, other = resolved(losses("l1", "l2"), {"sampler": "random:7"}), resolved(losses("l1", "l2"))
    assert one.sampler is None
    assert one.model_dump() == other.model_dump()


def test_losses_are_in_order_and_once() -> None:
    assert resolved(losses("l3", "l1", "l3", "l2")).losses.use == ("l1", "l2", "l3")


def test_equal_experiments_dump_equal() -> None:
    """However they were asked for."""
    usual = resolved()
    spelt = resolved(
        {
            "data": {"type": "babyai"},
            "encoder": ["tiles", {"type": "motion"}],
            "tokens": [{"type": "noun"}, "verb"],
            "sampler": {"type": "cascade"},
        },
        {"train": {"steps": 1800, "warmup_steps": 300}},
        {"evaluation": {"scores": ["sentence", "token", "fusion"]}, "losses": {"use": ("l3", "l2", "l1")}},
    )
    assert json.dumps(spelt.model_dump(mode="json")) == json.dumps(usual.model_dump(mode="json"))
    assert spelt == usual


def test_resolving_changes_nothing_it_was_given() -> None:
    layers = [{"sampler": {"hard_negatives": 3}, "model": {"width": 32}, "tokens": [{"type": "noun"}]}]
    before = json.dumps(layers)
    resolved(*layers)
    assert json.dumps(layers) == before


def test_the_evaluation_is_no_part_of_the_training() -> None:
    assert resolved({"evaluation": {"split": "val", "token_weight": 1}}).training() == resolved().training()
    assert resolved({"model": {"width": 32}}).training() != resolved().training()


# Refusals


def test_no_loss_left() -> None:
    for layer in (losses("l2") | {"tokens": "none"}, losses()):
        assert "no loss is left to train" in problems(layer)[0]


@pytest.mark.parametrize("use", [["l3"], ["l2", "l3"]])
def test_a_cascade_without_scores(use: list[str]) -> None:
    """Neither L1 nor L2 is trained: there is nothing to select by. Without tokens L2 is not trained either."""
    text = one_problem(losses(*use) | {"tokens": "none"})
    assert "'cascade' selects by the scores of l1 and l2, none of which is trained" in text
    assert "--sampler random" in text


@pytest.mark.parametrize("use", [["l1", "l3"], ["l2", "l3"], ["l1", "l2", "l3"]])
def test_a_cascade_with_one_score_is_enough(use: list[str]) -> None:
    assert resolved(losses(*use)).sampler["type"] == "cascade"


def test_the_sentence_sampler_needs_l1() -> None:
    text = one_problem(losses("l2", "l3") | {"sampler": "sentence"})
    assert "l1" in text
    assert "none of which is trained" in text
    assert resolved(losses("l1", "l3") | {"sampler": "sentence"}).sampler["type"] == "sentence"


@pytest.mark.parametrize("sampler", ["random", "all"])
def test_samplers_that_need_no_score(sampler: str) -> None:
    assert resolved(losses("l3") | {"sampler": sampler, "train": {"batch_size": 8}}).losses.use == ("l3",)


@pytest.mark.parametrize(("negatives", "batch"), [(8, 8), (9, 8), (2, 2)])
@pytest.mark.parametrize("sampler", ["cascade", "random", "sentence"])
def test_as_many_negatives_as_pairs(sampler: str, negatives: int, batch: int) -> None:
    text = one_problem({"sampler": f"{sampler}:{negatives}", "train": {"batch_size": batch}})
    assert f"{negatives} negatives" in text
    assert f"batches of {batch}" in text


def test_one_negative_fewer_than_pairs() -> None:
    assert resolved({"sampler": "cascade:7", "train": {"batch_size": 8}}).sampler["hard_negatives"] == 7


@pytest.mark.parametrize("negatives", [0, -3])
def test_no_negatives(negatives: int) -> None:
    assert "hard_negatives" in one_problem({"sampler": {"hard_negatives": negatives}})


def test_without_l3_negatives_do_not_matter() -> None:
    assert resolved(losses("l1") | {"sampler": "cascade:99", "train": {"batch_size": 8}}).sampler is None


def test_a_batch_of_one_pair() -> None:
    assert any("has no negatives" in text for text in problems({"train": {"batch_size": 1}}))


@pytest.mark.parametrize(
    ("use", "scores", "untrained"),
    [(["l1", "l3"], ["token"], "token"), (["l1"], ["sentence", "fusion"], "fusion"), (["l2", "l3"], ["sentence"], "sentence")],
)
def test_a_score_that_is_not_trained(use: list[str], scores: list[str], untrained: str) -> None:
    text = one_problem(losses(*use) | {"evaluation": {"scores": scores}})
    assert repr(untrained) in text
    assert "--scores" in text


def test_a_subset_of_the_trained_scores() -> None:
    experiment = resolved({"evaluation": {"scores": ["sentence", "fusion"]}})
    assert experiment.evaluation.scores == ("sentence", "fusion")
    assert experiment.losses.use == ("l1", "l2", "l3")
    assert experiment.training() == resolved().training()


def test_a_score_is_summed_once() -> None:
    """Asked for twice it is still one score, as a loss given twice is one loss."""
    assert resolved({"evaluation": {"scores": ["sentence", "sentence"]}}) == resolved({"evaluation": {"scores": ["sentence"]}})


def test_memory_bounds_the_sampler_of_all_pairs() -> None:
    """128 x 128 pairs of 78 tokens through two layers 768 wide would not fit a GPU."""
    paper = {"model": {"width": 768, "heads": 12, "feedforward": 3072, "max_video_tokens": 48}, "train": {"batch_size": 128}}
    text = one_problem(paper, {"sampler": "all"})
    assert "127 negatives" in text
    assert "the bound is 8" in text
    assert "--sampler cascade" in text
    assert resolved(paper, {"sampler": "cascade:8", "train": {"fusion_memory": 100}}).sampler["type"] == "cascade"
    assert resolved({"sampler": "all", "train": {"batch_size": 8}}).sampler["type"] == "all"


def test_memory_by_hand() -> None:
    """Pairs x tokens x layers x (10 width + 2 feedforward) numbers of 4 bytes; no pair of the batch is counted twice."""
    model = {"width": 64, "heads": 4, "feedforward": 128, "fusion_layers": 3, "max_text_tokens": 10, "max_video_tokens": 6}
    experiment = resolved({"model": model, "train": {"batch_size": 16}})
    a_pair = 16 * 3 * (10 * 64 + 2 * 128) * 4
    assert fusion_gib(experiment, 2) == pytest.approx(16 * 5 * a_pair / 2**30)  # the positive, and two negatives of two directions
    assert fusion_gib(experiment, 15) == pytest.approx(16 * 16 * a_pair / 2**30)


def test_recomputation_holds_one_chunk_of_pairs() -> None:
    """8,192 tokens on a CPU; the refusal names it where it helps, and following it does."""
    paper = {
        "model": {"width": 768, "heads": 12, "feedforward": 3072, "max_video_tokens": 48},
        "train": {"batch_size": 128, "device": "cpu"},
    }
    text = one_problem(paper, {"sampler": "all"})
    again = resolved(paper, {"sampler": "all"}, set_by(text))
    assert again.train.recompute_fusion
    assert fusion_gib(again, 127) == pytest.approx(8192 * 2 * (10 * 768 + 2 * 3072) * 4 / 2**30)
    assert "recompute" not in one_problem(paper, {"sampler": "all", "train": {"fusion_memory": 0.1}})
    few = {"train": {"batch_size": 8}}
    assert fusion_gib(resolved(few, {"train": {"recompute_fusion": True}}), 2) == fusion_gib(resolved(few), 2)


def test_a_chunk_of_the_whole_batch_is_none() -> None:
    chunks = {size: resolved({"train": {"batch_size": 8, "encoder_chunk": size}}).train.encoder_chunk for size in (3, 8, 9)}
    assert chunks == {3: 3, 8: None, 9: None}


def test_heads_divide_the_width() -> None:
    assert "width 64 cannot be split into 5 heads" in one_problem({"model": {"heads": 5}})


def test_heads_divide_the_width_of_the_text_encoder() -> None:
    """Found before anything is built, as every mistake."""
    assert "heads" in one_problem({"text_encoder": {"type": "tiny", "width": 64, "heads": 5}})


def test_positions_hold_both_texts_and_videos() -> None:
    assert "46 tokens a pair, but 40 positions" in one_problem({"model": {"positions": 40}})
    assert resolved({"model": {"positions": 46}}).model.positions == 46


def test_warm_up_longer_than_the_training() -> None:
    assert "20 warm-up steps, but 10 steps" in one_problem({"train": {"steps": 10, "warmup_steps": 20}})


def test_the_best_checkpoint_needs_validations() -> None:
    assert "validations" in one_problem({"train": {"checkpoint": "best"}})
    assert resolved({"train": {"checkpoint": "best", "validate_every": 10}}).train.checkpoint == "best"


def test_no_encoder() -> None:
    assert "no encoder is named" in one_problem({"encoder": []})


def set_by(text: str) -> dict[str, Any]:
    """The layer that a hint's ``--set a.b=c`` gives."""
    key, value = re.search(r"--set ([\w.]+)=(\S+)", text).groups()
    section, name = key.split(".")
    return {section: {name: json.loads(value)}}


@pytest.mark.parametrize(
    "layer",
    [
        {"model": {"positions": 40}},
        {"train": {"steps": 10, "warmup_steps": 20}},
        {"train": {"checkpoint": "best"}},
        {"sampler": "cascade:9", "train": {"batch_size": 8}},
        {"sampler": "random:2", "train": {"batch_size": 2}},
        {"sampler": "all", "train": {"fusion_memory": 0.01}},
    ],
    ids=str,
)
def test_following_the_hint_helps(layer: dict[str, Any]) -> None:
    assert resolved(layer, set_by(one_problem(layer)))


@pytest.mark.parametrize("kind", ["data", "encoder", "text_encoder", "tagger", "tokens", "token_weights", "sampler", "task"])
def test_an_unknown_component_of_each_kind(kind: str) -> None:
    text = one_problem({kind: "no-such-thing"})
    assert "'no-such-thing'" in text
    assert "known names" in text


@pytest.mark.parametrize(
    ("layer", "nearest"),
    [
        ({"sampler": "cascad"}, "cascade"),
        ({"tokens": "noun,verbs"}, "verb"),
        ({"data": "msrvt1k"}, "msrvtt1k"),
        ({"sampler": {"hard_negative": 3}}, "hard_negatives"),
        ({"model": {"widht": 3}}, "model.width"),
        ({"train": {"learning_rat": 0.1}}, "train.learning_rate"),
        ({"learning_rate": 0.1}, "train.learning_rate?"),
        ({"learning_rat": 0.1}, "train.learning_rate"),
        ({"sampeler": "cascade"}, "sampler"),
        ({"token-weights": "idf"}, "token_weights"),
    ],
    ids=str,
)
def test_the_nearest_name(layer: dict[str, Any], nearest: str) -> None:
    assert f"did you mean {nearest}" in one_problem(layer)


@pytest.mark.parametrize(
    "layer",
    [
        {"model": {"width": 0}},
        {"model": {"dropout": 1.0}},
        {"model": {"width": "wide"}},
        {"losses": {"use": ["l4"]}},
        {"losses": {"sentence_temperature": 0}},
        {"losses": {"token_loss_weight": float("inf")}},
        {"train": {"learning_rate": float("nan")}},
        {"train": {"steps": -1}},
        {"evaluation": {"split": "train"}},
        {"evaluation": {"scores": ["best"]}},
        {"evaluation": {"token_weight": 1.5}},
        {"on_missing": "maybe"},
        {"tokens": "top-idf:1.5"},
        {"tokens": "top-idf:abc"},
        {"text_encoder": {"width": -1}},
    ],
    ids=str,
)
def test_a_value_that_is_not_valid(layer: dict[str, Any]) -> None:
    assert "not valid" in one_problem(layer)


@pytest.mark.parametrize(
    "layer",
    [
        {"sampler": 5},
        {"encoder": 5},
        {"model": 5},
        {"data": 5},
        {"train": "fast"},
        {"tokens": ["noun", 5]},
        {"evaluation": None},
        {"sampler": ["all"]},
    ],
    ids=str,
)
def test_a_value_of_the_wrong_shape(layer: dict[str, Any]) -> None:
    """As a configuration file or ``--set sampler=5`` gives it: a message, no traceback."""
    (key,) = layer
    assert any(key in text for text in problems(layer))


def test_no_tokens_by_null() -> None:
    """``--set tokens=none`` and ``tokens: null`` in a file."""
    assert resolved({"tokens": None}) in (resolved({"tokens": "none"}), resolved())


def test_all_problems_at_once() -> None:
    found = problems(
        {
            "data": "babyay",
            "sampler": "cascad",
            "tokens": "noun,verbs,top-idf:abc",
            "model": {"widht": 3, "heads": 0},
            "train": {"steps": "many"},
            "extra": 1,
        }
    )
    for part in ("babyay", "cascad", "verbs", "abc", "widht", "heads", "steps", "extra"):
        assert sum(part in text for text in found) == 1, part
    assert len(found) == 8


def test_all_contradictions_at_once() -> None:
    found = problems(
        losses("l3") | {"model": {"heads": 5, "positions": 9}, "train": {"checkpoint": "best"}, "evaluation": {"scores": ["token"]}},
    )
    for part in ("heads", "positions", "validations", "'token'", "cascade"):
        assert any(part in text for text in found), part
    assert len(found) == 5


def test_a_wrong_field_is_found_with_the_others() -> None:
    found = problems({"on_missing": "maybe", "model": {"widht": 3}})
    assert any("on_missing" in text for text in found)
    assert any("widht" in text for text in found)


# Taggers


class Absent:
    """A tagger whose model is not installed."""

    def __init__(self, model: str = "large") -> None:
        self.model = model

    def missing(self) -> str:
        return f"the model {self.model} is not installed"

    def identity(self) -> str:
        return "absent"

    def tag(self, captions: Sequence[str]) -> list[list[Word]]:
        raise AssertionError("never asked")


class Protocolled:
    """A data set with an option on which its preset depends."""

    def __init__(self, protocol: str = "long") -> None:
        self.protocol = protocol


def with_tagger(fallback: str | None) -> Plugins:
    """The first-party plugins, with a spaCy that is not installed."""
    plugins = Plugins()
    for component in load_plugins(third_party=False).all():
        if component.name != "spacy":
            plugins.add(component)
    plugins.add(Component("tagger", "spacy", Absent, "absent", "taco-bench", "0", fallback=fallback))
    return plugins


def test_the_fallback_is_chosen_and_announced() -> None:
    said: list[str] = []
    experiment = resolve([{}], with_tagger("wordlist"), said.append)
    assert experiment.tagger == {"type": "wordlist"}
    (line,) = said
    assert "'wordlist'" in line
    assert "the model large is not installed" in line


def test_the_fallback_is_the_experiment_that_names_it() -> None:
    assert resolve([{}], with_tagger("wordlist")).training() == resolved().training()


@pytest.mark.parametrize("asked", ["spacy", "spacy:small", {"type": "spacy"}, {"model": "small"}], ids=str)
def test_a_tagger_that_was_asked_for_is_not_replaced(asked: object) -> None:
    with pytest.raises(ConfigError, match="the tagger spacy cannot be used") as caught:
        resolve([{"tagger": asked}], with_tagger("wordlist"))
    assert "not installed" in caught.value.what


def test_no_fallback() -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        resolve([{}], with_tagger(None))


def test_a_tagger_that_is_there_is_used_without_a_word() -> None:
    said: list[str] = []
    assert resolve([WORDLIST], load_plugins(third_party=False), said.append).tagger == {"type": "wordlist"}
    assert said == []


def with_selectors(plugins: Plugins) -> Plugins:
    """Beside the others a selector that reads no tags."""
    plugins.add(Component("tokens", "rare", plugins.get("tokens", "top-idf").factory, "rare", "taco-bench", "0", tags=False))
    return plugins


def test_where_no_selector_reads_tags_nothing_is_tagged() -> None:
    said: list[str] = []
    experiment = resolve([{"tokens": "rare:0.5"}], with_selectors(with_tagger(None)), said.append)
    assert (experiment.tagger, said) == ({"type": "split"}, [])


def test_one_selector_that_reads_tags_is_enough_to_tag() -> None:
    experiment = resolve([{"tokens": "rare,noun"}], with_selectors(with_tagger("wordlist")))
    assert experiment.tagger == {"type": "wordlist"}


def test_a_tagger_that_was_asked_for_tags_whatever_is_read() -> None:
    assert resolve([{"tokens": "rare", **WORDLIST}], with_selectors(with_tagger(None))).tagger == {"type": "wordlist"}


def test_where_no_tagger_is_needed_none_is_announced_or_missed() -> None:
    said: list[str] = []
    assert resolve([{"tokens": "none"}], with_tagger("wordlist"), said.append).tagger is None
    assert resolve([{"losses": {"use": ["l1"]}}], with_tagger(None), said.append).tagger is None
    assert said == []


# Data sets of third parties


def test_a_preset_that_depends_on_the_options_of_the_data_set() -> None:
    def preset(protocol: str = "long", **_: object) -> dict[str, object]:
        return {"encoder": "tiles", "tagger": "wordlist", "sampler": "random:1", "train.steps": 7 if protocol == "short" else 70}

    def broken() -> dict[str, object]:
        return {}

    plugins = Plugins()
    for component in load_plugins(third_party=False).all():
        plugins.add(component)
    plugins.add(Component("data", "mine", Protocolled, "mine", "mine", "1", preset=preset))
    plugins.add(Component("data", "bad", Protocolled, "mine", "mine", "1", preset=broken))
    steps = [resolve([{"data": data}], plugins).train.steps for data in ("mine", "mine:short", {"type": "mine", "protocol": "long"})]
    assert steps == [70, 7, 70]
    assert resolve([{"data": "mine:short", "train": {"steps": 3}}], plugins).train.steps == 3
    with pytest.raises(ConfigError) as caught:
        resolve([{"data": "bad:short"}], plugins)
    assert caught.value.exit_code == 4
    assert "data 'bad' of mine 1 gave no preset" in caught.value.lines()[0]


def test_a_preset_of_another_type_is_left_aside() -> None:
    """The preset's options for ``cascade`` do not go to ``random``."""
    plugins = Plugins()
    for component in load_plugins(third_party=False).all():
        plugins.add(component)
    preset = {"encoder": "tiles", "text_encoder": "tiny", "sampler.type": "cascade", "sampler.hard_negatives": 3, "tagger": "wordlist"}
    preset |= {"tokens": "noun,top-idf:0.5", "train.batch_size": 16, "model.heads": 4, "model.width": 64}
    plugins.add(Component("data", "mine", Absent, "mine", "mine", "1", preset=preset))
    assert resolve([{"data": "mine"}], plugins).sampler == {"type": "cascade", "hard_negatives": 3, "weighted": 1.0}
    assert resolve([{"data": "mine", "sampler": "random"}], plugins).sampler == {"type": "random", "hard_negatives": 8}
    assert resolve([{"data": "mine"}], plugins).tokens == ({"type": "noun"}, {"type": "top-idf", "fraction": 0.5})
    assert resolve([{"data": "mine"}], plugins).tagger == {"type": "wordlist"}
