"""Pre-training, zero-shot and fine-tuning on the command line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from helpers.cli import ONE, Cli, Results, assert_told

pytest_plugins = ("helpers.fixtures",)

HEAD = """
schema = 1
title = "Chained"
source = "none"
task = "retrieval"
columns = ["t2v R@1", "t2v R@10"]
metric = "t2v R@1"
smallest_effect = { default = 1.0 }
options = { controls = "constant-scores", sampler = "random", tokens = "none", "losses.use" = ["l1"] }
"""


def row(name: str, options: str = "") -> str:
    return f'[[row]]\nname = "{name}"\nlabel = "{name}"\noptions = {{ {options} }}\n'


@pytest.fixture
def suites(tmp_path: Path) -> tuple[Path, Path]:
    """One that trains, and one whose rows start from it."""
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(f'{HEAD}control = "base"\n{row("base")}')
    start = f'"train.init" = "{first}@small:base"'
    second.write_text(
        f'{HEAD}control = "zero"\n{row("zero", start + ", " + chr(34) + "train.steps" + chr(34) + " = 0")}{row("fine", start)}'
    )
    return first, second


def only(results: Results, known: set[str]) -> dict[str, Any]:
    """The one cell that was not known."""
    cells = results.cells()
    (name,) = cells.keys() - known
    known.add(name)
    return cells[name]


def test_pre_train_zero_shot_fine_tune(cli: Cli, results: Results) -> None:
    known: set[str] = set()
    assert cli(*ONE, "--steps", 6).code == 0
    base = only(results, known)
    assert cli(*ONE, "--steps", 0, "--init", base["training"]).code == 0
    zero = only(results, known)
    for part in ("rows", "controls", "queries", "chance"):
        assert zero[part] == base[part], part
    arrays = results.arrays()
    own = {name.partition(" ")[2]: value for name, value in arrays.items() if name.startswith(base["id"])}
    assert own == {name.partition(" ")[2]: value for name, value in arrays.items() if name.startswith(zero["id"])}
    assert zero["training"] != base["training"]
    assert cli(*ONE, "--steps", 3, "--init", base["training"][:8]).code == 0
    fine = only(results, known)
    assert cli(*ONE, "--steps", 3).code == 0
    scratch = only(results, known)
    assert len({cell["training"] for cell in (base, zero, fine, scratch)}) == 4
    assert fine["queries"] != scratch["queries"]
    assert fine["parts"]["training"]["start"] == base["parts"]["training"]
    assert cli(*ONE, "--steps", 3, "--init", fine["training"]).code == 0
    told = cli("explain", only(results, known)["id"]).out
    chain = told.partition("starts from, the nearest first:\n")[2].splitlines()[:2]
    assert chain[0].strip() == f"{fine['training']}  small (train 40, test 16), 3 steps of L1+L2+L3, seed 0"
    assert chain[1].strip() == f"{base['training']}  small (train 40, test 16), 6 steps of L1+L2+L3, seed 0"


def test_another_start_is_another_training(cli: Cli, results: Results) -> None:
    assert cli(*ONE, "--seeds", 2).code == 0
    starts = sorted({cell["training"] for cell in results.cells().values()})
    assert cli(*ONE, *(word for start in [*starts, "none"] for word in ("--init", start)), "--steps", 0).code == 0
    new = [cell for cell in results.cells().values() if cell["experiment"]["train"]["steps"] == 0]
    assert len({cell["training"] for cell in new}) == 3
    assert len({json.dumps(cell["queries"]) for cell in new}) == 3


def test_the_ids_are_told_and_a_control_is_no_start(cli: Cli, results: Results) -> None:
    made = cli(*(word for word in ONE if word != "--no-control"))
    cells = list(results.cells().values())
    (plain,) = [cell["training"] for cell in cells if not cell["experiment"]["train"]["shuffle_captions"]]
    (control,) = [cell["training"] for cell in cells if cell["experiment"]["train"]["shuffle_captions"]]
    assert f"to start from by --init: {plain} (seed 0)" in made.out
    assert_told(cli(*ONE, "--steps", 0, "--init", control), 2, "is a control, trained on shuffled captions")


def test_a_name_is_no_part_of_the_id(cli: Cli, results: Results, suites: tuple[Path, Path]) -> None:
    """By its id or as a row, a start is the same training."""
    first, _ = suites
    assert cli("reproduce", first, "--data", "small", "--seeds", 1).code == 0
    (base,) = results.cells().values()
    options = (*ONE, "--tokens", "none", "--losses", "l1", "--steps", 0)
    assert cli(*options, "--init", base["training"]).code == 0
    again = cli(*options, "--init", f"{first}@small:base")
    assert "1 of 1 cells are there already" in again.err


@pytest.mark.parametrize(("clips", "told"), [(0, "--init TRAINING --steps 0"), (3, "but a batch has 8 (K)")])
def test_no_steps_need_no_batch(clips: int, told: str, cli: Cli, results: Results) -> None:
    """The untrained model, and a start with its vocabulary, where the training split is empty or smaller than a batch."""
    assert cli(*ONE, "--steps", 2).code == 0
    start = next(iter(results.cells().values()))
    changed = ("--set", f"data.train={clips}")
    assert_told(cli(*ONE, *changed, "--steps", 2), 3, told)
    known = set(results.cells())
    assert cli(*ONE, *changed, "--steps", 0).code == 0
    untrained = only(results, known)
    assert untrained["cost"]["steps"] == 0
    assert cli(*ONE, *changed, "--steps", 0, "--init", start["training"]).code == 0
    zero = only(results, known)
    assert zero["queries"] == start["queries"]
    assert zero["queries"] != untrained["queries"]


def test_the_control_starts_from_scratch(cli: Cli, results: Results) -> None:
    assert cli(*ONE, "--steps", 2).code == 0
    start = next(iter(results.cells().values()))["training"]
    assert cli("run", "--data", "small", "--steps", 0, "--init", start).code == 0
    (control,) = [cell for cell in results.cells().values() if cell["experiment"]["train"]["shuffle_captions"]]
    assert control["experiment"]["train"]["init"] is None
    assert "start" not in control["parts"]["training"]


def told_commands(text: str) -> set[str]:
    """The commands that a message names."""
    return {found.strip() for found in re.findall(r"taco-bench reproduce [^(\n]+", text)}


class TestSuites:
    def test_what_is_missing_is_told_before_and_then(self, cli: Cli, results: Results, suites: tuple[Path, Path]) -> None:
        first, second = suites
        command = f"taco-bench reproduce {first} --data small"
        plan = cli("plan", second, "--data", "small", "--seeds", 2)
        assert f"missing: it starts from {first}@small:base, which is not in the store: {command} --seeds 2 (4 cells)" in plan.out
        failed = cli("reproduce", second, "--data", "small", "--seeds", 1)
        assert_told(failed, 5, "zero on small, seed 0", "fine on small, seed 0", "which is not in the store", command)
        assert not results.cells()
        assert cli("reproduce", first, "--data", "small", "--seeds", 1).code == 0
        made = cli("reproduce", second, "--data", "small", "--seeds", 1)
        assert made.code == 0, made.err
        assert f"starts from {first}@small:base" in made.out
        assert len(results.cells()) == 3

    def test_the_command_that_makes_the_start_has_the_users_options(self, cli: Cli, suites: tuple[Path, Path]) -> None:
        """Those with which it was asked for last, else those of whoever starts from it."""
        first, second = suites
        options = ("--set", "train.learning_rate=0.02", "--set", "evaluation.split=val", "--set", "data.train=32")
        failed = cli("reproduce", second, "--data", "small", "--seeds", 1, *options)
        plain = f"taco-bench reproduce {first} --data small --seeds 1 --set train.learning_rate=0.02 --set data.train=32"
        assert failed.code == 5
        assert told_commands(failed.err) == {plain}
        assert cli("reproduce", first, "--data", "small", "--seeds", 1, "--steps", 2, "--no-control").code == 0
        assert told_commands(cli("plan", second, "--data", "small", "--seed", 3, "--seeds", 2).out) == {
            f"taco-bench reproduce {first} --data small --steps 2 --no-control --seed 3 --seeds 2"
        }

    def test_a_start_of_the_same_suite_that_fails_is_named(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "both.toml"
        start = f'"train.init" = "{path}@small:base", "train.learning_rate" = 0.01'
        wild = '"train.learning_rate" = 1e30, "train.steps" = 40'
        path.write_text(f'{HEAD}control = "fine"\n{row("fine", start)}{row("base", wild)}')
        assert "which is not in the store" not in cli("plan", path, "--data", "small", "--seeds", 1).out
        failed = cli("reproduce", path, "--data", "small", "--seeds", 1)
        assert_told(failed, 5, "fine on small, seed 0: it starts from base on small, seed 0, which failed: the loss L1 is nan")
        assert_told(failed, 5, "mend that and run the same command again; `taco-bench status` shows all that failed")
        assert "taco-bench reproduce" not in failed.err

    def test_a_changed_start_makes_what_follows_stale(self, cli: Cli, suites: tuple[Path, Path]) -> None:
        first, second = suites
        assert cli("reproduce", first, "--data", "small", "--seeds", 1).code == 0
        assert cli("reproduce", second, "--data", "small", "--seeds", 1).code == 0
        assert "all cells are there" in cli("plan", second, "--data", "small", "--seeds", 1).out
        first.write_text(first.read_text().replace('"l1"]', '"l1"], "train.learning_rate" = 0.5'))
        plan = cli("plan", second, "--data", "small", "--seeds", 1).out
        assert "stale: in the training that it starts from: option train.learning_rate: 0.001 -> 0.5 (2 cells)" in plan
        assert "stale: it starts from" in plan

    def test_what_was_asked_for_with_other_options_is_what_it_starts_from(
        self, cli: Cli, results: Results, suites: tuple[Path, Path]
    ) -> None:
        first, second = suites
        assert cli("reproduce", first, "--data", "small", "--seeds", 1, "--steps", 3, "--set", "train.learning_rate=0.02").code == 0
        (base,) = results.cells().values()
        assert cli("reproduce", second, "--data", "small", "--seeds", 1).code == 0
        starts = [cell["parts"]["training"].get("start") for cell in results.cells().values() if cell["id"] != base["id"]]
        assert starts == [base["parts"]["training"]] * 2

    def test_rows_of_one_grid_wait_for_their_start(self, cli: Cli, results: Results, tmp_path: Path) -> None:
        path = tmp_path / "both.toml"
        start = f'"train.init" = "{path}@small:z-base"'
        path.write_text(f'{HEAD}control = "a-fine"\n{row("a-fine", start)}{row("z-base")}')
        made = cli("reproduce", path, "--data", "small", "--seeds", 2)
        assert made.code == 0, made.err
        assert len(results.cells()) == 4

    def test_a_row_that_starts_from_itself(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "ring.toml"
        path.write_text(
            f'{HEAD}control = "a"\n' + row("a", f'"train.init" = "{path}@small:b"') + row("b", f'"train.init" = "{path}@small:a"')
        )
        told = cli("plan", path, "--data", "small", "--seeds", 1)
        assert "starts from itself" in told.out + told.err

    def test_a_start_is_no_garbage(self, cli: Cli, results: Results, suites: tuple[Path, Path]) -> None:
        """Its own cell is replaced, but what starts from it is still asked for."""
        first, second = suites
        assert cli("reproduce", first, "--data", "small", "--seeds", 1).code == 0
        (base,) = results.cells().values()
        assert cli("reproduce", second, "--data", "small", "--seeds", 1).code == 0
        assert cli("reproduce", first, "--data", "small", "--seeds", 1, "--steps", 2).code == 0
        gone = cli("gc", "--superseded", "--yes").out
        assert f"cells/{base['id']}.json" in gone
        assert base["training"] not in gone
        assert (results.root / "trainings" / base["training"] / "model.safetensors").is_file()
        shutil.rmtree(results.root / "cells")
        assert base["training"] in cli("gc", "--superseded").out

    def test_an_option_may_not_replace_what_rows_start_from(self, cli: Cli, suites: tuple[Path, Path]) -> None:
        assert_told(cli("plan", suites[1], "--data", "small", "--init", "none"), 2, "--init is a part of the rows of second")


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (("--init", "nothing"), ("'nothing' names no training to start from", "SUITE@DATA:ROW")),
            (("--init", "abc123"), ("there is no finished training 'abc123'",)),
            (("--init", "paper/table3@small:fuller"), ("has no row 'fuller'", "did you mean full?")),
            (("--init", "paper/tabel3@small:full"), ("there is no suite 'paper/tabel3'",)),
            (("--init", "paper/table3@smal:full"), ("unknown data 'smal'", "did you mean small")),
        ],
    )
    def test_what_is_no_training(self, options: tuple[str, ...], words: tuple[str, ...], cli: Cli) -> None:
        assert_told(cli(*ONE, *options), 2, *words)

    def test_what_does_not_match_is_told_at_once(self, cli: Cli, results: Results) -> None:
        assert cli(*ONE, "--losses", "l1", "--tokens", "none").code == 0
        start = next(iter(results.cells().values()))["training"]
        sizes = (
            "model.width=32",
            "model.video_layers=2",
            "text_encoder.layers=2",
            "losses.sentence_temperature=2",
            "model.max_video_tokens=9",
        )
        told = cli(*ONE, "--init", start, "--steps", 0, *(word for size in sizes for word in ("--set", size)))
        hints = (
            "model.width=16",
            "model.video_layers=1",
            "text_encoder.layers=1",
            "losses.sentence_temperature=1.0",
            "model.max_video_tokens=4",
        )
        assert_told(told, 2, *(f"--set {hint}" for hint in hints), "l2 and l3 would be scored", "--losses l1, or --steps above 0")
        assert cli(*ONE, "--init", start, "--steps", 1, "--set", "model.max_video_tokens=9").code == 0
        assert_told(cli(*ONE, "--init", start, "--steps", 1, "--text-encoder", "words"), 2, "--text-encoder tiny")

    def test_a_start_whose_weights_went_away(self, cli: Cli, results: Results, suites: tuple[Path, Path]) -> None:
        first, second = suites
        assert cli("reproduce", first, "--data", "small", "--seeds", 1).code == 0
        shutil.rmtree(results.root / "trainings")
        failed = cli("reproduce", second, "--data", "small", "--seeds", 1)
        assert_told(failed, 5, f"taco-bench reproduce {first} --data small --force")
