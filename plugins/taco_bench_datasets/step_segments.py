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


class LeftOut(Counter[str]):
    """How often something was left out or cut, by reason, and where the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[str, str] = {}

    def note(self, reason: str, where: str) -> None:
        """Count one more."""
        self[reason] += 1
        self.first.setdefault(reason, where)

    def clear(self) -> None:
        """Forget all."""
        super().clear()
        self.first.clear()

    def lines(self) -> list[str]:
        """A line for each reason."""
        firsts = {reason: f", the first is {where}" for reason, where in self.first.items()}
        return [f"{count:,} {reason}{firsts.get(reason, '')}" for reason, count in self.items() if count]


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


def to_steps(segments: Iterable[Segment], length: int | None, left_out: LeftOut, video: str) -> tuple[Step, ...]:
    """Segments as steps of whole seconds, in order of time: [floor(start), ceil(end)), as in DmZhukov/CrossTask and fairseq's MMPT.

    Segments of equal start stay in the order of the file. Where two share a second after rounding, both have it.

    Args:
        segments: of one video.
        length: of the video, in seconds; None: unknown.
        left_out: is told of each segment that was cut or left out.
        video: its id.
    """
    return tuple(sorted(_steps(segments, length, left_out, video), key=lambda step: step.start))


def _steps(segments: Iterable[Segment], length: int | None, left_out: LeftOut, video: str) -> Iterable[Step]:
    for segment in segments:
        where = f"{video} [{segment.start:g}, {segment.end:g}]"
        if not segment.end > segment.start:
            left_out.note(REVERSED, where)
            continue
        start, end = math.floor(segment.start), math.ceil(segment.end)
        if end <= 0 or (length is not None and start >= length):
            left_out.note(OUTSIDE, where)
            continue
        if start < 0:
            left_out.note(BEFORE, where)
        if length is not None and end > length:
            left_out.note(PAST, where)
            end = length
        yield Step(segment.text, max(start, 0), end, segment.label)
