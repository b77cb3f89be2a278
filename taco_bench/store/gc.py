"""What a results folder no longer needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taco_bench.store.cells import UNFINISHED, Store
from taco_bench.store.leases import is_surely_dead
from taco_bench.store.ledger import asked
from taco_bench.store.overview import titles


@dataclass(frozen=True)
class Waste:
    """A file that can go, and why."""

    path: Path
    why: str

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size if self.path.is_file() else 0


def waste(store: Store, *, superseded: bool = False, unfinished: bool = False) -> list[Waste]:
    """What can be removed without losing a figure that a table asks for; nothing that a living worker may be using.

    Args:
        store: looked at.
        superseded: also cells in whose place a table has another by now, and trainings without cells.
        unfinished: also the states of trainings that are not done: they would begin anew.
    """
    leases = store.leases.all()
    found = [
        Waste(store.root / "leases" / f"{name}.json", "lease of a dead worker") for name, lease in leases.items() if is_surely_dead(lease)
    ]
    if len(found) < len(leases):
        return found  # somebody is at work: a temporary file may be theirs
    found += [Waste(path, "temporary file of a killed process") for path in sorted(store.root.rglob(".*")) if path.is_file()]
    found += [Waste(path, "grid of a killed run") for path in sorted((store.root / "grids").glob("[!.]*.json"))]
    for path in sorted((store.root / "cells").glob("[!.]*.npz")):
        if not path.with_suffix(".json").is_file():
            found.append(Waste(path, "arrays of a cell that was never finished"))
    for folder in sorted((store.root / "trainings").glob("[!.]*")):
        done = store.training(folder.name) is not None
        why = "state of a training that is done" if done else "state of an unfinished training"
        found += [Waste(folder / name, why) for name in UNFINISHED if (done or unfinished) and (folder / name).is_file()]
    return found + (_superseded(store) if superseded else [])


def _superseded(store: Store) -> list[Waste]:
    """Cells that every ledger that knows them has replaced by one that is there; then trainings that no cell is left of."""
    wanted: set[str] = set()
    replaced: set[str] = set()
    for title in titles(store):
        for seeds in asked(store, title).values():
            for cells in seeds.values():
                there = [cell for cell in cells if store.has(cell)]
                wanted |= set(there[-1:])
                replaced |= set(there[:-1])
    gone = replaced - wanted
    found = [Waste(path, "cell that a newer one has replaced") for cell in sorted(gone) for path in _files(store, cell)]
    used = {cell["training"] for cell in store.cells() if cell["id"] not in gone}
    for folder in sorted((store.root / "trainings").glob("[!.]*")):
        if folder.name not in used and store.training(folder.name) is not None:
            found += [Waste(path, "training without a cell") for path in sorted(folder.iterdir())]
    return found


def _files(store: Store, cell: str) -> list[Path]:
    path = store.cell_file(cell)
    return [path, path.with_suffix(".npz")]
