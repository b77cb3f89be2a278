"""The state of every cell of a table: done, missing, stale (and why), failed, running; and what the rest will cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from taco_bench.jobs.plan import Job, Line
from taco_bench.jobs.price import Price, Prices
from taco_bench.jobs.stale import causes
from taco_bench.store.cells import Store
from taco_bench.store.leases import is_surely_dead
from taco_bench.store.ledger import Rows

STATES = ("done", "missing", "stale", "failed", "running")


@dataclass(frozen=True)
class State:
    """One cell.

    Attributes:
        line: its row.
        job: the cell.
        state: one of ``STATES``.
        why: causes of staleness, or the failure.
        price: what it will cost; None where it is done or nothing like it was measured.
    """

    line: Line
    job: Job
    state: str
    why: tuple[str, ...] = ()
    price: Price | None = None


def states_of(lines: Sequence[Line], store: Store, asked: Rows) -> list[State]:
    """The state of each distinct cell, from the store alone.

    Args:
        lines: rows of one table, and its controls.
        store: looked at, never written.
        asked: the table's ledger.
    """
    found: dict[str, Mapping[str, Any]] = {}
    old: dict[str, Mapping[str, Any]] = {}
    distinct = {job.cell: (line, job) for line in lines for job in line.jobs}
    for cell, (line, job) in distinct.items():
        record = store.cell(cell)
        if record is not None:
            found[cell] = record
            continue
        for other in reversed(asked.get(line.name, {}).get(str(job.seed), [])):
            before = store.cell(other) if other != cell else None
            if before is not None:
                old[cell] = before
                break
    measured = [*found.values(), *old.values()] or list(store.cells())
    prices = Prices(store, measured)
    running = {name: lease for name, lease in store.leases.all().items() if not is_surely_dead(lease)}
    trained: set[str] = set()
    return [_state(line, job, store, found, old, prices, running, trained) for line, job in distinct.values()]


def _state(
    line: Line,
    job: Job,
    store: Store,
    found: Mapping[str, Any],
    old: Mapping[str, Mapping[str, Any]],
    prices: Prices,
    running: Mapping[str, Any],
    trained: set[str],
) -> State:
    if job.cell in found:
        return State(line, job, "done")
    there = job.training in trained or store.training(job.training) is not None
    trained.add(job.training)
    price = prices.of(job, trained=there)
    if job.training in running:
        return State(line, job, "running", price=price)
    failure = store.failure(job.cell)
    if failure is not None:
        return State(line, job, "failed", (failure["what"],), price)
    if job.cell in old:
        return State(line, job, "stale", tuple(causes(old[job.cell], job.parts)), price)
    return State(line, job, "missing", price=price)
