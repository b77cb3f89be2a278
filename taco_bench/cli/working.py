"""From rows to cells: what every verb that trains does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from taco_bench.errors import UserError
from taco_bench.jobs.plan import Job, Line, missing, unique_jobs
from taco_bench.plugins import Plugins
from taco_bench.reporting import Reporter
from taco_bench.store.cells import Store

if TYPE_CHECKING:
    from taco_bench.jobs.launch import Failed


def complain(plugins: Plugins, reporter: Reporter) -> None:
    """Say which plugins could not be loaded."""
    for failure in plugins.failures:
        reporter.say(f"plugin {failure.distribution} failed to load ({failure.reason}); `taco-bench plugins doctor` says more")


def make(
    lines: Sequence[Line],
    plugins: Plugins,
    store: Store,
    reporter: Reporter,
    launcher: dict[str, Any],
    *,
    third_party: bool,
    fail_fast: bool,
    force: bool,
) -> dict[str, Failed]:
    """Make the cells of all rows that are not there; those that failed, by the cell's id.

    Raises:
        DataError: the data are not as they must be, or the splits share what they must not; found before anything is trained.
    """
    jobs = unique_jobs(lines)
    todo = jobs if force else missing(jobs, store)
    if len(todo) < len(jobs):
        reporter.say(f"{len(jobs) - len(todo)} of {len(jobs)} cells are there already (--force trains them again)")
    if not todo:
        return {}
    from taco_bench.jobs.data import DataCache  # torch is imported below here
    from taco_bench.jobs.launch import work_off
    from taco_bench.leakage import find_leaks

    data = DataCache(plugins, reporter)
    told: set[str] = set()
    for experiment in {job.training: job.experiment for job in todo}.values():
        for leak in find_leaks(experiment, data.get(experiment), plugins):
            if leak.told() not in told:
                told.add(leak.told())
                reporter.say(leak.told())
    if force:  # only now: whatever is wrong with the data has been found, and nothing was lost by it
        _forget(todo, store)
    return work_off(todo, plugins, store, reporter, launcher, third_party=third_party, fail_fast=fail_fast)


def _forget(jobs: Sequence[Job], store: Store) -> None:
    """Drop cells and trainings, unless somebody is making them.

    Raises:
        UserError: somebody is.
    """
    for job in jobs:
        lease = store.leases.take(job.training, "force", job.label)
        if lease is None:
            what = f"{job.label} is being made by another run"
            raise UserError(what, where=str(store.root), hint="wait for it, or leave --force out; `taco-bench status` says who is at work")
        with lease:
            store.forget(job.training, job.cell)
