"""What a results folder no longer needs."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taco_bench.errors import UserError
from taco_bench.store.cells import UNFINISHED, Store
from taco_bench.store.identity import chain_of, id_of
from taco_bench.store.leases import is_surely_dead, read
from taco_bench.store.ledger import Ledger, ledgers
from taco_bench.store.processes import has_ended

FOLDERS = ("cells", "failures", "grids", "leases", "ledger", "tables", "trainings")
TEMPORARY = re.compile(r"\.[a-z0-9_]{8}-.+|\..+-[0-9a-f]{32}(-\d+\.tmp|\.dead)")
"""Names of the temporary files of :mod:`taco_bench.atomic` and of leases; other hidden files are somebody else's."""


@dataclass(frozen=True)
class Waste:
    """A file that can go, and why."""

    path: Path
    why: str
    lease: bool = False

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size if self.path.is_file() else 0


def waste(store: Store, *, superseded: bool = False, unfinished: bool = False) -> list[Waste]:
    """What can be removed without losing a figure that a table asks for; while somebody may be at work, leases of the dead alone.

    Args:
        store: looked at.
        superseded: also cells in whose place a table has another by now, and trainings without cells from which no other one starts.
        unfinished: also the states of trainings that are not done: they would begin anew.
    """
    dead = [name for name, lease in store.leases.all().items() if is_surely_dead(lease)]
    found = [Waste(store.root / "leases" / f"{name}.json", "lease of a dead worker", lease=True) for name in dead]
    if not at_work(store):
        found += [Waste(path, "temporary file of a killed process") for path in _temporaries(store)]
        found += [Waste(path, "grid of a killed run") for path, ended in _grids(store) if ended]
        found += [*_leftovers(store, unfinished=unfinished), *(_superseded(store) if superseded else [])]
    return list({item.path: item for item in reversed(found)}.values())[::-1]


def at_work(store: Store) -> list[str]:
    """The leases and grids in whose name somebody may be at work."""
    leases = [str(lease.get("label") or name) for name, lease in store.leases.all().items() if not is_surely_dead(lease)]
    return leases + [f"the run of {path.name}" for path, ended in _grids(store) if not ended]


def remove(store: Store, found: list[Waste]) -> None:
    """Remove it, and the folders of trainings that nothing is left of.

    Raises:
        UserError: a file cannot be removed.
    """
    for item in found:
        if item.lease and not is_surely_dead(read(item.path) or {}):
            continue  # taken over just now
        try:
            item.path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"cannot remove {item.path.name}: {error.strerror}", where=str(item.path.parent)) from None
    for folder in {item.path.parent for item in found}:
        if folder.parent == store.root / "trainings":
            with contextlib.suppress(OSError):
                folder.rmdir()  # where it is empty


def _temporaries(store: Store) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted(path for path in (store.root / folder).rglob(".*") if path.is_file() and TEMPORARY.fullmatch(path.name))
    yield from sorted(store.root.glob(".????????-is-writable"))


def _grids(store: Store) -> Iterator[tuple[Path, bool]]:
    """Each grid, and whether the process that made it has ended."""
    for path in sorted((store.root / "grids").glob("[!.]*.json")):
        try:
            yield path, has_ended(json.loads(path.read_text(encoding="utf-8"))["owner"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            yield path, True  # not whole, or it does not say


def _leftovers(store: Store, *, unfinished: bool) -> Iterator[Waste]:
    for path in sorted((store.root / "cells").glob("[!.]*.npz")):
        if not path.with_suffix(".json").is_file():
            yield Waste(path, "arrays of a cell that was never finished")
    for folder in sorted((store.root / "trainings").glob("[!.]*")):
        done = store.training(folder.name) is not None
        why = "state of a training that is done" if done else "state of an unfinished training"
        yield from (Waste(folder / name, why) for name in UNFINISHED if (done or unfinished) and (folder / name).is_file())


def held_back(store: Store) -> list[str]:
    """Why ``superseded`` removes less than it could, for people."""
    _, damaged = ledgers(store)
    if damaged:
        names = ", ".join(f"ledger/{path.name}" for path in damaged)
        return [f"{names} is damaged: which cells are superseded is not sure, so all stay; `taco-bench reproduce` makes it again"]
    repairs = _repairs(store)
    cells = [cell for cell, training in repairs.items() if not training]
    what = "trainings without a cell stay: it is not known which of them is needed to make these cells, damaged or missing"
    return [f"{what}: {', '.join(cells)}"] if cells else []


def _superseded(store: Store) -> list[Waste]:
    """Cells that every ledger that knows them has replaced by one that is there; then trainings that no cell is left of, and none needs."""
    tables, damaged = ledgers(store)
    if damaged:
        return []
    wanted: set[str] = set()
    replaced: set[str] = set()
    for ledger in tables.values():
        for seeds in ledger.rows.values():
            for cells in seeds.values():
                there = [cell for cell in cells if store.has(cell)]
                wanted |= set(there[-1:])
                replaced |= set(there[:-1])
    gone = replaced - wanted
    found = [Waste(path, "cell that a newer one has replaced") for cell in sorted(gone) for path in _files(store, cell)]
    repairs = _repairs(store)
    if not all(repairs.values()):
        return found
    kept = [cell for cell in store.cells() if cell["id"] not in gone]
    used = {training for cell in kept for training in _trainings(cell)} | set(repairs.values())
    for folder in sorted((store.root / "trainings").glob("[!.]*")):
        if folder.name not in used and store.training(folder.name) is not None:
            found += [Waste(path, "training without a cell") for path in sorted(folder.iterdir()) if path.is_file()]
    return found


def _trainings(cell: dict[str, Any]) -> list[str]:
    """The training of a cell, and those that it goes back to."""
    parts = cell.get("parts") or {}
    return [cell["training"], *(id_of(start) for start in chain_of(parts.get("training", {})))]


def _repairs(store: Store) -> dict[str, str]:
    """Cells that are damaged, or that a table asks for and that are not there, with their trainings; empty where that is not known."""
    tables, _ = ledgers(store)
    last = {cells[-1] for ledger in tables.values() for seeds in ledger.rows.values() for cells in seeds.values() if cells}
    files = {path.stem for path in (store.root / "cells").glob("[!.]*.json")}
    return {cell: _training_of(cell, store, tables) for cell in sorted(last | files) if not store.has(cell)}


def _training_of(cell: str, store: Store, tables: Mapping[str, Ledger]) -> str:
    return next((ledger.trainings[cell] for ledger in tables.values() if cell in ledger.trainings), "") or store.training_of(cell)


def _files(store: Store, cell: str) -> list[Path]:
    path = store.cell_file(cell)
    return [path, path.with_suffix(".npz")]
