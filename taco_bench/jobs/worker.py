"""A worker: takes what nobody else makes, until nothing of a grid is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from taco_bench.data.prepared import Prepared
from taco_bench.errors import TrainingError, UserError
from taco_bench.jobs.data import DataCache
from taco_bench.jobs.facts import Facts
from taco_bench.jobs.faults import fault, suspected, trace
from taco_bench.jobs.grid import Grid
from taco_bench.jobs.plan import Job, job_of
from taco_bench.jobs.stale import causes
from taco_bench.jobs.starts import failed_start, missing_start
from taco_bench.jobs.work import work
from taco_bench.plugins import Plugins
from taco_bench.reporting import Advance, Reporter, Silent
from taco_bench.store.cells import Store
from taco_bench.store.leases import Lease, LeaseLostError, Leases
from taco_bench.train.checkpoint import read_tokenizer

POLL = 0.5
MOST_DEATHS = 2
"""Workers of one grid that may die over a training before it counts as failed."""


class Worker:
    """One worker of a grid.

    Args:
        grid: what to do.
        store: where cells, leases and failures lie.
        plugins: of this process.
        reporter: shows the progress of what this worker makes.
        data: what this process has prepared; none: it comes from the caches on disk, which were filled before.
    """

    def __init__(self, grid: Grid, store: Store, plugins: Plugins, reporter: Reporter, data: DataCache | None = None) -> None:
        self.grid, self.store, self.plugins, self.reporter = grid, store, plugins, reporter
        self.leases: Leases = store.leases
        self.data = data or DataCache(plugins, Silent())
        self.data.reporter = Silent()  # what there is to say was said when the data were made ready

    def run(self, done: Callable[[], None] = lambda: None) -> None:
        """Work until every cell of the grid is done or has failed, by whomever; ``done`` is called after each that this worker tried."""
        waiting = self.grid.by_training()
        while waiting:
            taken = False
            for group in list(waiting):
                if self.grid.fail_fast and self.grid.failed(self.store):
                    return
                if not self._open(group):
                    waiting.remove(group)
                elif group[0].start in {other[0].training for other in waiting}:
                    continue  # what it starts from is made, or fails, first
                elif self._try(group, done):
                    taken = True
            if waiting and not taken:
                time.sleep(POLL)  # others hold what is left; should they die, it is taken over

    def _open(self, group: Sequence[Job]) -> list[Job]:
        """The jobs that are neither done nor failed."""
        return [job for job in group if self.store.failure(job.cell, self.grid.run) is None and not self.store.has(job.cell)]

    def _try(self, group: Sequence[Job], done: Callable[[], None]) -> bool:
        """Make the cells of a training, unless another worker does."""
        lease = self.leases.take(group[0].training, self.grid.run, group[0].label)
        if lease is None:
            return False
        with lease:
            for job in self._open(group):  # again: they may have been finished just now
                if lease.deaths > MOST_DEATHS:
                    self.store.save_failure(job.cell, self.grid.run, job.label, _deadly(lease.deaths))
                    continue
                try:
                    self._make(job, lease)
                except LeaseLostError:
                    self.reporter.say(f"{job.label}: another worker has taken over")
                    break
                done()
        return True

    def _make(self, job: Job, lease: Lease) -> None:
        try:
            prepared = self.data.get(job.experiment, self._tokenizer(job))
            _refuse_changes(job, prepared, self.plugins)
            work(job, prepared, self.plugins, self.store, _Reporting(self.reporter, lease), lambda: lease.check(surely=True))
        except LeaseLostError:
            raise
        except UserError as error:
            self._fail(job, lease, error)
        except Exception as error:
            self._fail(job, lease, fault(error))

    def _tokenizer(self, job: Job) -> str:
        """Of a training that starts from another, the tokenizer: its own where it is done, else the start's.

        Raises:
            UserError: the start is not there; names the command that makes it.
        """
        if not job.start:
            return ""
        absent = failed_start(job, self.grid.jobs, self.store, self.grid.run) or missing_start(job, self.store, self.grid.words)
        if absent is not None:
            raise absent
        done = self.store.training(job.training) is not None
        return read_tokenizer(self.store.weights(job.training if done else job.start))

    def _fail(self, job: Job, lease: Lease, error: UserError) -> None:
        lease.check(surely=True)  # whoever has taken over may have made it
        trace(error)
        self.store.save_failure(job.cell, self.grid.run, job.label, suspected(error, job.experiment, self.plugins))


def _refuse_changes(job: Job, prepared: Prepared, plugins: Plugins) -> None:
    """Whatever the ids hash must be in this process what it was when the grid was planned."""
    start = job.parts["training"].get("start")
    found = job_of("", job.experiment, Facts(prepared.fingerprints, prepared.tagger), job.seed, plugins, start)
    if found.cell != job.cell:
        changed = causes({"parts": job.parts}, found.parts)
        hint = "run the same command again: it plans anew"
        raise UserError(f"something changed while the grid was running: {'; '.join(changed)}", where=job.label, hint=hint)


def _deadly(deaths: int) -> TrainingError:
    hint = "out of memory? fewer workers by --workers, or a smaller train.batch_size"
    return TrainingError(f"{deaths} workers died over it, killed perhaps by the kernel", hint=hint)


class _Reporting:
    """Another reporter, whose bars are also written into the lease, and which stops the work when the lease is lost."""

    def __init__(self, reporter: Reporter, lease: Lease) -> None:
        self.reporter, self.lease = reporter, lease

    def say(self, line: str) -> None:
        """Say it."""
        self.reporter.say(line)

    @contextmanager
    def bar(self, what: str, total: int, done: int = 0) -> Iterator[Advance]:
        """Show it, here and to whoever reads the lease."""
        position = done
        with self.reporter.bar(what, total, done) as shown:

            def advance(steps: int = 1, text: str = "") -> None:
                nonlocal position
                position += steps
                self.lease.progress = {"what": what, "done": position, "total": total, "text": text}
                self.lease.check()
                shown(steps, text)

            yield advance
