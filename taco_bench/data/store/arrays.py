"""Arrays that are written row by row, so that they need not fit into memory."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.atomic import file_hash
from taco_bench.data.store.layout import StoredFile


class GrowingArray:
    """A ``.npy`` file to which rows are appended; a context manager.

    Args:
        path: of the file.
        kind: of its numbers.
        width: of a row; None: one number a row.
    """

    def __init__(self, path: Path, kind: npt.DTypeLike, width: int | None = None) -> None:
        self.path, self.kind, self.width, self.rows = path, np.dtype(kind), width, 0
        self._file = path.open("wb")
        self._header()
        self._begin = self._file.tell()

    def __enter__(self) -> GrowingArray:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self._file.seek(0)
            self._header()  # now with the number of rows, for which numpy leaves room
            assert self._file.tell() == self._begin
        self._file.close()

    def append(self, rows: npt.NDArray[Any]) -> None:
        """Add [rows, width] or [rows]."""
        self._file.write(np.ascontiguousarray(rows, self.kind).data if len(rows) else b"")
        self.rows += len(rows)

    def _header(self) -> None:
        shape = (self.rows,) if self.width is None else (self.rows, self.width)
        described = {"descr": np.lib.format.dtype_to_descr(self.kind), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, described)


def stored_file(path: Path, first: int = 0) -> StoredFile:
    """What the card says of a file, once it is whole."""
    return StoredFile(path.name, path.stat().st_size, file_hash(path), first)
