"""MMT (ECCV 2020): one h5 file a video, in folders named by the first three characters of its id."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from taco_bench.api import DataError, Track
from taco_bench_readers.arrays import as_rows

EXPERT, TIMES = "features.", "features_t."


class Mmt:
    """MMT's tree ``c0/c1/c2/ID.h5``: a stream an expert, from ``features.EXPERT``; its rows' times are the means of the starts and ends in
    ``features_t.EXPERT``. Segments are the rows whose time lies in them. Needs h5py.
    """

    def recognise(self, path: Path) -> str:
        """The folders."""
        found = _first(path)
        return f"{found.relative_to(path)}, in folders of its first three characters" if found else ""

    def open(self, path: Path) -> MmtTree:
        """The tree."""
        if not _first(path):
            raise DataError("there is no c0/c1/c2/ID.h5", where=str(path), hint="name the folder above the folders of one character")
        return MmtTree(path)


class MmtTree:
    """The opened tree."""

    cut = "times"

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def streams(self) -> Sequence[str]:
        """The experts of the first few files."""
        found: dict[str, None] = {}
        for path in list(self._paths.values())[:8]:
            with _opened(path) as file:
                found |= dict.fromkeys(name.removeprefix(EXPERT) for name in file if name.startswith(EXPERT))
        if not found:
            path = next(iter(self._paths.values()))
            raise DataError(f"there is no key {EXPERT}EXPERT", where=str(path), hint="is the file of MMT's release?")
        return tuple(sorted(found))

    @cached_property
    def _paths(self) -> dict[str, Path]:
        return {path.stem: path for path in sorted(self.root.glob("?/?/?/*.h5"))}

    def ids(self) -> Sequence[str]:
        """The files' names."""
        return list(self._paths)

    def files(self) -> Sequence[Path]:
        """All of them."""
        return list(self._paths.values())

    def read(self, stream: str, id: str) -> Track:
        """One video's rows by one expert; KeyError where the expert found nothing in it."""
        path = self._paths[id]
        with _opened(path) as file:
            if not any(name.startswith(EXPERT) for name in file):
                raise DataError(
                    f"there is no key {EXPERT}{stream}, but {', '.join(file) or 'none'}", where=f"{path}, id {id!r}", hint="is it MMT's?"
                )
            values = np.asarray(file[EXPERT + stream])  # KeyError: not in this stream
            times = np.asarray(file[TIMES + stream], np.float64) if TIMES + stream in file else None
        if values.ndim == 2 and not len(values):
            raise KeyError(id)
        return Track(as_rows(values, path, id), None, None if times is None else _middles(times, len(values), path, id))


def _middles(times: np.ndarray, rows: int, path: Path, id: str) -> np.ndarray:
    """[rows] from (start, end) [rows, 2] or from times [rows]."""
    middles = times.mean(axis=1) if times.ndim == 2 and times.shape[1] == 2 else times
    if middles.shape != (rows,) or not np.isfinite(middles).all():
        raise DataError(
            f"{TIMES}* has shape {list(times.shape)} for {rows} rows", where=f"{path}, id {id!r}", hint="expected [rows, 2], finite"
        )
    return middles


def _first(root: Path) -> Path | None:
    """Some file whose folders are the first characters of its name."""
    some = (path for path in root.glob("?/?/?/*.h5")) if root.is_dir() else iter(())
    return next((path for path in some if "".join(path.relative_to(root).parts[:3]) == path.stem[:3]), None)


def _opened(path: Path) -> Any:
    try:
        import h5py
    except ImportError:
        raise DataError("h5 files need h5py", where=str(path), hint='pip install "taco-bench[h5]"') from None
    try:
        return h5py.File(path, "r")
    except OSError as error:
        what = "is empty" if not path.stat().st_size else f"cannot be read: {error}"
        raise DataError(f"the h5 file {what}", where=str(path), hint="copy or download it again") from None
