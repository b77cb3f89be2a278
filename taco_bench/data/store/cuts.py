"""How the known code bases cut a segment [s, e] (seconds) out of a video's rows.

| rule | rows | code base |
|---|---|---|
| howto100m | ``int(s r) : int(e r) + 1`` at r rows a second | antoine77340/howto100m and followers |
| mmpt | ``int(s r) : int(e r)`` | fairseq MMPT, VideoCLIP |
| mmpt-first32 | the first 32 rows of what mmpt gives, of a whole video too | fairseq MMPT on MSR-VTT (max_video_len 32) |
| univl | ``int(s) : int(e) + 1``: one row a second | microsoft/UniVL |
| crosstask | ``floor(s r) : ceil(e r)``, as the labels of each second are set | DmZhukov/CrossTask, COIN |
| fraction | ``int(s n / d) : int(e n / d)`` of n rows over d seconds | v-iashin/BMT |
| times | the rows whose middle lies in [s, e] | gabeur/mmt |
| whole | every row: the code base knows no segments | collaborative-experts, MLDS |
| clip | every row: the files hold clips that are cut already | howto100m's pickles |

Whatever the rule: an end past the video is clipped, and a cut without a row falls back to the row nearest to it. A segment that begins
after the last row's end is such a cut too: it gets the last row however far away that is, as no code base leaves such a clip out of its
pool. :meth:`taco_bench.data.store.streams.FeatureStreams.end` is what data sets count and name such clips by.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taco_bench.errors import DataError


@dataclass(frozen=True)
class Span:
    """A segment of a video, as a rule sees it.

    Attributes:
        start, end: seconds.
        rows: of the whole video.
        rate: rows a second.
        times: [rows] seconds, the middle of each row; only for the rule that looks at them.
    """

    start: float
    end: float
    rows: int
    rate: float
    times: npt.NDArray[np.float64]


Rule = Callable[[Span], tuple[int, int]]

RULES: dict[str, Rule] = {
    "howto100m": lambda span: (int(span.start * span.rate), int(span.end * span.rate) + 1),
    "mmpt": lambda span: (int(span.start * span.rate), int(span.end * span.rate)),
    "univl": lambda span: (int(span.start), int(span.end) + 1),
    "crosstask": lambda span: (math.floor(span.start * span.rate), math.ceil(span.end * span.rate)),
    "fraction": lambda span: (int(span.start * span.rate), int(span.end * span.rate)),  # the rate is n / d there
    "times": lambda span: (int(np.searchsorted(span.times, span.start)), int(np.searchsorted(span.times, span.end, side="right"))),
}
"""From a segment to its first row and the one after its last, before clipping. "whole" and "clip" cut nothing."""

FIRST = {"mmpt-first32": ("mmpt", 32)}
"""Rules that keep the first so many rows of what another rule gives."""
NO_TIMES = np.empty(0)
WHOLE = ("whole", "clip")
"""Rules that take every row."""
NAMES = (*RULES, *FIRST, *WHOLE)
"""Every rule."""


def row_times(
    rows: int, rate: float | None, times: npt.NDArray[np.floating] | None, duration: float | None
) -> npt.NDArray[np.float64] | None:
    """[rows] the middle of each row in seconds from the beginning of what the rows cover; None where nothing says when they are."""
    if times is not None:
        return np.asarray(times, np.float64)
    if rate is None and duration is None:
        return None
    return np.asarray(np.arange(rows) + 0.5, np.float64) * (1 / rate if rate is not None else (duration or 0.0) / rows)


def rows_end(rule: str, rows: int, rate: float | None, times: npt.NDArray[np.floating] | None, duration: float | None) -> float | None:
    """Where the rows of a video end, in seconds, as :func:`cut` sees it; None where nothing is cut or nothing says when they are."""
    if rule in WHOLE:
        return None
    if duration and (rule == "fraction" or (rate is None and times is None)):
        return duration
    if times is not None:
        return float(times[-1] + (times[-1] - times[-2]) / 2 if rows > 1 else times[-1])
    return None if rate is None else rows / rate


def cut(
    rule: str,
    rows: int,
    rate: float | None,
    times: npt.NDArray[np.floating] | None,
    start: float | None,
    end: float | None,
    duration: float | None,
) -> tuple[int, int]:
    """The first row of a segment and the one after its last; never empty.

    Args:
        rule: a name of :data:`NAMES`.
        rows: of the whole video, at least 1.
        rate: rows a second, where known.
        times: [rows] the middle of each row, where the format says.
        start: seconds; None: from the beginning.
        end: seconds; None: to the end.
        duration: seconds of the whole video, where known.

    Raises:
        DataError: the segment ends before it begins, or the rows' times are not known.
    """
    if rule in FIRST:
        under, most = FIRST[rule]
        first, last = cut(under, rows, rate, times, start, end, duration)
        return first, min(last, first + most)
    if rule in WHOLE or (start is None and end is None):
        return 0, rows
    if end is not None and end < (start or 0.0):
        raise DataError(f"the segment [{start}, {end}] ends before it begins", hint="mend its times in the annotations")
    rate = rows / duration if duration and (rule == "fraction" or rate is None) else rate
    if rate is None and times is None:
        hint = "give the rate to the reader (NAME:RATE), or the video's duration"
        raise DataError("a segment is to be cut, but nothing says how many rows a second there are", hint=hint)
    rate = rate or rows / float(times[-1] if times is not None and times[-1] > 0 else 1.0)
    middles = row_times(rows, rate, times, duration) if rule == "times" else None
    span = Span(start or 0.0, rows / rate if end is None else end, rows, rate, NO_TIMES if middles is None else middles)
    first, last = RULES[rule](span)
    first, last = max(0, first), rows if end is None else min(rows, last)
    if first < last:
        return first, last
    nearest = int(np.abs(span.times - (span.start + span.end) / 2).argmin()) if rule == "times" else min(first, rows - 1)
    return nearest, nearest + 1
