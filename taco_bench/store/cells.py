"""The store: one JSON a cell, written whole, beside its arrays; a folder a training."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import is_zipfile

from taco_bench.atomic import replace_file, replace_text
from taco_bench.errors import UserError
from taco_bench.store.leases import Leases
from taco_bench.store.schema import SCHEMA_VERSION, Record, is_cell, migrated

if TYPE_CHECKING:
    import numpy.typing as npt

UNFINISHED = ("state.safetensors", "best.safetensors")
"""What a training keeps only until it is done."""
HEAD = re.compile(rb'\{\n "schema_version": (\d+),\n "id": "([^"\n]*)",\n')
"""How a cell begins."""
TRAINING = re.compile(r'^ "training": "([^"\n]+)",?$', re.MULTILINE)
"""The line of a cell that names its training."""


@dataclass(frozen=True)
class Store:
    """A results folder.

    Args:
        root: with cells/, trainings/, leases/, failures/ and tables/ below it; made when something is saved.
    """

    root: Path

    def check_folder(self) -> None:
        """Raises:
        UserError: it is a file.
        """
        if self.root.exists() and not self.root.is_dir():
            raise UserError("the results folder is a file", where=str(self.root), hint="name a folder by --results")

    def check_writable(self) -> None:
        """Raises:
        UserError: nothing can be written here; found before anything is trained.
        """
        self.check_folder()
        probe = self.root / "is-writable"
        replace_file(probe, lambda _: None, told="to the results folder")
        probe.unlink(missing_ok=True)  # another run may probe as well

    @property
    def leases(self) -> Leases:
        """Who is making which training."""
        return Leases(self.root / "leases")

    def training_folder(self, training: str) -> Path:
        """The folder of one training: its weights, or the state from which it goes on."""
        return self.root / "trainings" / training

    def weights(self, training: str) -> Path:
        """The weights of a finished training."""
        return self.training_folder(training) / "model.safetensors"

    def seen(self, training: str) -> Path:
        """What a finished training has seen (:mod:`taco_bench.store.seen`); not there where it was made by an earlier taco-bench."""
        return self.training_folder(training) / "seen.npz"

    def cell_file(self, cell: str) -> Path:
        """The JSON of one cell."""
        return self.root / "cells" / f"{cell}.json"

    def has(self, cell: str) -> bool:
        """Whether a cell is there, whole."""
        return self.cell(cell) is not None

    def cell(self, cell: str) -> Record | None:
        """A finished cell; None where there is none, or where it is not whole and has to be made again.

        Raises:
            DataError: its file is of a newer schema.
        """
        path = self.cell_file(cell)
        found = _read(path)
        whole = found is not None and is_cell(found, cell) and is_zipfile(path.with_suffix(".npz"))  # its arrays are part of it
        return migrated(found, str(path)) if found is not None and whole else None

    def looks_whole(self, cell: str) -> bool:
        """As :meth:`has`, but from the ends of its file alone, which is thousands of times less to read: files are replaced whole.

        Raises:
            DataError: its file is of a newer schema.
        """
        path = self.cell_file(cell)
        ends = _ends(path)
        if ends is None or not is_zipfile(path.with_suffix(".npz")):
            return False
        head = HEAD.match(ends[0])
        if head is None or head[2] != cell.encode() or not ends[1].endswith(b"\n}\n"):
            return self.has(cell)  # not written by us
        migrated({"schema_version": int(head[1])}, str(path))
        return True

    def damage(self, cell: str) -> str:
        """What is wrong with a cell that is there but not whole; empty where it is whole, or not there at all."""
        path = self.cell_file(cell)
        if not path.is_file() or self.has(cell):
            return ""
        found = _read(path)
        if found is None:
            return f"cells/{path.name} is cut off, or no JSON"
        if not is_cell(found, cell):
            return f"cells/{path.name} is JSON, but no record of this cell"
        arrays = path.with_suffix(".npz")
        return f"cells/{arrays.name} is " + ("cut off, or no archive" if arrays.is_file() else "missing")

    def training_of(self, cell: str) -> str:
        """The training of a cell that is not whole, as far as its file still says so; empty where it does not."""
        try:
            found = TRAINING.search(self.cell_file(cell).read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return ""
        return found[1] if found else ""

    def cells(self) -> Iterator[Record]:
        """Every whole cell, by id."""
        for path in sorted((self.root / "cells").glob("[!.]*.json")):
            found = self.cell(path.stem)
            if found is not None:
                yield found

    def newest_cells(self, most: int) -> Iterator[Record]:
        """At most so many whole cells, those that were written last first."""
        paths = sorted((self.root / "cells").glob("[!.]*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in paths[:most]:
            found = self.cell(path.stem)
            if found is not None:
                yield found

    def training(self, training: str) -> Record | None:
        """The record of a finished training; None where there is none.

        Raises:
            DataError: its file is of a newer schema.
        """
        path = self.training_folder(training) / "training.json"
        record = _read(path)
        return migrated(record, str(path)) if record is not None and self.weights(training).is_file() else None

    def arrays(self, cell: str) -> dict[str, npt.NDArray[Any]]:
        """The arrays kept beside a cell."""
        import numpy as np  # where arrays are: plans, which read none, are quicker without

        with np.load(self.cell_file(cell).with_suffix(".npz"), allow_pickle=False) as file:
            return dict(file)

    def save_cell(self, cell: str, record: Record, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Save a finished cell; its JSON last, since that says that it is whole."""
        replace_file(self.cell_file(cell).with_suffix(".npz"), partial(_write_arrays, arrays))
        save_json(self.cell_file(cell), {"schema_version": SCHEMA_VERSION, "id": cell, **record})
        self.forgive(cell)

    def save_training(self, training: str, record: Record) -> None:
        """Save the record of a finished training, after its weights, and drop its state."""
        folder = self.training_folder(training)
        save_json(folder / "training.json", {"schema_version": SCHEMA_VERSION, "id": training, **record})
        for name in UNFINISHED:
            (folder / name).unlink(missing_ok=True)

    def save_failure(self, cell: str, run: str, label: str, error: UserError) -> None:
        """Say why a cell could not be made in a grid."""
        told = {"what": error.what, "where": error.where, "hint": error.hint, "exit_code": error.exit_code}
        path = self.root / "failures" / f"{cell}.{run}.json"
        save_json(path, {"schema_version": SCHEMA_VERSION, "run": run, "cell": cell, "label": label, **told})

    def failure(self, cell: str, run: str = "*") -> Record | None:
        """Why a cell could not be made in a run, or the last time it was tried; None where it was not, or where it is there."""
        return max(self._failures(f"{cell}.{run}.json"), key=lambda found: found[0], default=(0, None))[1]

    def failures(self) -> list[Record]:
        """The last failure of every cell that has one, by label."""
        last = {found["cell"]: found for _, found in sorted(self._failures("[!.]*.json"), key=lambda found: found[0])}
        return sorted(last.values(), key=lambda found: str(found["label"]))

    def _failures(self, pattern: str) -> list[tuple[int, Record]]:
        """When and what, of the files that fit."""
        files = (self.root / "failures").glob(pattern)
        return [(path.stat().st_mtime_ns, found) for path in files if (found := _read(path)) is not None]

    def forgive(self, cell: str, runs: Collection[str] = ()) -> None:
        """Forget that a cell failed, but in some runs, which still need to know."""
        for path in (self.root / "failures").glob(f"{cell}.*.json"):
            if path.name.split(".")[1] not in runs:
                path.unlink(missing_ok=True)

    def forget(self, training: str, cell: str) -> None:
        """Drop a cell and its training, so that both are made again.

        Raises:
            UserError: they cannot be removed.
        """
        names = ("training.json", "model.safetensors", "seen.npz", *UNFINISHED)
        files = [self.cell_file(cell), self.cell_file(cell).with_suffix(".npz"), *(self.training_folder(training) / name for name in names)]
        try:
            for path in files:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"cannot remove {path.name}: {error.strerror}", where=str(path.parent)) from None


def save_json(path: Path, record: Record) -> None:
    """Replace a JSON file, whole or not at all."""
    replace_text(path, json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _read(path: Path) -> Record | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # missing, or not whole
    return found if isinstance(found, dict) else None


def _ends(path: Path) -> tuple[bytes, bytes] | None:
    """The first and the last bytes of a file; None where there is none."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
            file.seek(-min(64, len(head)), os.SEEK_END)
            return head, file.read()
    except OSError:
        return None


def _write_arrays(arrays: dict[str, npt.NDArray[Any]], path: Path) -> None:
    import numpy as np

    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
