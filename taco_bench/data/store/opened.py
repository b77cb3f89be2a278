"""A feature store, opened: nothing is read until it is asked for, and all processes share what is."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.data.store.layout import IDS, OFFSETS, RATES, REBUILD, TIMES, read_card
from taco_bench.data.store.tracks import Track
from taco_bench.errors import DataError


class Store:
    """The features of one stream.

    Args:
        folder: of the store.

    Raises:
        DataError: it is no store, or a file is missing or has not the size that the card says.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.card = folder, read_card(folder)
        self.cut, self.width = self.card.cut, self.card.width
        for file in (*self.card.index, *self.card.shards):
            path = folder / self.card.data / file.name
            size = path.stat().st_size if path.is_file() else None
            if size != file.size:
                what = "is missing" if size is None else f"has {size} bytes instead of {file.size}"
                hint = f"taco-bench features check {folder} names all that is wrong; {REBUILD}"
                raise DataError(f"the feature store's {file.name} {what}", where=str(path), hint=hint)
        self._ids, self._offsets, self._rates = (self._mapped(name) for name in (IDS, OFFSETS, RATES))
        self._times = self._mapped(TIMES) if any(file.name == TIMES for file in self.card.index) else None
        self._shards: dict[int, npt.NDArray[Any]] = {}

    def __len__(self) -> int:
        return self.card.items

    def __iter__(self) -> Iterator[str]:
        return (bytes(name).decode() for name in self._ids)

    def track(self, id: str) -> Track:
        """Views of the rows of one item.

        Raises:
            KeyError: there is no such item.
        """
        at = self._place(id)
        first, last = int(self._offsets[at]), int(self._offsets[at + 1])
        number = bisect_right(self._firsts, first) - 1
        start = self._firsts[number]
        times = None if self._times is None else self._times[first:last]
        known = times is not None and not math.isnan(times[0])
        rate = float(self._rates[at])
        return Track(self._shard(number)[first - start : last - start], None if math.isnan(rate) else rate, times if known else None)

    @property
    def skipped(self) -> Mapping[str, str]:
        """Ids that were left out because they were malformed, and why."""
        return self.card.skipped

    def files(self) -> Sequence[Path]:
        """Its files."""
        return self.card.files(self.folder)

    def fingerprint(self) -> str:
        """The hash of all content, as it was when it was built."""
        return self.card.fingerprint

    @cached_property
    def _firsts(self) -> list[int]:
        return [shard.first for shard in self.card.shards]

    def _place(self, id: str) -> int:
        key = id.encode()
        at = bisect_left(self._ids, key)  # looks at 20 of a million ids, and is faster than numpy's
        if at < len(self._ids) and self._ids[at] == key:
            return at
        raise KeyError(id)

    def _shard(self, number: int) -> npt.NDArray[Any]:
        if number not in self._shards:
            self._shards[number] = self._mapped(self.card.shards[number].name)
        return self._shards[number]

    def _mapped(self, name: str) -> npt.NDArray[Any]:
        path = self.folder / self.card.data / name
        try:
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        except (OSError, ValueError, EOFError) as error:
            hint = f"if it was built anew while it was in use, start again; else {REBUILD}"
            raise DataError(f"the feature store's {name} cannot be read: {error}", where=str(path), hint=hint) from None
