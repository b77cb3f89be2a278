"""A cell's id changes with everything that can change its figures, and with nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taco_bench.config import Experiment
from taco_bench.plugins import Plugins, load_plugins
from taco_bench.resolve import resolve
from taco_bench.store import identity
from taco_bench.store.identity import cell_parts, id_of, training_parts

pytest_plugins = ("helpers.fixtures",)

DATA = {"captions": "1234", "text encoder": "5678"}


@pytest.fixture
def plugins(site: Path) -> Plugins:
    return load_plugins()


def experiment(plugins: Plugins, **changes: Any) -> Experiment:
    return resolve([{"data": "small"}, changes], plugins)


def ids(plugins: Plugins, seed: int = 0, data: dict[str, str] = DATA, **changes: Any) -> tuple[str, str]:
    """Of the training and of the cell."""
    made = experiment(plugins, **changes)
    training = id_of(training_parts(made, seed, data, plugins))
    return training, id_of(cell_parts(made, training, plugins))


def test_an_id_is_16_hexadecimal_digits_and_the_same_each_time(plugins: Plugins) -> None:
    training, cell = ids(plugins)
    assert len(training) == len(cell) == 16
    assert int(training, 16) >= 0
    assert training != cell
    assert ids(plugins) == (training, cell)


def test_the_order_of_keys_does_not_matter() -> None:
    assert id_of({"a": 1, "b": {"c": 2, "d": 3}}) == id_of({"b": {"d": 3, "c": 2}, "a": 1})


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"data": {**DATA, "captions": "other"}},
        {"train": {"steps": 5}},
        {"train": {"threads": 2}},
        {"train": {"shuffle_captions": True}},
        {"model": {"dropout": 0.2}},
        {"losses": {"symmetric": True}},
        {"losses": {"use": ["l1", "l2"]}},
        {"sampler": "random"},
        {"tokens": "noun"},
        {"token_weights": "uniform"},
        {"text_encoder": {"layers": 2}},
        {"on_missing": "skip"},
    ],
    ids=str,
)
def test_training_and_cell_change_with(change: dict[str, Any], plugins: Plugins) -> None:
    before, after = ids(plugins), ids(plugins, **change)
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(
    "change",
    [{"scores": ["sentence"]}, {"token_weight": 0.4}, {"split": "val"}, {"metric_convention": "howto100m"}, {"shortlist": 5}],
    ids=str,
)
def test_the_cell_alone_changes_with_how_it_is_evaluated(change: dict[str, Any], plugins: Plugins) -> None:
    before, after = ids(plugins), ids(plugins, evaluation=change)
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_the_protocols_version_changes_the_cell_alone(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids(plugins)
    monkeypatch.setattr(identity, "protocol", lambda task: {"version": 99})
    after = ids(plugins)
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_the_cores_source_changes_both(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids(plugins)
    monkeypatch.setattr(identity, "core_hash", lambda: "another")
    after = ids(plugins)
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize("kind", ["data", "encoder", "text-encoder", "tagger", "tokens", "token-weights", "sampler"])
def test_the_source_of_each_component_in_training_changes_both(kind: str, plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids(plugins)
    of_kind = {plugins.get(kind, spec["type"]).factory for k, spec in experiment(plugins).components() if k == kind}
    original = identity.source_hash
    monkeypatch.setattr(identity, "source_hash", lambda factory: "changed" if factory in of_kind else original(factory))
    after = ids(plugins)
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_the_source_of_the_task_changes_the_cell_alone(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids(plugins)
    task = plugins.get("task", "retrieval").factory
    original = identity.source_hash
    monkeypatch.setattr(identity, "source_hash", lambda factory: "changed" if factory is task else original(factory))
    after = ids(plugins)
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_the_source_of_a_sampler_that_is_left_out_changes_nothing(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    without = {"losses": {"use": ["l1", "l2"]}}
    before = ids(plugins, **without)
    sampler = plugins.get("sampler", "cascade").factory
    original = identity.source_hash
    monkeypatch.setattr(identity, "source_hash", lambda factory: "changed" if factory is sampler else original(factory))
    assert ids(plugins, **without) == before


@pytest.mark.parametrize(
    "how", [{"tokens": "none"}, {"losses": {"use": ["l1", "l3"]}}, {"losses": {"use": ["l3", "l1"]}, "tokens": "verb"}], ids=str
)
def test_what_a_configuration_makes_irrelevant_changes_nothing(how: dict[str, Any], plugins: Plugins) -> None:
    assert ids(plugins, **how) == ids(plugins, losses={"use": ["l1", "l3"]})


def test_a_seed_of_0_is_not_another_spelling_of_none(plugins: Plugins) -> None:
    assert ids(plugins, seed=0) != ids(plugins, seed=1)
    made = experiment(plugins)
    assert training_parts(made, 0, DATA, plugins)["seed"] == 0
