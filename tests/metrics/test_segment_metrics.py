"""Segments: the edit score and F1 against slow versions of their definitions."""

from __future__ import annotations

import functools
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.metrics import edit_score, segment_f1, segments_of

FRAMES = st.lists(st.integers(0, 3), min_size=1, max_size=14)


def naive_segments(frames: list[int]) -> list[tuple[int, frozenset[int]]]:
    """Class and frames of each run."""
    runs, at = [], 0
    for label, group in itertools.groupby(frames):
        size = len(list(group))
        runs.append((label, frozenset(range(at, at + size))))
        at += size
    return [run for run in runs if run[0] != 0]


def naive_distance(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    @functools.cache
    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    return distance(len(a), len(b))


def naive_f1(predicted: list[list[int]], target: list[list[int]], overlap: float) -> float:
    hits = alarms = missed = 0
    for guess, truth in zip(predicted, target, strict=True):
        free = dict.fromkeys(range(len(naive_segments(truth))), True)
        for label, frames in naive_segments(guess):
            shares = [len(frames & own) / len(frames | own) if label == other else 0.0 for other, own in naive_segments(truth)]
            best = shares.index(max(shares)) if shares else None
            if best is not None and shares[best] >= overlap and free[best]:
                free[best] = False
                hits += 1
            else:
                alarms += 1
        missed += sum(free.values())
    if not hits:
        return 0.0
    precision, recall = hits / (hits + alarms), hits / (hits + missed)
    return 100 * 2 * precision * recall / (precision + recall)


@given(FRAMES)
def test_segments(frames: list[int]) -> None:
    assert [(s.label, frozenset(range(s.start, s.end))) for s in segments_of(frames)] == naive_segments(frames)


@given(FRAMES, FRAMES)
def test_edit_score(predicted: list[int], target: list[int]) -> None:
    a, b = (tuple(label for label, _ in naive_segments(frames)) for frames in (predicted, target))
    expected = 100 * (1 - naive_distance(a, b) / max(len(a), len(b))) if a or b else 100.0
    assert edit_score(predicted, target) == pytest.approx(expected)


@given(st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=12), min_size=1, max_size=4))
def test_f1(videos: list[list[tuple[int, int]]]) -> None:
    predicted, target = ([[pair[side] for pair in video] for video in videos] for side in (0, 1))
    for overlap in (0.1, 0.25, 0.5):
        assert segment_f1(predicted, target, overlap) == pytest.approx(naive_f1(predicted, target, overlap))


def test_worked_example() -> None:
    """Three true segments; the first is hit by 2 of 3 frames, the second twice (a false alarm), the third by 1 of 4 frames."""
    target = [1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3]
    predicted = [1, 1, 2, 2, 2, 0, 2, 2, 0, 0, 0, 3]
    assert edit_score(predicted, target) == 75.0  # 1 2 2 3 for 1 2 3
    assert segment_f1([predicted], [target], 0.1) == pytest.approx(100 * 2 * 3 / (2 * 3 + 1))
    assert segment_f1([predicted], [target], 0.5) == pytest.approx(100 * 2 * 1 / (2 * 1 + 3 + 2))


def test_nothing_is_shown_and_nothing_is_said() -> None:
    assert edit_score([0, 0], [0, 0]) == 100.0
    assert segment_f1([[0, 0]], [[0, 0]], 0.1) == 0.0
