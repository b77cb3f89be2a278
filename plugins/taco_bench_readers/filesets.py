"""Features that lie in files of their own, and features that all lie in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from taco_bench.api import DataError, Track
from taco_bench_readers.arrays import Rows, as_rows, read_npy

Load = Callable[[Path, str, Rows], Rows]
"""From a file, the stream and the rows of the file to those of the stream."""


class FileSet:
    """One ``.npy`` file an item and stream.

    Args:
        cut: rule by which the code base cuts segments.
        rates: rows a second of each stream.
        listing: by stream and id the file; called when it is first needed.
        load: the part of a file that a stream is; by default all of it.
    """

    def __init__(
        self, cut: str, rates: Mapping[str, float | None], listing: Callable[[], Mapping[str, Mapping[str, Path]]], load: Load | None = None
    ) -> None:
        self.streams: Sequence[str] = tuple(rates)
        self.cut, self.rates, self._listing, self._load = cut, rates, listing, load

    @cached_property
    def paths(self) -> Mapping[str, Mapping[str, Path]]:
        """By stream and id."""
        return self._listing()

    def ids(self) -> Sequence[str]:
        """Of all streams."""
        return list(dict.fromkeys(id for paths in self.paths.values() for id in paths))

    def read(self, stream: str, id: str) -> Track:
        """One item."""
        path = self.paths[stream][id]
        found = read_npy(path)
        if found.ndim == 1:  # pooled files look so, and files cut off by one axis too: nothing to guess
            hint = "save it as [1, width] if it stands for the whole video, else extract it again"
            raise DataError(f"features have one axis, {list(found.shape)}, expected [rows, width]", where=f"{path}, id {id!r}", hint=hint)
        values = as_rows(found, path, id)
        return Track(self._load(path, stream, values) if self._load else values, self.rates[stream])

    def files(self) -> Sequence[Path]:
        """Every file that exists."""
        return list(dict.fromkeys(path for paths in self.paths.values() for path in paths.values() if path.exists()))


class OneFile:
    """All items in one file that has to be read whole.

    Args:
        path: of the file.
        cut: rule by which the code base cuts segments.
        rates: rows a second of each stream; they do not apply to an item of one row, which stands for the whole.
        load: by stream and id the arrays; called when they are first needed.
    """

    def __init__(
        self, path: Path, cut: str, rates: Mapping[str, float | None], load: Callable[[], Mapping[str, Mapping[str, Any]]]
    ) -> None:
        self.streams: Sequence[str] = tuple(rates)
        self.path, self.cut, self.rates, self._load = path, cut, rates, load

    @cached_property
    def arrays(self) -> Mapping[str, Mapping[str, Any]]:
        """By stream and id."""
        return self._load()

    def ids(self) -> Sequence[str]:
        """Of all streams."""
        return list(dict.fromkeys(id for arrays in self.arrays.values() for id in arrays))

    def read(self, stream: str, id: str) -> Track:
        """One item."""
        found = self.arrays[stream][id]
        pooled = getattr(found, "ndim", 2) == 1
        return Track(as_rows(found, self.path, id), None if pooled else self.rates[stream])

    def files(self) -> Sequence[Path]:
        """The file."""
        return [self.path]
