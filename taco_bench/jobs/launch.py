"""From jobs to finished cells: by workers that a launcher starts, or in this process where one worker is enough."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from taco_bench.api import Launcher, Load
from taco_bench.errors import TrainingError, UserError
from taco_bench.jobs.grid import Grid, grid_file, in_order, save_grid
from taco_bench.jobs.plan import Job
from taco_bench.jobs.watch import watched
from taco_bench.jobs.worker import Worker
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


def work_off(
    jobs: Sequence[Job],
    plugins: Plugins,
    store: Store,
    reporter: Reporter,
    launcher: dict[str, Any],
    *,
    third_party: bool = True,
    fail_fast: bool = False,
    words: Sequence[str] = (),
) -> dict[str, Failed]:
    """Make the cells of all jobs; those that failed, by the cell's id. One failure does not stop the others.

    Args:
        jobs: to be done.
        plugins: of this process.
        store: where the cells go.
        reporter: shows the progress of all of them.
        launcher: what starts the workers.
        third_party: whether workers load third parties' plugins.
        fail_fast: stop at the first failure.
        words: of the command line that asked for them.
    """
    if not jobs:
        return {}
    grid = Grid(tuple(in_order(jobs)), third_party, fail_fast, words=tuple(words))
    train = jobs[0].experiment.train
    load = Load(len(grid.by_training()), max(job.experiment.train.threads for job in jobs), train.device == "cuda")
    starter: Launcher = plugins.build("launcher", launcher)
    path = save_grid(grid, store)
    live = {path.stem for path in path.parent.glob("[!.]*.json")}
    for job in jobs:
        store.forgive(job.cell, live)
    killed: Sequence[str] = []
    try:
        if starter.workers(load) == 1:
            _alone(grid, store, plugins, reporter)
        else:
            with watched(grid, store, reporter):
                killed = starter.launch(load, [sys.executable, "-m", "taco_bench", "worker", str(path), "--results", str(store.root)])
    finally:
        grid_file(store, grid.run).unlink(missing_ok=True)
    return _failures(grid, store, killed)


def _alone(grid: Grid, store: Store, plugins: Plugins, reporter: Reporter) -> None:
    """Do the work here; with a bar over the whole grid where there is more than one cell."""
    if len(grid.jobs) == 1:
        Worker(grid, store, plugins, reporter).run()
        return
    with reporter.bar("cells", len(grid.jobs)) as advance:
        Worker(grid, store, plugins, reporter).run(lambda: advance(1, f"{len(grid.failed(store))} failed"))


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
