"""From jobs to finished cells: by workers that a launcher starts, or in this process where one worker is enough."""

from __future__ import annotations

import sys
from collections.abc import Sequence
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


class NotBegunError(TrainingError):
    """A cell that has not failed itself: the run was stopped before it."""


def work_off(
    jobs: Sequence[Job],
    plugins: Plugins,
    store: Store,
    reporter: Reporter,
    launcher: dict[str, Any],
    *,
    third_party: bool = True,
    fail_fast: bool = False,
) -> dict[str, UserError]:
    """Make the cells of all jobs; the errors of those that failed, by the job's label. One failure does not stop the others.

    Args:
        jobs: to be done.
        plugins: of this process.
        store: where the cells go.
        reporter: shows the progress of all of them.
        launcher: what starts the workers.
        third_party: whether workers load third parties' plugins.
        fail_fast: stop at the first failure.
    """
    if not jobs:
        return {}
    grid = Grid(tuple(in_order(jobs)), third_party, fail_fast)
    train = jobs[0].experiment.train
    load = Load(len(grid.by_training()), max(job.experiment.train.threads for job in jobs), train.device == "cuda")
    starter: Launcher = plugins.build("launcher", launcher)
    for job in jobs:
        store.forgive(job.cell)
    killed: Sequence[str] = []
    if starter.workers(load) == 1:
        Worker(grid, store, plugins, reporter).run()
    else:
        killed = _launched(grid, store, reporter, starter, load)
    return _failures(grid, store, killed)


def _launched(grid: Grid, store: Store, reporter: Reporter, starter: Launcher, load: Load) -> Sequence[str]:
    path = save_grid(grid, store)
    try:
        with watched(grid, store, reporter):
            return starter.launch(load, [sys.executable, "-m", "taco_bench", "worker", str(path), "--results", str(store.root)])
    finally:
        grid_file(store, grid.run).unlink(missing_ok=True)


def _failures(grid: Grid, store: Store, killed: Sequence[str]) -> dict[str, UserError]:
    """What each cell that is not there failed of."""
    found: dict[str, UserError] = {}
    for job in grid.jobs:
        failure = store.failure(job.cell)
        if failure is not None and failure["run"] == grid.run:
            error = TrainingError(failure["what"], where=failure["where"], hint=failure["hint"])
            error.exit_code = failure["exit_code"]
            found[job.label] = error
        elif not store.has(job.cell):
            hint = "run it again to go on; --workers N starts fewer where memory ran out"
            stopped = NotBegunError("not begun: the run was stopped before", hint=hint)
            found[job.label] = TrainingError("; ".join(killed), hint=hint) if killed else stopped
    return found
