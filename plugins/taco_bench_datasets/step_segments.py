"""Annotated segments in seconds, to the whole seconds of :class:`taco_bench.api.Step`; what does not fit is counted, not hidden."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from taco_bench.api import Step

REVERSED = "segments that do not end after they start, left out"
BEFORE = "segments that start before the video, cut"
PAST = "segments that end past the video, cut"
OUTSIDE = "segments that lie outside the video, left out"


class Segment(NamedTuple):
    """One annotated segment.

    Attributes:
        label: its class.
        text: the step that it shows.
        start, end: in seconds, as annotated.
    """

    label: str
    text: str
    start: float
    end: float


def to_steps(segments: Iterable[Segment], length: int | None, counts: Counter[str]) -> tuple[Step, ...]:
    """Segments as steps of whole seconds, in order of time: [floor(start), ceil(end)), as in DmZhukov/CrossTask and fairseq's MMPT.

    Segments of equal start stay in the order of the file. Where two share a second after rounding, both have it.

    Args:
        segments: of one video.
        length: of the video, in seconds; None: unknown.
        counts: gets one more under its reason for each segment that was cut or left out.
    """
    return tuple(sorted(_steps(segments, length, counts), key=lambda step: step.start))


def _steps(segments: Iterable[Segment], length: int | None, counts: Counter[str]) -> Iterable[Step]:
    for segment in segments:
        if not segment.end > segment.start:
            counts[REVERSED] += 1
            continue
        start, end = math.floor(segment.start), math.ceil(segment.end)
        if end <= 0 or (length is not None and start >= length):
            counts[OUTSIDE] += 1
            continue
        if start < 0:
            counts[BEFORE] += 1
        if length is not None and end > length:
            counts[PAST] += 1
            end = length
        yield Step(segment.text, max(start, 0), end, segment.label)
