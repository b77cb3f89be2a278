"""The store: one JSON a cell, written whole, beside its arrays; a folder a training."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
import numpy.typing as npt

from taco_bench.atomic import replace_file, replace_text
from taco_bench.errors import DataError, UserError

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Store:
    """A results folder.

    Args:
        root: with cells/, trainings/ and tables/ below it; made when something is saved.
    """

    root: Path

    def check_writable(self) -> None:
        """Raises:
        UserError: nothing can be written here; found before anything is trained.
        """
        probe = self.root / "is-writable"
        replace_file(probe, lambda _: None)
        probe.unlink()

    def training_folder(self, training: str) -> Path:
        """The folder of one training: its weights, or the state from which it goes on."""
        return self.root / "trainings" / training

    def weights(self, training: str) -> Path:
        """The weights of a finished training."""
        return self.training_folder(training) / "model.safetensors"

    def cell_file(self, cell: str) -> Path:
        """The JSON of one cell."""
        return self.root / "cells" / f"{cell}.json"

    def cell(self, cell: str) -> dict[str, Any] | None:
        """A finished cell; None where there is none.

        Raises:
            DataError: its file is of a newer schema.
        """
        found = self._read(self.cell_file(cell))
        if found and found.get("schema_version", 0) > SCHEMA_VERSION:
            raise DataError("a cell was written by a newer taco-bench", where=str(self.cell_file(cell)), hint="upgrade taco-bench")
        return found if is_zipfile(self.cell_file(cell).with_suffix(".npz")) else None  # its arrays are part of it

    def training(self, training: str) -> dict[str, Any] | None:
        """The record of a finished training; None where there is none."""
        record = self._read(self.training_folder(training) / "training.json")
        return record if self.weights(training).is_file() else None

    @staticmethod
    def _read(path: Path) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return None  # not whole: the cell is made again
        return found if isinstance(found, dict) else None

    def arrays(self, cell: str) -> dict[str, npt.NDArray[Any]]:
        """The arrays kept beside a cell."""
        with np.load(self.cell_file(cell).with_suffix(".npz"), allow_pickle=False) as file:
            return dict(file)

    def save_cell(self, cell: str, record: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Save a finished cell; its JSON last, since that says that it is whole."""
        replace_file(self.cell_file(cell).with_suffix(".npz"), partial(_write_arrays, arrays))
        self._save_json(self.cell_file(cell), {"schema_version": SCHEMA_VERSION, "id": cell, **record})

    def save_training(self, training: str, record: dict[str, Any]) -> None:
        """Save the record of a finished training, after its weights, and drop its state."""
        folder = self.training_folder(training)
        self._save_json(folder / "training.json", {"schema_version": SCHEMA_VERSION, "id": training, **record})
        for name in ("state.safetensors", "best.safetensors"):
            (folder / name).unlink(missing_ok=True)

    def forget(self, training: str, cell: str) -> None:
        """Drop a cell and its training, so that both are made again.

        Raises:
            UserError: they cannot be removed.
        """
        names = ("training.json", "model.safetensors", "state.safetensors", "best.safetensors")
        files = [self.cell_file(cell), self.cell_file(cell).with_suffix(".npz"), *(self.training_folder(training) / name for name in names)]
        try:
            for path in files:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"cannot remove {path.name}: {error.strerror}", where=str(path.parent)) from None

    def save_table(self, name: str, text: str) -> Path:
        """Save a table as Markdown; its path."""
        path = self.root / "tables" / f"{name}.md"
        replace_text(path, text)
        return path

    @staticmethod
    def _save_json(path: Path, record: dict[str, Any]) -> None:
        text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
        replace_text(path, text + "\n")


def _write_arrays(arrays: dict[str, npt.NDArray[Any]], path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
