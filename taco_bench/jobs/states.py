"""The state of every cell of a table: done, missing, damaged, stale (and why), failed, running; and what the rest will cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from taco_bench.errors import UserError
from taco_bench.jobs.plan import Job, Line
from taco_bench.jobs.price import Price, Prices
from taco_bench.jobs.stale import causes
from taco_bench.jobs.starts import missing_start
from taco_bench.plugins import Plugins
from taco_bench.store.cells import Store
from taco_bench.store.leases import is_surely_dead
from taco_bench.store.ledger import Rows

STATES = ("done", "missing", "damaged", "stale", "failed", "running")
MOST_OF_ROW, MOST_OF_STORE = 3, 200
"""Cells that are read for prices."""


@dataclass(frozen=True)
class State:
    """One cell.

    Attributes:
        line: its row.
        job: the cell.
        state: one of ``STATES``.
        why: causes of staleness, the failure, or what is damaged; of what is to be made also the start that is not there.
        price: what it will cost; None where it is done or cannot be said.
    """

    line: Line
    job: Job
    state: str
    why: tuple[str, ...] = ()
    price: Price | None = None


def states_of(lines: Sequence[Line], store: Store, asked: Rows, plugins: Plugins, words: Sequence[str] = ()) -> list[State]:
    """The state of each distinct cell, from the store alone.

    Args:
        lines: rows of one table, and its controls.
        store: looked at, never written.
        asked: the table's ledger.
        plugins: for the components, which say how large they are.
        words: of the command line behind the suite and the data set, for the commands that are named.
    """
    distinct = {job.cell: (line, job) for line in lines for job in line.jobs}
    done = {cell for cell in distinct if store.looks_whole(cell)}
    old: dict[str, Mapping[str, Any]] = {}
    for cell, (line, job) in distinct.items():
        if cell not in done:
            before = _before(cell, asked.get(line.name, {}).get(str(job.seed), []), store)
            old |= {cell: before} if before else {}
    prices = Prices(store, _measured(lines, done, old, store), plugins)
    failures = _failures(store)
    running = {name: lease for name, lease in store.leases.all().items() if not is_surely_dead(lease)}
    absent = _absent_starts([job for _, job in distinct.values()], store, words)
    trained: set[str] = set()
    return [_state(line, job, store, done, old, prices, running, failures, trained, absent) for line, job in distinct.values()]


def _absent_starts(jobs: Sequence[Job], store: Store, words: Sequence[str]) -> dict[str, UserError]:
    """By cell, that its start is not there and no job here makes it."""
    made = {job.training for job in jobs if not store.looks_whole(job.cell)}
    found = {job.cell: missing_start(job, store, words) for job in jobs if job.start not in made}
    return {cell: error for cell, error in found.items() if error is not None}


def _before(cell: str, asked: Sequence[str], store: Store) -> Mapping[str, Any] | None:
    """The last cell that was asked for in the place of this one and is there."""
    return next((found for other in reversed(asked) if other != cell and (found := store.cell(other)) is not None), None)


def _measured(lines: Sequence[Line], done: Set[str], old: Mapping[str, Mapping[str, Any]], store: Store) -> Iterator[Mapping[str, Any]]:
    """Cells that say what others will cost: those of the table, a few a row; where there are none, the store's newest."""
    if not done and not old:
        yield from store.newest_cells(MOST_OF_STORE)
    for line in lines:
        own = [job.cell for job in line.jobs]
        for cell in [cell for cell in own if cell in done][:MOST_OF_ROW]:
            found = store.cell(cell)
            if found is not None:
                yield found
        yield from [old[cell] for cell in own if cell in old]


def _state(
    line: Line,
    job: Job,
    store: Store,
    done: Set[str],
    old: Mapping[str, Mapping[str, Any]],
    prices: Prices,
    running: Mapping[str, Any],
    failures: Mapping[str, str],
    trained: set[str],
    absent: Mapping[str, UserError],
) -> State:
    if job.cell in done:
        return State(line, job, "done")
    there = job.training in trained or store.training(job.training) is not None
    trained.add(job.training)
    price = prices.of(job, trained=there)
    if job.training in running:
        return State(line, job, "running", price=price)
    if job.cell in failures:
        return State(line, job, "failed", (failures[job.cell],), price)
    damage = store.damage(job.cell)
    if damage:
        return State(line, job, "damaged", (f"{damage}; it will be made again",), price)
    start = absent.get(job.cell)
    needs = (f"{start.what}: {start.hint}",) if start else ()
    if job.cell in old:
        return State(line, job, "stale", (*causes(old[job.cell], job.parts), *needs), price)
    return State(line, job, "missing", needs, price)


def _failures(store: Store) -> dict[str, str]:
    """Why each cell failed the last time it was tried; the folder is listed once, however many cells are asked about."""
    return {found["cell"]: found["what"] for found in store.failures()}


def failures_of(lines: Sequence[Line], store: Store) -> dict[str, str]:
    """By row, why a cell of it failed the last time it was tried, or that one is damaged; other rows are left out."""
    found: dict[str, str] = {}
    failures = _failures(store)
    for line in lines:
        for job in line.jobs:
            if job.cell in failures and not store.has(job.cell):
                found.setdefault(line.name, failures[job.cell])
            elif damage := store.damage(job.cell):
                found.setdefault(line.name, f"a cell is damaged, `taco-bench reproduce` makes it again: {damage}")
    return found
