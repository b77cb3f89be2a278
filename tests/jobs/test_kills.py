"""Killed at any moment, by whatever kills without asking, the same command goes on; in the end nothing is lost and nothing made twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.cli import SAVE_ALWAYS, TWO_WORKERS, Cli, Results, Started
from helpers.kills import SUITE, Kill, Round, Training, finished, finished_records, left, training_of

pytest_plugins = ("helpers.fixtures",)

Start = Callable[..., Started]


class World:
    """One results folder in which a suite is killed until it is done.

    Args:
        start: of the command.
        suite: its file.
        folder: for results and notes.
        undisturbed: what it should become.
    """

    def __init__(self, start: Start, suite: Path, folder: Path, undisturbed: Results) -> None:
        self.start, self.suite, self.folder = start, suite, folder
        self.names = {str(record["id"]): training_of(record) for record in finished_records(undisturbed)}
        self.results = Results(folder / "results")
        self.rounds: list[Round] = []
        self.known: dict[str, tuple[int, int]] = {}

    @property
    def command(self) -> tuple[object, ...]:
        return ("reproduce", self.suite, "--data", "small", "--seeds", 2, "--no-control", "--results", self.results.root, *TWO_WORKERS)

    def begin(self) -> Round:
        watch = self.folder / f"round-{len(self.rounds)}"
        watch.mkdir(parents=True)
        self.before = done(self.results)
        self.rounds.append(Round(self.start(*self.command, WATCH_FOLDER=str(watch), **SAVE_ALWAYS), watch, self.results, self.names))
        return self.rounds[-1]

    def end(self, *, again: bool = True) -> None:
        """After a round: what was whole before it still is, and was not made again; nor were its steps, where they were noted."""
        if again:
            self.rounds[-1].check(self.before)
        now = finished(self.results)
        assert {name: now.get(name) for name in self.known} == self.known
        self.known = now


def done(results: Results) -> set[Training]:
    return {training_of(record) for record in finished_records(results)}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "killed.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture
def undisturbed(cli: Cli, suite: Path, tmp_path: Path) -> Results:
    """What the suite gives in this process, where nobody kills it."""
    found = Results(tmp_path / "undisturbed")
    answer = cli("reproduce", suite, "--data", "small", "--seeds", 2, "--no-control", "--results", found.root)
    assert answer.code == 0, answer.err
    assert len(found.cells()) == len(found.weights()) == 4
    assert not left(found)
    return found


def assert_equal(found: Results, expected: Results, cli: Cli) -> None:
    """Bit for bit, apart from times; and nothing is left but what only a kill leaves, which ``gc`` removes."""
    assert found.records() == expected.records()
    assert found.arrays() == expected.arrays()
    assert found.weights() == expected.weights()
    assert set(left(found)) <= {"temporary files", "grids"}
    assert cli("gc", "--yes", "--results", found.root).code == 0
    assert found.files() == expected.files()
    tables = [[path.read_bytes() for path in sorted((each.root / "tables").glob("*.csv"))] for each in (found, expected)]
    assert tables[0] == tables[1]  # the other forms name the seconds that it took


def test_three_kills(start: Start, suite: Path, undisturbed: Results, cli: Cli, tmp_path: Path) -> None:
    """One worker alone and then the parent alone in the first run, all at once in the second; the third, in this process, to the end."""
    draw = random.Random()
    world = World(start, suite, tmp_path / "killed", undisturbed)
    kills: list[Kill] = []
    for moment in (("worker", "parent"), ("group",)):
        current = world.begin()
        for whom in moment:
            current.wait_for_steps(draw.randint(1, 8))
            time.sleep(draw.uniform(0, 0.03))
            kills.append(current.kill(whom, draw))
        world.end()
    assert cli(*world.command[:-2]).code == 0
    world.end(again=False)
    assert all(kills), "a run was done before it could be killed"
    assert any(kill.running for kill in kills)
    assert_equal(world.results, undisturbed, cli)


@pytest.mark.slow
def test_twenty_kills(start: Start, suite: Path, undisturbed: Results, cli: Cli, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Whomever, at any moment from the start on; whatever gets done is compared, and a new folder begun."""
    draw = random.Random(20)
    kills = folders = 0
    world = None
    while kills < 20 or world is not None:
        if world is None:
            folders += 1
            world = World(start, suite, tmp_path / f"killed-{folders}", undisturbed)
        current = world.begin()
        while kills < 20 and current.started.process.poll() is None:
            whom = draw.choice(("group", "parent", "worker"))
            if draw.random() < 0.7:  # else while it starts, or plans, or whatever it does
                current.wait_for_steps(draw.randint(1, 20))
            time.sleep(draw.uniform(0, 0.2 if current.steps() else 6))
            kill = current.kill(whom, draw)
            if kill is not None:
                kills += 1
                say(capfd, f"folder {folders}, run {len(world.rounds)}, kill {kills:2}: {kill.line()}")
            if whom != "worker":
                break
        ended = current.started.process.poll()
        if ended is None:
            ended = current.started.finish(300).code
        world.end()
        if ended == 0:
            assert_equal(world.results, undisturbed, cli)
            say(capfd, f"folder {folders}: done after {len(world.rounds)} runs, and equal to the undisturbed one")
            world = None


def say(capfd: pytest.CaptureFixture[str], line: str) -> None:
    with capfd.disabled():
        print(line, flush=True)
