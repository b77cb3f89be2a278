"""Joins the streams of a clip: later ones are read at the first one's times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from taco_bench.api import Clip, Dataset, Encoder
from taco_bench.data.store.streams import nearest
from taco_bench.errors import DataError
from taco_bench.guard import using

Places = npt.NDArray[np.int64]


class MissingError(Exception):
    """A stream has no entry for a clip."""


def read_stream(dataset: Dataset, encoder: Encoder, clip: Clip) -> np.ndarray:
    """The raw array of a clip.

    Raises:
        MissingError: the stream does not have it.
    """
    try:
        return dataset.read(encoder.stream, clip)
    except KeyError:
        raise MissingError(f"stream {encoder.stream!r}") from None


def aligned(dataset: Dataset, first: Encoder, other: Encoder, clip: Clip, steps: int, rows: int) -> Places:
    """[steps] the row of another stream for each of the first stream's rows.

    By the data set's clock, where it has one and both streams have several rows: the row nearest in time. Else both are taken to be
    spread evenly over the clip: the row in which the middle of each of the first stream's rows falls.

    Args:
        dataset: with or without ``seconds``.
        first: the first stream's encoder.
        other: the other one's.
        clip: whose rows they are.
        steps: rows of the first stream.
        rows: of the other.

    Raises:
        DataError: the clock has another number of rows.
    """
    seconds = getattr(dataset, "seconds", None)
    if seconds is None or steps == 1 or rows == 1:
        return np.arange(steps) if steps == rows else ((np.arange(steps) + 0.5) * rows / steps).astype(np.int64)
    wanted, there = seconds(first.stream, clip), seconds(other.stream, clip)
    if (len(wanted), len(there)) != (steps, rows):
        what = f"the data set gives {len(wanted)} and {len(there)} times for {steps} and {rows} rows"
        raise DataError(what, where=f"clip {clip.id!r}, streams {first.stream!r} and {other.stream!r}", hint="a fault of the data set")
    return nearest(there, wanted)


def check_tokens(tokens: npt.NDArray[np.float32], encoder: Encoder, clip: Clip) -> None:
    """Check the tokens of one clip.

    Raises:
        DataError: they have a wrong width, no row, or numbers that are not finite; names clip and stream.
    """
    where = f"clip {clip.id!r}, stream {encoder.stream!r}"
    if tokens.ndim != 2 or tokens.shape[1] != encoder.width:
        hint = f"the encoder expects [time, {encoder.width}]; is the array transposed, or from another network?"
        raise DataError(f"features have shape {list(tokens.shape)}", where=where, hint=hint)
    if not len(tokens):
        raise DataError("features have no row", where=where, hint="extract them again, or leave the clip out")
    if not np.isfinite(tokens).all():
        row = int((~np.isfinite(tokens)).any(axis=1).argmax())
        raise DataError(f"features are not finite in row {row}", where=where, hint="extract them again, or leave the clip out")


def encoded(encoder: Encoder, raw: np.ndarray, clip: Clip) -> npt.NDArray[np.float32]:
    """The tokens [time, width] of a raw array, checked as in :func:`check_tokens`."""
    with using(encoder, "gave tokens that cannot be used"):
        tokens = np.asarray(encoder.encode(raw), np.float32)
    check_tokens(tokens, encoder, clip)
    return tokens


def encode(dataset: Dataset, encoders: Sequence[Encoder], clip: Clip) -> npt.NDArray[np.float32]:
    """[time, sum of widths] of one clip.

    Raises:
        MissingError: a stream does not have it.
        DataError: its features are malformed.
    """
    parts: list[npt.NDArray[np.float32]] = []
    for encoder in encoders:
        tokens = encoded(encoder, read_stream(dataset, encoder, clip), clip)
        parts.append(tokens[aligned(dataset, encoders[0], encoder, clip, len(parts[0]), len(tokens))] if parts else tokens)
    return np.concatenate(parts, axis=1)


def spread(length: int, most: int | None) -> Places:
    """At most ``most`` of ``length`` places, evenly spread from the first to the last; None: all."""
    if most is None or length <= most:
        return np.arange(length)
    return np.round(np.linspace(0, length - 1, most)).astype(np.int64)
