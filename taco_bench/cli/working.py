"""From rows to cells: what every verb that trains does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from taco_bench.errors import UserError
from taco_bench.jobs.plan import Job, missing
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
    jobs: Sequence[Job],
    plugins: Plugins,
    store: Store,
    reporter: Reporter,
    launcher: dict[str, Any],
    *,
    third_party: bool,
    fail_fast: bool,
    force: bool,
    words: Sequence[str],
) -> dict[str, Failed]:
    """Make the cells of all jobs that are not there; those that failed, by the cell's id.

    A component that raises, or selects nothing, while data are prepared costs the cells that need it; the others are made all the same.
    ``words`` are those of the command line that asked for them.

    Raises:
        DataError: the data are not as they must be, or the splits share what they must not; found before anything is trained.
        PluginError: no cell can be made for it; InfeasibleError likewise.
    """
    todo = jobs if force else missing(jobs, store)
    if len(todo) < len(jobs):
        reporter.say(f"{len(jobs) - len(todo)} of {len(jobs)} cells are there already (--force trains them again)")
    if not todo:
        return {}
    from taco_bench.jobs.launch import Failed, not_begun, standing_by, work_off
    from taco_bench.jobs.ready import Ready

    ready = Ready(plugins, reporter, store)
    with standing_by(todo, plugins, store, reporter, launcher, third_party=third_party) as crew:
        lost = ready.lost(todo)
        rest = [job for job in todo if job.cell not in lost]
        if not rest:
            raise next(iter(lost.values()))
        for job in todo:
            if job.cell in lost:
                store.save_failure(job.cell, "preparation", job.label, lost[job.cell])
        failed = {job.cell: Failed(job.label, lost[job.cell]) for job in todo if job.cell in lost}
        if fail_fast and failed:
            return failed | {job.cell: not_begun(job) for job in rest}
        if force:  # only now: whatever is wrong with the data has been found, and nothing was lost by it
            _forget(rest, store)
        how = {"third_party": third_party, "fail_fast": fail_fast}
        return failed | work_off(rest, plugins, store, reporter, crew, **how, words=words, data=ready.data)


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
