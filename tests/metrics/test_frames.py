"""Frame accuracy against scikit-learn and a count by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score

from taco_bench.metrics import frame_accuracy

FRAMES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@given(FRAMES, st.integers(0, 3))
def test_against_scikit_learn(frames: list[tuple[int, int]], background: int) -> None:
    predicted, target = (list(column) for column in zip(*frames, strict=True))
    found = frame_accuracy(predicted, target, background)
    assert found["accuracy"] == pytest.approx(100 * accuracy_score(target, predicted))
    steps = [(guess, truth) for guess, truth in frames if truth != background]
    if steps:
        assert found["accuracy_without_background"] == pytest.approx(100 * sum(guess == truth for guess, truth in steps) / len(steps))
    else:
        assert math.isnan(found["accuracy_without_background"])


def test_background_everywhere_has_its_share() -> None:
    assert frame_accuracy([0] * 8, [0, 0, 0, 0, 0, 1, 2, 2]) == {"accuracy": 62.5, "accuracy_without_background": 0.0}


@pytest.mark.parametrize(("predicted", "target"), [([1], [1, 2]), ([], []), ([[1]], [[1]])])
def test_what_is_refused(predicted: list[int], target: list[int]) -> None:
    with pytest.raises(ValueError, match="a class a frame"):
        frame_accuracy(predicted, target)
