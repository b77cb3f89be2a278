"""Workers: every cell once, failures told once and tried again, nothing saved without the lease."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from builders import Interrupting
from helpers.cli import ONE, TWO_WORKERS, Cli, Results, assert_told

from taco_bench.errors import UserError
from taco_bench.jobs.facts import Facts, facts_of
from taco_bench.jobs.grid import Grid, load_grid, save_grid
from taco_bench.jobs.launch import Crew, work_off
from taco_bench.jobs.plan import Job, line_of
from taco_bench.jobs.worker import MOST_DEATHS, Worker
from taco_bench.plugins import Plugins, load_plugins
from taco_bench.reporting import Silent
from taco_bench.resolve import resolve
from taco_bench.store import leases
from taco_bench.store.cells import Store
from taco_bench.store.leases import read
from taco_bench.train.loop import Training

pytest_plugins = ("helpers.fixtures",)

ELSEWHERE = {"token": "another's", "run": "r", "label": "", "machine": "elsewhere", "pid": 1, "started": "1", "deaths": 0, "beat": 1}


@pytest.fixture
def plugins(site: Path, results: Results) -> Plugins:
    return load_plugins()


@pytest.fixture
def store(results: Results) -> Store:
    return Store(results.root)


def jobs(plugins: Plugins, *changes: dict[str, Any], seeds: Sequence[int] = (0,), data: dict[str, str] | None = None) -> list[Job]:
    """A row of the small data set for each change of the usual options."""
    found: list[Job] = []
    for change in changes or ({},):
        made = resolve([{"data": "small", "sampler": "random", "controls": "none"}, change], plugins)
        made = made.model_copy(update={"train": made.train.model_copy(update={"device": "cpu", "precision": "float32"})})
        facts = facts_of(made, plugins)
        facts = Facts(facts.fingerprints | (data or {}), facts.tagger)
        found += line_of("row", f"row {change}", made, facts, seeds, plugins).jobs
    return found


def work(store: Store, plugins: Plugins, todo: Sequence[Job], *, reporter: Any = None, **grid: Any) -> Grid:
    """One worker in this process; the grid that it worked on."""
    made = Grid(tuple(todo), **grid)
    Worker(made, store, plugins, reporter or Silent()).run()
    return made


def alone(plugins: Plugins) -> Crew:
    """This process."""
    return Crew(plugins.build("launcher", {"type": "local", "workers": 1}))


class Waits(Exception):
    """A worker waits for others."""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that would wait raises :class:`Waits`."""

    def wait(_: float) -> None:
        raise Waits

    monkeypatch.setattr("taco_bench.jobs.worker.time.sleep", wait)


