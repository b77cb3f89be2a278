"""Clips that a start was trained on, in the split that is evaluated: a planted leak through one start, and through a chain of two."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from helpers.cli import Cli, Results, assert_told
from suite_world import install_package, write_data

pytest_plugins = ("helpers.fixtures",)
ONE = ("run", "--data", "filed", "--no-control", "--losses", "l1", "--tokens", "none")
PLANTED = ("run", "--data", "planted", "--no-control", "--losses", "l1", "--tokens", "none")


@pytest.fixture
def folders(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """One data set in two folders: as it is, and with two test clips moved into training."""
    package = install_package(tmp_path / "filed-site")
    monkeypatch.syspath_prepend(str(package))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(package), os.environ["PYTHONPATH"]]))
    clean, leaky = (write_data(tmp_path / name) for name in ("clean", "leaky"))
    clips = json.loads((leaky / "captions.json").read_text())
    moved = [[name, "train" if name in ("test-3", "test-7") else split, captions] for name, split, captions in clips]
    (leaky / "captions.json").write_text(json.dumps(moved))
    return clean, leaky


def made(results: Results, **recipe: Any) -> dict[str, Any]:
    """The one cell of a recipe."""
    (found,) = [cell for cell in results.cells().values() if recipe.items() <= cell["experiment"]["train"].items()]
    return found


def test_a_leak_through_a_start_and_through_a_chain(cli: Cli, results: Results, folders: tuple[Path, Path]) -> None:
    clean, leaky = (f"data.root={folder}" for folder in folders)
    assert cli(*ONE, "--set", leaky, "--steps", 2).code == 0
    base = made(results, steps=2)["training"]
    stopped = cli(*ONE, "--set", clean, "--init", base, "--steps", 0)
    assert_told(stopped, 3, f"2 of 12 test clips have the same id as clips that the training {base} has seen", "test-3, test-7")
    assert_told(stopped, 3, "make the start again without them, or --acknowledge same-id")
    assert len(results.cells()) == 1
    acknowledged = cli(*ONE, "--set", clean, "--init", base, "--steps", 0, "--acknowledge", "same-id,same-video")
    assert acknowledged.code == 0, acknowledged.err
    told = f"LEAK, acknowledged: same id in the training {base} and test: 2 of 12 clips, such as test-3, test-7"
    assert told in acknowledged.out
    assert told in acknowledged.err

    assert cli(*ONE, "--set", leaky, "--init", base, "--steps", 3).code == 0  # of its own split, it has seen the training clips alone
    fine = made(results, steps=3)["training"]
    assert cli(*ONE, "--set", leaky, "--init", fine, "--steps", 0, "--seed", 1).code == 0
    between = made(results, steps=0, init=fine)["training"]
    chain = cli(*ONE, "--set", clean, "--init", between, "--steps", 1, "--acknowledge", "same-id,same-video")
    assert chain.code == 0, chain.err
    leaks = made(results, steps=1)["leaks"]
    assert [re.findall(r"same \w+ in the training (\w+)", line) for line in leaks] == [[fine], [fine], [base], [base]]
    assert_told(cli(*ONE, "--set", clean, "--init", between, "--steps", 4, "--acknowledge", "same-id"), 3, "same video as clips")


def test_a_start_of_an_earlier_version_is_told_and_goes_on(cli: Cli, results: Results, folders: tuple[Path, Path]) -> None:
    clean, leaky = (f"data.root={folder}" for folder in folders)
    assert cli(*ONE, "--set", leaky, "--steps", 2).code == 0
    base = made(results, steps=2)["training"]
    (results.root / "trainings" / base / "seen.npz").unlink()
    found = cli(*ONE, "--set", clean, "--init", base, "--steps", 0)
    assert found.code == 0, found.err
    line = f"the training {base}, from which it starts, is not compared with the splits evaluated"
    assert line in found.err
    assert line in found.out


def test_planted_worlds_of_two_seeds_have_no_clip_in_common(cli: Cli, results: Results) -> None:
    small = ("--set", "data.train=64", "--set", "data.test=20", "--set", "data.val=10", "--set", "data.bags=32")
    assert cli(*PLANTED, *small, "--steps", 2).code == 0
    base = made(results, steps=2)["training"]
    other = cli(*PLANTED, *small, "--set", "data.seed=1", "--init", base, "--steps", 0)
    assert other.code == 0, other.err
    assert "LEAK" not in other.out
    assert "not compared" not in other.out
