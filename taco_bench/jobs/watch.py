"""The progress of a grid that worker processes make, read from the results folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from taco_bench.jobs.grid import Grid
from taco_bench.reporting import Advance, Reporter, left
from taco_bench.store.cells import Store
from taco_bench.store.leases import is_surely_dead

SECONDS = 0.5


@contextmanager
def watched(grid: Grid, store: Store, reporter: Reporter) -> Iterator[None]:
    """Show the progress of a grid until the block ends."""
    ended = threading.Event()
    thread = threading.Thread(target=_watch, args=(grid, store, reporter, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@dataclass
class _Bar:
    stack: ExitStack
    advance: Advance
    what: str
    done: int


def _watch(grid: Grid, store: Store, reporter: Reporter, ended: threading.Event) -> None:
    trainings = {job.training for job in grid.jobs}
    bars: dict[str, _Bar] = {}
    started = time.monotonic()
    done = 0
    with reporter.bar("cells", len(grid.jobs)) as advance:
        while True:
            last = ended.is_set()
            leases = {name: lease for name, lease in store.leases.all().items() if name in trainings and not is_surely_dead(lease)}
            now = sum(store.cell_file(job.cell).is_file() for job in grid.jobs)
            failed = len(grid.failed(store))
            rest = _left(time.monotonic() - started, now, len(grid.jobs) - failed, leases)
            advance(now - done, f"{len(leases)} running, {failed} failed{rest}")
            done = now
            _show(leases, bars, reporter)
            if last:
                break
            ended.wait(SECONDS)
    for bar in bars.values():
        bar.stack.close()


def _left(elapsed: float, done: int, total: int, leases: dict[str, dict[str, Any]]) -> str:
    """About how long the rest takes, once anything is to go by."""
    parts = [lease.get("progress", {}) for lease in leases.values()]
    share = done + sum(part["done"] / max(1, part["total"]) for part in parts if part)
    return left(share, total, elapsed) if elapsed >= 10 else ""


def _show(leases: dict[str, dict[str, Any]], bars: dict[str, _Bar], reporter: Reporter) -> None:
    """A bar for what each worker does now."""
    for name in [*bars]:
        if name not in leases or leases[name].get("progress", {}).get("what") not in (None, bars[name].what):
            bars.pop(name).stack.close()
    for name, lease in leases.items():
        progress = lease.get("progress")
        if not progress:
            continue
        if name not in bars:
            stack = ExitStack()
            bars[name] = _Bar(stack, stack.enter_context(reporter.bar(progress["what"], progress["total"])), progress["what"], 0)
        bar = bars[name]
        bar.advance(progress["done"] - bar.done, progress["text"])
        bar.done = progress["done"]