class TestTwoWorkersOnOneFolder:
    def test_every_training_is_made_once_and_a_failure_stops_no_other(
        self, cli: Cli, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each training has two cells: their scores are subsets of what it trains. The cells are those of one process."""
        arguments = (*ONE, "--sampler", "neighbours", "--sampler", "careless", "--scores", "sentence", "--scores", "sentence,token")
        arguments = (*arguments, "--steps", 8, "--seeds", 3)
        alone = cli(*arguments, "--results", tmp_path / "alone")
        assert_told(alone, 5, "failed: ", "careless")
        monkeypatch.setenv("WATCH_FOLDER", str(tmp_path))
        together = cli(*arguments, *TWO_WORKERS)
        expected = Results(tmp_path / "alone")
        assert (results.records(), results.arrays(), results.weights()) == (expected.records(), expected.arrays(), expected.weights())
        assert len(expected.cells()) == 2 * len(expected.weights()) == 6
        steps = [line.split() for line in (tmp_path / "steps").read_text().splitlines()]
        first = Counter(stream for _, _, stream in steps)  # careless fails in its first step, once a cell
        assert sum(first.values()) == 3 * 8 + 6
        assert sorted(first.values()) == [1] * 3 * 7 + [3] * 3
        assert str(os.getpid()) not in {pid for pid, _, _ in steps}
        assert [name for name in results.files() if "failures" not in name] == [name for name in expected.files() if "failures" not in name]
        assert_told(together, 5, "Careless", "no valid negatives", "try:")
        assert together.err.count("failed: ") == 6


class TestOneWorker:
    def test_it_makes_all_and_leaves_no_lease(self, store: Store, plugins: Plugins) -> None:
        todo = jobs(plugins, {}, {"evaluation": {"scores": ["sentence"]}}, seeds=(0, 1))
        work(store, plugins, todo)
        assert all(store.has(job.cell) for job in todo)
        assert len({job.training for job in todo}) == 2
        assert store.leases.all() == {}

    def test_what_is_there_is_not_made_again(self, store: Store, plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
        todo = jobs(plugins)
        work(store, plugins, todo)
        monkeypatch.setattr("taco_bench.jobs.worker.work", refuse)
        work(store, plugins, todo)
        assert store.failure(todo[0].cell) is None

    def test_it_waits_for_what_others_hold(self, store: Store, plugins: Plugins, impatient: None) -> None:
        todo = jobs(plugins, seeds=(0, 1))
        hold(store, todo[0])
        with pytest.raises(Waits):
            work(store, plugins, todo)
        assert [store.has(job.cell) for job in todo] == [False, True]

    def test_one_that_is_interrupted_saves_its_state_and_gives_its_lease_back(self, store: Store, plugins: Plugins) -> None:
        todo = jobs(plugins)
        with pytest.raises(KeyboardInterrupt):
            work(store, plugins, todo, reporter=Interrupting(3))
        assert (store.training_folder(todo[0].training) / "state.safetensors").is_file()
        assert store.leases.all() == {}
        goes_on = Interrupting()
        work(store, plugins, todo, reporter=goes_on)
        assert goes_on.begun[0] == 3
        assert store.has(todo[0].cell)

    def test_its_lease_shows_the_progress(self, store: Store, plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(leases, "BEAT", 0.0)
        todo = jobs(plugins, {"train": {"steps": 40}})
        seen: list[dict[str, Any]] = []
        step = Training.step

        def look(training: Training, number: int) -> Any:
            seen.append(store.leases.all()[todo[0].training])
            return step(training, number)

        monkeypatch.setattr(Training, "step", look)
        work(store, plugins, todo)
        assert {lease["label"] for lease in seen} == {todo[0].label}
        shown = [lease["progress"] for lease in seen if lease["progress"]]
        assert shown
        assert {progress["total"] for progress in shown} == {40}
        assert [progress["done"] for progress in shown] == sorted(progress["done"] for progress in shown)
        assert all("L1" in progress["text"] for progress in shown)


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("made again")


def hold(store: Store, job: Job, **changes: Any) -> Path:
    """Another machine's lease on a training."""
    path = store.root / "leases" / f"{job.training}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**ELSEWHERE, **changes}))
    return path


class TestFailures:
    @pytest.fixture
    def fails(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
        """Everything fails until further notice; how often it was tried."""
        tries: list[Job] = []

        def fail(job: Job, *_: object) -> None:
            tries.append(job)
            raise UserError("no such luck", where="the dice", hint="throw again")

        monkeypatch.setattr("taco_bench.jobs.worker.work", fail)
        return lambda: len(tries)

    def test_it_is_written_down_and_not_tried_again_in_the_same_run(self, store: Store, plugins: Plugins, fails: Callable[[], int]) -> None:
        todo = jobs(plugins)
        grid = work(store, plugins, todo)
        failure = store.failure(todo[0].cell)
        assert failure is not None
        assert (failure["what"], failure["where"], failure["hint"], failure["run"]) == ("no such luck", "the dice", "throw again", grid.run)
        Worker(grid, store, plugins, Silent()).run()
        assert fails() == 1

    def test_the_next_run_tries_again_and_forgets_it(
        self, store: Store, plugins: Plugins, fails: Callable[[], int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        todo = jobs(plugins)
        (failed,) = work_off(todo, plugins, store, Silent(), alone(plugins)).values()
        assert (failed.label, failed.begun) == (todo[0].label, True)
        assert (failed.error.what, failed.error.exit_code) == ("no such luck", UserError("").exit_code)
        assert list(work_off(todo, plugins, store, Silent(), alone(plugins))) == [todo[0].cell]
        assert fails() == 2
        monkeypatch.undo()
        monkeypatch.setenv("TACO_BENCH_CACHE", str(store.root.parent / "cache"))
        assert work_off(todo, plugins, store, Silent(), alone(plugins)) == {}
        assert store.failure(todo[0].cell) is None

    def test_an_exception_is_told_with_its_place(self, store: Store, plugins: Plugins) -> None:
        todo = jobs(plugins, {"sampler": "raises"})
        work(store, plugins, todo)
        failure = store.failure(todo[0].cell)
        assert failure is not None
        assert "the dice fell off the table" in failure["what"]

    def test_fail_fast_begins_nothing_more(self, store: Store, plugins: Plugins, fails: Callable[[], int]) -> None:
        work(store, plugins, jobs(plugins, seeds=range(4)), fail_fast=True)
        assert fails() == 1

    def test_without_it_all_are_tried(self, store: Store, plugins: Plugins, fails: Callable[[], int]) -> None:
        work(store, plugins, jobs(plugins, seeds=range(4)))
        assert fails() == 4

    def test_what_fail_fast_left_out_is_told(self, store: Store, plugins: Plugins, fails: Callable[[], int]) -> None:
        todo = jobs(plugins, seeds=range(3))
        found = work_off(todo, plugins, store, Silent(), alone(plugins), fail_fast=True)
        assert Counter(failed.error.what for failed in found.values()) == {"no such luck": 1, "not begun: the run was stopped before": 2}
        assert sorted(failed.begun for failed in found.values()) == [False, False, True]

    def test_data_that_changed_since_the_plan_are_refused(self, store: Store, plugins: Plugins) -> None:
        todo = jobs(plugins, data={"captions": "as they were"})
        work(store, plugins, todo)
        failure = store.failure(todo[0].cell)
        assert failure is not None
        assert "changed while the grid was running" in failure["what"]
        assert "captions" in failure["what"]
        assert "plans anew" in failure["hint"]
        assert not store.training_folder(todo[0].training).exists()

    def test_a_training_that_kills_its_workers_is_given_up(self, store: Store, plugins: Plugins, fails: Callable[[], int]) -> None:
        todo = jobs(plugins)
        grid = Grid(tuple(todo))
        hold(store, todo[0], machine=leases.this_machine(), pid=2**22 + 1, run=grid.run, deaths=MOST_DEATHS)
        Worker(grid, store, plugins, Silent()).run()
        failure = store.failure(todo[0].cell)
        assert failure is not None
        assert f"{MOST_DEATHS + 1} workers died over it" in failure["what"]
        assert "--workers" in failure["hint"]
        assert fails() == 0

    def test_in_the_next_run_it_gets_another_chance(self, store: Store, plugins: Plugins) -> None:
        todo = jobs(plugins)
        hold(store, todo[0], machine=leases.this_machine(), pid=2**22 + 1, run="the last run", deaths=MOST_DEATHS)
        work(store, plugins, todo)
        assert store.has(todo[0].cell)


class TestWithoutTheLease:
    """Another machine took over while this worker slept: it finds out, saves nothing, not even that it failed, and leaves the lease."""

    def test_in_training(self, store: Store, plugins: Plugins, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(leases, "BEAT", 0.02)
        (job,) = todo = jobs(plugins, {"train": {"steps": 3000}})
        monkeypatch.setattr("taco_bench.train.loop.Training.step", stealing(store, job, "taco_bench.train.loop.Training.step", at=2))
        with pytest.raises(Waits):
            work(store, plugins, todo)
        self.nothing_saved(store, job)

    @pytest.mark.parametrize("where", ["save_weights", "pool_scores"])
    def test_when_it_is_about_to_save(
        self, where: str, store: Store, plugins: Plugins, impatient: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (job,) = todo = jobs(plugins)
        target = "taco_bench.jobs.work.pool_scores" if where == "pool_scores" else "taco_bench.train.loop.Training.cost"
        if where == "save_weights":
            target = "taco_bench.train.loop._refuse_nan_weights"
        monkeypatch.setattr(target, stealing(store, job, target))
        with pytest.raises(Waits):
            work(store, plugins, todo)
        if where == "save_weights":
            self.nothing_saved(store, job)
        assert not store.has(job.cell)
        assert store.failure(job.cell) is None

    def test_with_the_best_weights(self, store: Store, plugins: Plugins, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever has taken over keeps its own there."""
        (job,) = todo = jobs(plugins, {"train": {"validate_every": 1, "checkpoint": "best"}})
        monkeypatch.setattr("taco_bench.jobs.work.validation_score", stealing(store, job, "taco_bench.jobs.work.validation_score"))
        with pytest.raises(Waits):
            work(store, plugins, todo)
        self.nothing_saved(store, job)

    def test_a_failure(self, store: Store, plugins: Plugins, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
        (job,) = todo = jobs(plugins)

        def fail(*_: object) -> None:
            hold(store, job)
            raise ValueError("woken up in another world")

        monkeypatch.setattr("taco_bench.jobs.worker.work", fail)
        with pytest.raises(Waits):
            work(store, plugins, todo)
        self.nothing_saved(store, job)

    @staticmethod
    def nothing_saved(store: Store, job: Job) -> None:
        assert [path.name for path in store.root.rglob("*") if path.is_file()] == [f"{job.training}.json"]
        assert (read(store.root / "leases" / f"{job.training}.json") or {})["token"] == ELSEWHERE["token"]


def stealing(store: Store, job: Job, name: str, at: int = 1) -> Callable[..., Any]:
    """A function, from whose call number ``at`` on the lease is another machine's."""
    import importlib

    module, _, attribute = name.rpartition(".")
    try:
        owner: Any = importlib.import_module(module)
    except ModuleNotFoundError:
        outer, _, inner = module.rpartition(".")
        owner = getattr(importlib.import_module(outer), inner)
    original = getattr(owner, attribute)
    calls: list[int] = []

    def call(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) >= at:  # again and again: a beat that was under way may just have overwritten it
            hold(store, job)
        return original(*arguments, **options)

    return call


class TestGrid:
    def test_it_comes_back_as_it_was_saved(self, store: Store, plugins: Plugins) -> None:
        grid = Grid(tuple(jobs(plugins, {}, {"tokens": "noun"}, seeds=(0, 3))), third_party=False, fail_fast=True)
        assert load_grid(save_grid(grid, store)) == grid

    @pytest.mark.parametrize("content", [None, "", "[]", "{"])
    def test_one_that_cannot_be_read(self, content: str | None, tmp_path: Path) -> None:
        path = tmp_path / "grid.json"
        if content is not None:
            path.write_text(content)
        with pytest.raises(UserError, match="grid cannot be read") as caught:
            load_grid(path)
        assert caught.value.where == str(path)
        assert "reproduce" in caught.value.hint

    def test_seeds_come_first(self, plugins: Plugins) -> None:
        from taco_bench.jobs.grid import in_order

        todo = jobs(plugins, {}, {"tokens": "noun"}, seeds=(0, 1))
        assert [(job.seed, "noun" in job.label) for job in in_order(todo)] == [(0, False), (0, True), (1, False), (1, True)]


def test_threads_are_those_of_the_configuration(cli: Cli) -> None:
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    seen: list[int] = []
    before = torch.get_num_threads()
    handle = register_optimizer_step_post_hook(lambda *_: seen.append(torch.get_num_threads()))
    try:
        assert cli(*ONE, "--steps", 2, "--set", "train.threads=3").code == 0
        assert seen == [3, 3]
    finally:
        handle.remove()
        torch.set_num_threads(before)
