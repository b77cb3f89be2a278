"""The feature store: the video tokens of all clips in one memory-mapped array, checked once and cached by content."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taco_bench.api import Clip, Dataset, Encoder
from taco_bench.atomic import replace_file, replace_text, sha256_of
from taco_bench.errors import DataError
from taco_bench.guard import using
from taco_bench.resources import cache_root

Advance = Callable[[], None]


class _MissingError(Exception):
    """A stream has no entry for a clip."""


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

    def rows(self, clip: str, most: int) -> npt.NDArray[np.int64]:
        """The rows of one clip's tokens, at most ``most``, evenly spread from its first to its last."""
        at = self.index[clip]
        start, end = int(self.offsets[at]), int(self.offsets[at + 1])
        if end - start <= most:
            return np.arange(start, end)
        return start + np.round(np.linspace(0, end - start - 1, most)).astype(np.int64)


def open_features(
    dataset: Dataset, encoders: Sequence[Encoder], clips: Sequence[Clip], identity: str, on_missing: str, advance: Advance = lambda: None
) -> tuple[FeatureStore, list[str]]:
    """The features of ``clips``, from the cache or built now, and the ids of clips that have none and were skipped.

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
    for encoder in encoders:
        if encoder.stream not in dataset.streams:
            raise DataError(
                f"the data set has no stream {encoder.stream!r}",
                where="--encoder",
                hint="its streams: " + ", ".join(dataset.streams) + "; `taco-bench list encoder` shows which encoder reads which",
            )
    path = cache_root() / "features" / f"{identity}.npy"
    found = _cached(path)
    if found is None:
        found = _build(dataset, encoders, clips, on_missing, advance)
        _save(path, *found)
        found = _cached(path) or found
    store, skipped = found
    return store, skipped


def _build(
    dataset: Dataset, encoders: Sequence[Encoder], clips: Sequence[Clip], on_missing: str, advance: Advance
) -> tuple[FeatureStore, list[str]]:
    arrays: list[npt.NDArray[np.float32]] = []
    index: dict[str, int] = {}
    skipped: list[str] = []
    for clip in clips:
        advance()
        if clip.id in index:  # in several splits
            continue
        try:
            tokens = _encode(dataset, encoders, clip)
        except _MissingError as error:
            if on_missing == "error":
                hint = "--on-missing skip leaves such clips out and counts them"
                raise DataError(f"clip {clip.id!r} has no features in {error}", where="features", hint=hint) from None
            skipped.append(clip.id)
            continue
        index[clip.id] = len(arrays)
        arrays.append(tokens)
    if not arrays:
        raise DataError("no clip has features", where="features")
    offsets = np.cumsum([0, *map(len, arrays)], dtype=np.int64)
    return FeatureStore(np.concatenate(arrays), offsets, index), skipped


def _encode(dataset: Dataset, encoders: Sequence[Encoder], clip: Clip) -> npt.NDArray[np.float32]:
    """[time, sum of widths]; later streams are read at the first one's times."""
    parts: list[npt.NDArray[np.float32]] = []
    for encoder in encoders:
        try:
            raw = dataset.read(encoder.stream, clip)
        except KeyError:
            raise _MissingError(f"stream {encoder.stream!r}") from None
        with using(encoder, "gave tokens that cannot be used"):
            tokens = np.asarray(encoder.encode(raw), np.float32)
        _check(tokens, encoder, clip)
        steps = len(parts[0]) if parts else len(tokens)
        parts.append(tokens if len(tokens) == steps else tokens[((np.arange(steps) + 0.5) * len(tokens) / steps).astype(np.int64)])
    return np.concatenate(parts, axis=1)


def _check(tokens: npt.NDArray[np.float32], encoder: Encoder, clip: Clip) -> None:
    where = f"clip {clip.id!r}, stream {encoder.stream!r}"
    if tokens.ndim != 2 or tokens.shape[1] != encoder.width:
        hint = f"the encoder expects [time, {encoder.width}]; is the array transposed, or from another network?"
        raise DataError(f"features have shape {list(tokens.shape)}", where=where, hint=hint)
    if not len(tokens):
        raise DataError("features have no row", where=where, hint="extract them again, or leave the clip out")
    if not np.isfinite(tokens).all():
        row = int((~np.isfinite(tokens)).any(axis=1).argmax())
        raise DataError(f"features are not finite in row {row}", where=where, hint="extract them again, or leave the clip out")


def _save(path: Path, store: FeatureStore, skipped: list[str]) -> None:
    """The array first, then the index whose presence says that both are whole."""
    replace_file(path, partial(_write_array, store.values))
    index = {"offsets": store.offsets.tolist(), "clips": list(store.index), "skipped": skipped, "size": path.stat().st_size}
    replace_text(path.with_suffix(".json"), json.dumps(index))


def _write_array(values: npt.NDArray[np.float32], temporary: Path) -> None:
    with temporary.open("wb") as file:
        np.save(file, values, allow_pickle=False)


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
    return sha256_of(Path(__file__), *parts)[:32]  # this file aligns and joins the streams
