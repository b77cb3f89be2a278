"""The features of an experiment: copied into one memory-mapped array in the cache, or read where they are from a stored data set."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from taco_bench.api import Clip, Dataset, Encoder
from taco_bench.atomic import replace_file, replace_text, sha256_of
from taco_bench.data import joining
from taco_bench.data.joining import MissingError, encode, spread
from taco_bench.data.lazy import open_lazily
from taco_bench.errors import AbsentStreamError, DataError
from taco_bench.resources import cache_root

Advance = Callable[[], None]
Missing = Callable[[Clip, MissingError], None]
"""Told of a clip that a stream does not have."""


class Features(Protocol):
    """The video tokens of clips."""

    @property
    def width(self) -> int:
        """Width of a token."""

    def __contains__(self, clip: object) -> bool:
        """Whether the clip with that id has features."""

    def length(self, clip: str) -> int:
        """How many tokens a clip has."""

    def gather(self, clips: Sequence[str], most: int | None) -> tuple[npt.NDArray[np.float32], list[int]]:
        """The tokens [tokens, width] of clips, one after the other, at most ``most`` each (None: all), and how many each has."""


@dataclass(frozen=True)
class FeatureStore:
    """Video tokens of clips.

    Attributes:
        values: [tokens, width] float32, memory-mapped.
        offsets: [clips + 1]; the tokens of clip i are ``values[offsets[i]:offsets[i + 1]]``.
        index: clip id to i.
    """

    values: npt.NDArray[np.float32]
    offsets: npt.NDArray[np.int64]
    index: dict[str, int]

    @property
    def width(self) -> int:
        """Width of a token."""
        return int(self.values.shape[1])

    def __contains__(self, clip: object) -> bool:
        return clip in self.index

    def length(self, clip: str) -> int:
        """How many tokens a clip has."""
        at = self.index[clip]
        return int(self.offsets[at + 1] - self.offsets[at])

    def rows(self, clip: str, most: int | None) -> npt.NDArray[np.int64]:
        """The rows of one clip's tokens, at most ``most``, evenly spread from its first to its last."""
        at = self.index[clip]
        start, end = int(self.offsets[at]), int(self.offsets[at + 1])
        return np.arange(start, end) if most is None or end - start <= most else start + spread(end - start, most)

    def gather(self, clips: Sequence[str], most: int | None) -> tuple[npt.NDArray[np.float32], list[int]]:
        """The tokens [tokens, width] of clips, one after the other, at most ``most`` each, and how many each has."""
        rows = [self.rows(clip, most) for clip in clips]
        return self.values[np.concatenate(rows)], [len(row) for row in rows]


def open_features(
    dataset: Dataset, encoders: Sequence[Encoder], clips: Sequence[Clip], identity: str, on_missing: str, advance: Advance = lambda: None
) -> tuple[Features, list[str]]:
    """The features of ``clips``, from the cache, built now, or as a stored data set has them; and the ids of those that were skipped.

    Args:
        dataset: to read the streams from.
        encoders: their tokens are concatenated, aligned by time.
        clips: of all splits.
        identity: hash of all that the features depend on.
        on_missing: "error", or "skip" for clips that a stream does not have.
        advance: called once a clip while building.

    Raises:
        DataError: a stream that the data set lacks, or features that are missing, empty, of a wrong width or not finite.
    """
    refuse_absent_streams(dataset.streams, encoders)
    skipped: list[str] = []

    def missing(clip: Clip, error: MissingError) -> None:
        if on_missing == "error":
            hint = "--on-missing skip leaves such clips out and counts them"
            raise DataError(f"clip {clip.id!r} has no features in {error}", where="features", hint=hint)
        skipped.append(clip.id)

    if getattr(dataset, "stored", False):
        lazy = open_lazily(dataset, encoders, clips, missing, advance)
        if not len(lazy):
            raise DataError("no clip has features", where="features")
        return lazy, skipped
    path = cache_root() / "features" / f"{identity}.npy"
    found = _cached(path)
    if found is None:
        arrays = _build(dataset, encoders, clips, missing, advance)
        _save(path, arrays, skipped)
        found = _cached(path)
        if found is None:
            raise DataError("the features that were just written cannot be read", where=str(path), hint="is the disk sound?")
    return found


def refuse_absent_streams(streams: Sequence[str], encoders: Sequence[Encoder]) -> None:
    """Refuse encoders of streams that the data set does not have.

    Args:
        streams: of the data set.
        encoders: asked for.

    Raises:
        AbsentStreamError: names the first such stream, and those that there are.
    """
    for encoder in encoders:
        if encoder.stream not in streams:
            hint = "its streams: " + ", ".join(streams) + "; `taco-bench list encoder` shows which encoder reads which"
            raise AbsentStreamError(f"the data set has no stream {encoder.stream!r}", where="--encoder", hint=hint)


def _build(
    dataset: Dataset, encoders: Sequence[Encoder], clips: Sequence[Clip], missing: Missing, advance: Advance
) -> dict[str, npt.NDArray[np.float32]]:
    """The tokens of each clip, by its id."""
    arrays: dict[str, npt.NDArray[np.float32]] = {}
    for clip in clips:
        advance()
        if clip.id in arrays:  # in several splits
            continue
        try:
            arrays[clip.id] = encode(dataset, encoders, clip)
        except MissingError as error:
            missing(clip, error)
    if not arrays:
        raise DataError("no clip has features", where="features")
    return arrays


def _save(path: Path, arrays: dict[str, npt.NDArray[np.float32]], skipped: list[str]) -> None:
    """The array first, then the index whose presence says that both are whole."""
    offsets = np.cumsum([0, *map(len, arrays.values())]).tolist()
    replace_file(path, partial(_write, list(arrays.values()), offsets[-1]))
    index = {"offsets": offsets, "clips": list(arrays), "skipped": skipped, "size": path.stat().st_size}
    replace_text(path.with_suffix(".json"), json.dumps(index))


def _write(arrays: Sequence[npt.NDArray[np.float32]], rows: int, temporary: Path) -> None:
    """As np.save of their concatenation writes it, without making that."""
    with temporary.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False, "shape": (rows, arrays[0].shape[1])}
        np.lib.format.write_array_header_1_0(file, header)
        for array in arrays:
            file.write(np.ascontiguousarray(array).data)


def _cached(path: Path) -> tuple[FeatureStore, list[str]] | None:
    """The cached store; None where there is none or it is not whole."""
    try:
        index = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if path.stat().st_size != index["size"]:
            return None
        values = np.load(path, mmap_mode="r", allow_pickle=False)
        store = FeatureStore(values, np.asarray(index["offsets"], np.int64), {clip: i for i, clip in enumerate(index["clips"])})
        return store, list(index["skipped"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def features_identity(*parts: str) -> str:
    """The cache key of a feature store."""
    return sha256_of(Path(__file__), Path(joining.__file__), *parts)[:32]  # these files align and join the streams
