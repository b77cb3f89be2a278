"""The pictures of a video file, by PyAV (FFmpeg)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.errors import DataError, UserError
from taco_bench.extract.sampling import Picture

MICROSECOND = Fraction(1, 1_000_000)
LONGEST = 3600
"""Seconds that one picture may stay; more is a broken time stamp."""
SHORTEST = Fraction(19, 20)
"""Part of its declared length that a video must have, give or take a second; less is a file that was cut off."""


def check_av() -> None:
    """Check that PyAV is installed.

    Raises:
        UserError: it is not.
    """
    if importlib.util.find_spec("av") is None:
        raise UserError("decoding video needs the package av", where="features extract", hint="pip install 'taco-bench[video]'")


def pictures(path: Path) -> Iterator[Picture]:
    """All pictures of the first video stream, in the order in which they are shown.

    Second 0 is where the file starts, as a player counts; a stream without time stamps is counted by its frame rate.

    Raises:
        DataError: the file cannot be decoded, has no picture, or ends before its declared length.
    """
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise DataError("it has no video stream", where=str(path))
            yield from _decoded(container, container.streams.video[0], path)
    except (av.FFmpegError, OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"it cannot be decoded: {reason}", where=str(path)) from error


def _decoded(container: Any, stream: Any, path: Path) -> Iterator[Picture]:
    stream.codec_context.thread_count = 1  # the workers share the cores
    zero = None if container.start_time is None else container.start_time * MICROSECOND
    usual = 1 / Fraction(stream.average_rate) if stream.average_rate else Fraction(0)
    end, first = Fraction(0), None
    for frame in container.decode(stream):
        base = Fraction(frame.time_base or stream.time_base)
        if frame.pts is None:
            start = end
        else:
            zero = frame.pts * base if zero is None else zero
            start = frame.pts * base - zero
        if first is not None and start - end > LONGEST:
            raise DataError(f"its time stamps jump from {float(end):.0f} to {float(start):.0f} s", where=str(path))
        first = start if first is None else first
        end = start + (frame.duration * base if frame.duration else usual)
        yield Picture(start, end, frame)
    if first is None:
        raise DataError("it has no picture", where=str(path))
    _check_length(container, stream, end - first, path)


def _check_length(container: Any, stream: Any, found: Fraction, path: Path) -> None:
    if stream.duration is not None:
        declared = stream.duration * Fraction(stream.time_base)
    elif container.duration is not None:
        declared = container.duration * MICROSECOND
    else:
        return
    if found + 1 < declared * SHORTEST:
        raise DataError(f"it ends after {float(found):.1f} of {float(declared):.1f} s: it was cut off", where=str(path))


def pixels(picture: Picture) -> npt.NDArray[np.uint8]:
    """uint8 [height, width, 3] RGB, upright: turned as the file says that a player must turn it."""
    image: npt.NDArray[np.uint8] = picture.frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(image, round(picture.frame.rotation / 90)))
