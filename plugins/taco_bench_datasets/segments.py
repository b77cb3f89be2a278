"""Segments of videos with a sentence each, checked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from taco_bench.api import DataError

BadSegments = Literal["error", "skip"]
SHOWN = 3


@dataclass(frozen=True)
class Segment:
    """A sentence and when it holds.

    Attributes:
        video: id of the video.
        index: its place among the video's segments, as the annotations count it.
        start, end: seconds.
        text: as annotated, without blanks around it.
        training: whether it is of the training split.
        duration: seconds of the video, where known.
    """

    video: str
    index: int
    start: float
    end: float
    text: str
    training: bool
    duration: float | None = None

    @property
    def id(self) -> str:
        """VIDEO_INDEX, as antoine77340/howto100m names clips."""
        return f"{self.video}_{self.index}"


def fault(segment: Segment) -> str:
    """Why a segment cannot be used; empty where it can."""
    if not (math.isfinite(segment.start) and math.isfinite(segment.end)) or segment.start < 0:
        return "no time in the video"
    if segment.end <= segment.start:
        return "no length" if segment.end == segment.start else "an end before its start"
    if segment.duration is not None and segment.start >= segment.duration:
        return f"a start past the end of the video ({segment.duration:g} s)"
    return "" if segment.text else "no text"


def sound_segments(segments: Iterable[Segment], bad: BadSegments, where: str) -> tuple[list[Segment], list[str]]:
    """The segments that can be used, ends past the end of their video cut there, and what was left out or cut, a line each.

    Args:
        segments: as annotated.
        bad: "error", or "skip" for segments that cannot be used.
        where: file that they are from.

    Raises:
        DataError: some cannot be used and ``bad`` is "error"; names the first few.
    """
    kept, faults, cut = [], [], list[str]()
    for segment in segments:
        why = fault(segment)
        if why:
            faults.append(f"{segment.id} [{segment.start:g}, {segment.end:g}]: {why}")
        elif segment.duration is not None and segment.end > segment.duration:
            kept.append(replace(segment, end=segment.duration))
            cut.append(f"{segment.id} [{segment.start:g}, {segment.end:g}], its video lasts {segment.duration:g} s")
        else:
            kept.append(segment)
    if faults and bad == "error":
        hint = "mend them, or --set data.bad_segments=skip leaves such segments out and counts them"
        more = f" and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise DataError(f"{len(faults)} segments cannot be used: {'; '.join(faults[:SHOWN])}{more}", where=where, hint=hint)
    told = [f"{len(faults)} segments without length, text or place in their video left out, the first is {faults[0]}"] if faults else []
    return kept, told + ([f"{len(cut)} segments end after their video and are cut there, the first is {cut[0]}"] if cut else [])
