"""Finding a data set's files in a user's folder."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from taco_bench.errors import DataError
from taco_bench.manifests.load import load_manifest

ROOT = "TACO_BENCH_DATA"
"""The environment's folder of all data sets."""


class DataFolder:
    """The folder in which a user keeps the files of a data set.

    Args:
        name: of the data set; its manifest names the folders below the root in which files may lie.
        root: the folder itself or one above it; empty: that of the environment.
    """

    def __init__(self, name: str, root: str = "") -> None:
        self.name, self.root = name, root or os.environ.get(ROOT, "")

    @cached_property
    def folders(self) -> list[Path]:
        """The folders that there are, in the order in which they are looked at.

        Raises:
            DataError: no folder is named, or it does not exist.
        """
        hint = f"--set data.root=FOLDER, or {ROOT}=FOLDER; `taco-bench data status {self.name}` says what belongs into it"
        if not self.root:
            raise DataError(f"the data set {self.name} is not shipped and no folder is named", where="data.root", hint=hint)
        root = Path(self.root)
        if not root.is_dir():
            raise DataError(f"the data folder {root} does not exist", where="data.root", hint=hint)
        below = load_manifest(self.name).folders or (self.name,)
        return [root, *(root / folder for folder in below if (root / folder).is_dir())]

    def find(self, *names: str) -> Path | None:
        """The first of these files that there is; a file that goes by several names is given by all of them."""
        return next((folder / name for name in names for folder in self.folders if (folder / name).is_file()), None)

    def all(self, pattern: str) -> list[Path]:
        """The files that match a pattern, in the first folder that has any, by name."""
        found = (sorted(path for path in folder.glob(pattern) if path.is_file()) for folder in self.folders)
        return next(filter(None, found), [])

    def need(self, *names: str) -> Path:
        """As :meth:`find`.

        Raises:
            DataError: there is none of them; names the folders and says where to ask.
        """
        found = self.find(*names)
        if found is None:
            raise self.missing(*names)
        return found

    def missing(self, *names: str) -> DataError:
        """What to tell where none of some files is there."""
        where = ", ".join(map(str, self.folders))
        hint = f"{load_manifest(self.name).ask}; `taco-bench data status {self.name}` lists all files"
        return DataError(f"the data set {self.name} needs {' or '.join(names)}", where=where, hint=hint)
