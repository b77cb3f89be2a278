"""Verbs that look at a results folder which is not there, or is none; suites of one name; seeds without number."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from helpers.cli import Cli, Results, assert_told

pytest_plugins = ("helpers.fixtures", "helpers.mini")

LOOKING = ("status", "gc", "plan", "table")


def asked(verb: str, suite: Path) -> tuple[object, ...]:
    return (verb, suite, "--data", "small", "--seeds", 2) if verb in ("plan", "table") else (verb,)


@pytest.mark.parametrize("verb", LOOKING)
def test_a_folder_that_is_not_there_is_told(verb: str, cli: Cli, suite_file: Path, tmp_path: Path) -> None:
    found = cli(*asked(verb, suite_file), "--results", tmp_path / "nowhere")
    assert found.code == 0
    assert found.err == f"{tmp_path / 'nowhere'} does not exist: nothing has been made there yet (--results names another folder)\n"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("verb", [*LOOKING, "reproduce"])
def test_a_file_is_no_folder(verb: str, cli: Cli, suite_file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    arguments = asked(verb, suite_file) if verb != "reproduce" else (verb, suite_file, "--data", "small")
    assert_told(cli(*arguments, "--results", tmp_path / "file"), 2, str(tmp_path / "file"), "--results")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("verb", ["plan", "reproduce"])
def test_a_suite_of_the_same_name_in_another_folder_is_refused(
    verb: str, cli: Cli, reproduced: Results, suite_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / suite_file.name
    other.write_text(suite_file.read_text().replace('title = "Mini"', 'title = "Another"'))
    before = reproduced.files()
    found = cli(verb, other, "--data", "small", "--seeds", 2)
    assert_told(found, 2, "another suite has the table mini@small", str(suite_file), str(other), "rename one of the two files")
    assert reproduced.files() == before
    assert cli("plan", suite_file, "--data", "small", "--seeds", 2).code == 0
    assert cli(verb, other.rename(tmp_path / "another.toml"), "--data", "small", "--seeds", 2).code == 0


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_more_seeds_than_anybody_trains(verb: str, cli: Cli, suite_file: Path) -> None:
    started = time.monotonic()
    arguments = (verb, suite_file) if verb == "plan" else (verb,)
    assert_told(cli(*arguments, "--data", "small", "--seeds", 10**9), 2, "1000000000 seeds are too many", "--seeds 1000 at most")
    assert time.monotonic() - started < 30


def test_fail_fast_of_a_suite_tells_failed_from_not_begun(cli: Cli, suite_file: Path, results: Results) -> None:
    found = cli("reproduce", suite_file, "--data", "small", "--seeds", 2, "--fail-fast", "--set", "train.learning_rate=1e30", "--steps", 6)
    assert_told(found, 5, "failed: ", "not begun: 5 cells, as the run was stopped before")
    assert found.err.count("failed: ") == 1
    assert found.err.count("; L1 on small, seed 1") == 1
