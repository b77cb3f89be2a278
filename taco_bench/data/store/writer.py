"""Writes the files of a store, in the order of the ids; never holds more than one item."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taco_bench.data.store.arrays import GrowingArray, stored_file
from taco_bench.data.store.layout import IDS, OFFSETS, RATES, TIMES, StoredFile
from taco_bench.data.store.tracks import Track

SHARD_BYTES = 256 * 2**20


class StoreWriter:
    """Fills an empty folder; a context manager.

    Args:
        folder: of the files.
        shard_bytes: a shard is closed before it grows larger than this, unless one item alone is.
    """

    def __init__(self, folder: Path, shard_bytes: int = SHARD_BYTES) -> None:
        self.folder, self.shard_bytes = folder, shard_bytes
        self.ids: list[str] = []
        self.shards: list[StoredFile] = []
        self._offsets, self._rates, self._timed = [0], list[float](), False
        self._shard: GrowingArray | None = None
        self._open = ExitStack()
        self._times = self._open.enter_context(GrowingArray(folder / TIMES, np.float64))

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()
        if self._shard:
            self._shard.__exit__(*error)  # type: ignore[arg-type]  # what the with statement gives

    @property
    def rows(self) -> int:
        """Written so far."""
        return self._offsets[-1]

    @property
    def rate(self) -> float | None:
        """Rows a second, where all items have the same."""
        rates = set(self._rates)
        rate = rates.pop() if len(rates) == 1 else np.nan
        return None if np.isnan(rate) else rate

    def add(self, id: str, values: npt.NDArray[np.float16], track: Track) -> None:
        """Append one item; ids must come in the order of their UTF-8 bytes."""
        shard = self._shard_for(values)
        shard.append(values)
        self._times.append(np.full(len(values), np.nan) if track.times is None else np.asarray(track.times, np.float64))
        self._timed |= track.times is not None
        self.ids.append(id)
        self._rates.append(np.nan if track.rate is None else track.rate)
        self._offsets.append(self.rows + len(values))

    def finish(self) -> list[StoredFile]:
        """Close the last shard and write the index.

        Returns:
            The index's files; ``shards`` are those of the rows.
        """
        self._close_shard()
        self._open.close()
        if not self._timed:
            (self.folder / TIMES).unlink()
        index = {
            IDS: np.array([id.encode() for id in self.ids], np.bytes_),
            OFFSETS: np.array(self._offsets, np.int64),
            RATES: np.array(self._rates),
        }
        for name, array in index.items():
            np.save(self.folder / name, array, allow_pickle=False)
        return [stored_file(self.folder / name) for name in (*index, *([TIMES] if self._timed else []))]

    def _shard_for(self, values: npt.NDArray[np.float16]) -> GrowingArray:
        width = values.shape[1]
        if self._shard and (self._shard.rows + len(values)) * width * 2 > self.shard_bytes:
            self._close_shard()
        if self._shard is None:
            self._shard = GrowingArray(self.folder / f"shard-{len(self.shards):05d}.npy", np.float16, width)
        return self._shard

    def _close_shard(self) -> None:
        if self._shard:
            self._shard.__exit__(None, None, None)
            self.shards.append(stored_file(self._shard.path, self.rows - self._shard.rows))
            self._shard = None
