"""Segments in action segmentation: the edit score and F1 at an overlap, as MS-TCN defines them (yabufarha/ms-tcn, eval.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Segment(NamedTuple):
    """Frames [start, end) of one class."""

    label: int
    start: int
    end: int


def segments_of(frames: npt.ArrayLike, background: int = 0) -> list[Segment]:
    """The runs of equal classes in frames [frames], without those of the background."""
    classes = np.asarray(frames)
    starts = np.flatnonzero(np.concatenate([[True], classes[1:] != classes[:-1]])) if len(classes) else np.empty(0, np.int64)
    runs = zip(starts.tolist(), [*starts[1:].tolist(), len(classes)], strict=False)
    return [Segment(int(classes[start]), start, end) for start, end in runs if classes[start] != background]


def edit_score(predicted: npt.ArrayLike, target: npt.ArrayLike, background: int = 0) -> float:
    """How alike the orders of the segments of one video are, whatever their lengths: 100 (1 - Levenshtein distance / longer order).

    Args:
        predicted: [frames], classes.
        target: [frames], the true ones.
        background: the class whose segments do not count.

    Returns:
        0 to 100; 100 where neither has a segment.
    """
    guess = [segment.label for segment in segments_of(predicted, background)]
    truth = [segment.label for segment in segments_of(target, background)]
    longer = max(len(guess), len(truth))
    return 100.0 * (1 - _levenshtein(guess, truth) / longer) if longer else 100.0


def _levenshtein(a: Sequence[int], b: Sequence[int]) -> int:
    """Fewest insertions, deletions and substitutions that make one of the other."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
    return row[-1]


def segment_f1(predicted: Sequence[npt.ArrayLike], target: Sequence[npt.ArrayLike], overlap: float, background: int = 0) -> float:
    """F1@overlap over the segments of all videos together, in percent.

    In the order of time each predicted segment is held against the true segment of its class with the highest intersection over union
    (the first of the best): a hit if that is at least ``overlap`` and the segment was not hit before; else a false alarm.

    Args:
        predicted: of each video classes [frames].
        target: of each video the true ones.
        overlap: 0.1, 0.25 or 0.5 in the field.
        background: the class whose segments do not count.

    Returns:
        0 to 100; 0 where nothing is hit.
    """
    hits = alarms = true = 0
    for guess, truth in zip(predicted, target, strict=True):
        known = segments_of(truth, background)
        found = segments_of(guess, background)
        own = _hits(found, known, overlap)
        hits, alarms, true = hits + own, alarms + len(found) - own, true + len(known)
    return 200.0 * hits / (hits + alarms + true) if hits else 0.0


def _hits(found: Sequence[Segment], known: Sequence[Segment], overlap: float) -> int:
    hit: set[int] = set()
    for segment in found:
        shares = [_overlap(segment, other) for other in known]
        best = int(np.argmax(shares)) if shares else -1
        if best >= 0 and shares[best] >= overlap and best not in hit:
            hit.add(best)
    return len(hit)


def _overlap(a: Segment, b: Segment) -> float:
    """Intersection over union, 0 for other classes; the union counts what lies between two that do not meet."""
    both = min(a.end, b.end) - max(a.start, b.start)
    return max(0, both) / (max(a.end, b.end) - min(a.start, b.start)) if a.label == b.label else 0.0
