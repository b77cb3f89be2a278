"""From jobs to finished cells: by workers that a launcher starts, or in this process where one worker is enough."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from taco_bench.api import EarlyLauncher, Launcher, Load
from taco_bench.errors import TrainingError, UserError
from taco_bench.jobs.data import DataCache
from taco_bench.jobs.grid import Grid, grid_file, in_order, new_run, save_grid
from taco_bench.jobs.plan import Job
from taco_bench.jobs.watch import watched
from taco_bench.plugins import Plugins
from taco_bench.reporting import Reporter
from taco_bench.store.cells import Store


@dataclass(frozen=True)
class Failed:
    """A cell that is not there after the work.

    Attributes:
        label: of the job.
        error: why.
        begun: False where the run was stopped before it: it has not failed itself.
    """

    label: str
    error: UserError
    begun: bool = True


@dataclass(frozen=True)
class Crew:
    """Who will work, before it is known whether there is anything to do.

    Attributes:
        launcher: built.
        run: the id of the grid to come.
        standing: the launcher again where its workers stand by.
    """

    launcher: Launcher
    run: str = field(default_factory=new_run)
    standing: EarlyLauncher | None = None

    def dismiss(self) -> None:
        """End those that stand by."""
        if self.standing is not None:
            self.standing.dismiss()


@contextmanager
def standing_by(
    jobs: Sequence[Job], plugins: Plugins, store: Store, reporter: Reporter, launcher: dict[str, Any], *, third_party: bool = True
) -> Iterator[Crew]:
    """Workers that import what takes seconds while this process prepares the data, where the launcher can start them so early.

    They hold no lease and write nothing until :func:`work_off` sets them to work; at the end of the block those that were not are killed.
    """
    grid = Grid(tuple(in_order(jobs)), third_party)
    starter = plugins.build("launcher", launcher)
    load = _load(grid)
    if not isinstance(starter, EarlyLauncher) or starter.workers(load) == 1:
        yield Crew(starter)
        return
    crew = Crew(starter, grid.run, starter)
    save_grid(grid, store)
    reporter.say(f"starting {starter.workers(load)} workers and preparing the data")
    try:
        starter.stand_by(load, _command(grid, store))
        yield crew
    finally:
        crew.dismiss()
        grid_file(store, grid.run).unlink(missing_ok=True)


def work_off(
    jobs: Sequence[Job],
    plugins: Plugins,
    store: Store,
    reporter: Reporter,
    crew: Crew,
    *,
    third_party: bool = True,
    fail_fast: bool = False,
    words: Sequence[str] = (),
    data: DataCache | None = None,
) -> dict[str, Failed]:
    """Make the cells of all jobs; those that failed, by the cell's id. One failure does not stop the others.

    Args:
        jobs: to be done.
        plugins: of this process.
        store: where the cells go.
        reporter: shows the progress of all of them.
        crew: who works.
        third_party: whether workers load third parties' plugins.
        fail_fast: stop at the first failure.
        words: of the command line that asked for them.
        data: what this process has prepared; where it does the work itself, nothing is prepared twice.
    """
    if not jobs:
        return {}
    grid = Grid(tuple(in_order(jobs)), third_party, fail_fast, crew.run, tuple(words))
    load = _load(grid)
    path = save_grid(grid, store)
    live = {path.stem for path in path.parent.glob("[!.]*.json")}
    for job in jobs:
        store.forgive(job.cell, live)
    killed: Sequence[str] = []
    try:
        if crew.launcher.workers(load) == 1:
            crew.dismiss()
            _alone(grid, store, plugins, reporter, data)
        else:
            with watched(grid, store, reporter):
                killed = crew.launcher.launch(load, _command(grid, store))
    finally:
        grid_file(store, grid.run).unlink(missing_ok=True)
    return _failures(grid, store, killed)


def _load(grid: Grid) -> Load:
    trains = [job.experiment.train for job in grid.jobs]
    return Load(len(grid.by_training()), max(train.threads for train in trains), trains[0].device == "cuda")


def _command(grid: Grid, store: Store) -> list[str]:
    return [sys.executable, "-m", "taco_bench", "worker", str(grid_file(store, grid.run)), "--results", str(store.root)]


def _alone(grid: Grid, store: Store, plugins: Plugins, reporter: Reporter, data: DataCache | None) -> None:
    """Do the work here; with a bar over the whole grid where there is more than one cell."""
    from taco_bench.jobs.worker import Worker  # imports torch, which a process that others work for can do without

    worker = Worker(grid, store, plugins, reporter, data)
    if len(grid.jobs) == 1:
        worker.run()
        return
    with reporter.bar("cells", len(grid.jobs)) as advance:
        worker.run(lambda: advance(1, f"{len(grid.failed(store))} failed"))


def not_begun(job: Job) -> Failed:
    """A job that a failure elsewhere kept from being begun (``--fail-fast``)."""
    return Failed(job.label, TrainingError("not begun: the run was stopped before", hint="run it again to go on"), begun=False)


def _failures(grid: Grid, store: Store, killed: Sequence[str]) -> dict[str, Failed]:
    """What each cell that is not there failed of."""
    found: dict[str, Failed] = {}
    for job in grid.jobs:
        if store.has(job.cell):
            continue
        failure = store.failure(job.cell, grid.run)
        hint = "run it again to go on; --workers N starts fewer where memory ran out"
        if failure is not None:
            error = TrainingError(failure["what"], where=failure["where"], hint=failure["hint"])
            error.exit_code = failure["exit_code"]
            found[job.cell] = Failed(job.label, error)
        elif killed:
            error = TrainingError("; ".join(killed), hint=hint)
            store.save_failure(job.cell, grid.run, job.label, error)  # tables that are made later say so too
            found[job.cell] = Failed(job.label, error)
        else:
            found[job.cell] = not_begun(job)
    return found
