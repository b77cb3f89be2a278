"""From raw options to an experiment: every mistake, and all at once."""

import json
import re
from typing import Any

import pytest
from helpers.resolving import losses, one_problem, problems, resolved

from taco_bench.resolve import fusion_gib

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
