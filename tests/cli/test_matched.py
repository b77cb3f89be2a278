"""``compare --match``: two rows at equal cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.cli import Cli, Results, assert_told

pytest_plugins = ("helpers.fixtures",)

STEPS, SEEDS, EVERY = 16, 3, 1  # with fewer validations the slow row may have no score within the time of the quick one
ROW = '[[row]]\nname = "{name}"\nlabel = "{name}"\noptions = {{ sampler = "{sampler}", tokens = "none", "losses.use" = ["{losses}"] }}\n'
SUITE = f"""
schema = 1
title = "A sampler that is only slower"
source = "tests"
task = "retrieval"
columns = ["t2v R@1"]
metric = "t2v R@1"
control = "quick"
smallest_effect = {{ default = 1.0 }}
[options]
controls = "constant-scores"
"train.steps" = {STEPS}
""" + "".join(
    ROW.format(name=name, sampler=sampler, losses=losses)
    for name, sampler, losses in (("quick", "random:4", 'l1", "l3'), ("slow", "sleepy:4", 'l1", "l3'), ("l1", "random:4", "l1"))
)
ON = ("--data", "planted:holds", "--set", "data.train=192", "--set", "data.test=32", "--set", "train.threads=1")
VALIDATED = ("--set", f"train.validate_every={EVERY}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("matched")


@pytest.fixture
def made(rude: Path, cli: Cli, folder: Path) -> tuple[object, ...]:
    """The rows of the suite over three seeds, trained once for this module; the options that name where they are."""
    suite = folder / "slower.toml"
    if not suite.exists():
        suite.write_text(SUITE)
        found = cli("reproduce", suite, *ON, *VALIDATED, "--seeds", SEEDS, "--results", folder / "results")
        assert found.code == 0, found.err
    return ("--results", folder / "results")


def row(name: str) -> str:
    return f"slower@planted:holds:{name}"


def matched(cli: Cli, a: str, b: str, match: str, made: tuple[object, ...]) -> Any:
    found = cli("compare", row(a), row(b), "--match", match, "--json", *made)
    assert found.code == 0, found.err
    return found.json


def test_a_sampler_that_is_only_slower_never_wins_by_the_second(cli: Cli, made: tuple[object, ...]) -> None:
    found = matched(cli, "slow", "quick", "seconds", made)
    assert [pair["seed"] for pair in found["pairs"]] == list(range(SEEDS))
    for pair in found["pairs"]:
        assert pair["steps"][0] < pair["steps"][1] == STEPS
        assert pair["scores"][0] <= pair["scores"][1]
    assert found["mean"] <= 0
    other = matched(cli, "quick", "slow", "seconds", made)
    assert other["mean"] == -found["mean"]
    assert other["p"] == found["p"]


@pytest.mark.parametrize("match", ["steps", "fusion-pairs"])
def test_by_the_step_and_by_the_pair_it_is_the_same_sampler(match: str, cli: Cli, made: tuple[object, ...]) -> None:
    found = matched(cli, "slow", "quick", match, made)
    assert all(pair["scores"][0] == pair["scores"][1] and pair["steps"] == [STEPS, STEPS] for pair in found["pairs"])
    assert (found["mean"], found["p"]) == (0, None)  # three seeds have no p


def test_the_curve_is_in_the_record_of_the_training(cli: Cli, made: tuple[object, ...]) -> None:
    for cell in Results(Path(str(made[1]))).cells().values():
        record = json.loads((Path(str(made[1])) / "trainings" / cell["training"] / "training.json").read_text())
        steps, seconds, pairs, scores = zip(*record["curve"], strict=True)
        assert steps == tuple(range(EVERY, STEPS + 1, EVERY))
        assert list(seconds) == sorted(seconds)
        assert list(pairs) == sorted(pairs)
        assert all(0 <= score <= 100 for score in scores)
        assert record["curve"][-1][:3] == record["spent"]
        assert record["spent"][1] == pytest.approx(cell["cost"]["seconds"], abs=0.006)
        assert record["spent"][2] == pytest.approx(cell["cost"]["fusion_pairs_per_step"] * STEPS, abs=0.05 * STEPS)


def test_for_people(cli: Cli, made: tuple[object, ...]) -> None:
    out = cli("compare", row("slow"), row("quick"), "--match", "seconds", *made).out
    assert "at equal seconds: best validation score so far" in out
    assert "A steps" in out
    assert "seeds 95 % [" in out
    assert f"no p: {SEEDS} seeds cannot reach 0.05 two-sided, 3 more needed" in out


def test_a_row_without_fusion_has_no_pairs_to_match(cli: Cli, made: tuple[object, ...]) -> None:
    found = cli("compare", row("quick"), row("l1"), "--match", "fusion-pairs", *made)
    assert_told(found, 2, "A, seed 0, has no validation within 0 fusion pairs", "rows without L3 take no fusion pairs")


def test_without_validations_the_option_is_named(cli: Cli, made: tuple[object, ...], folder: Path) -> None:
    assert cli("reproduce", folder / "slower.toml", *ON, "--seeds", 1, "--steps", 2, "--results", folder / "short").code == 0
    found = cli("compare", row("slow"), row("quick"), "--match", "seconds", "--results", folder / "short")
    assert_told(found, 2, "the training of A, seed 0, has no curve", "--set train.validate_every=N")


def test_an_unknown_cost(cli: Cli, made: tuple[object, ...]) -> None:
    assert_told(cli("compare", row("slow"), row("quick"), "--match", "tears", *made), 2, "--match", "fusion-pairs")
