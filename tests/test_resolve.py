"""From raw options to an experiment: every rule."""

import json
from typing import Any

import pytest
from helpers.resolving import losses, resolved

from taco_bench.config import Losses
from taco_bench.plugins import load_plugins


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
