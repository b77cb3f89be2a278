"""The ordered assignment against brute force, and its ties against the full search over steps and backgrounds."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from plain.ranking import full_search

from taco_bench.metrics import ordered_assignment

Floats = npt.NDArray[np.float64]


def brute_force(scores: Floats) -> float:
    """The highest sum over all increasing seconds."""
    seconds, steps = scores.shape
    return max(sum(scores[t, k] for k, t in enumerate(chosen)) for chosen in itertools.combinations(range(seconds), steps))


def small_problems(values: st.SearchStrategy[float]) -> st.SearchStrategy[Floats]:
    shapes = st.tuples(st.integers(1, 8), st.integers(1, 5)).map(lambda shape: (shape[0] + shape[1] - 1, shape[1]))
    return shapes.flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=values))


@pytest.mark.parametrize("shape", [(seconds, steps) for seconds in range(1, 5) for steps in range(1, seconds + 1) if seconds * steps <= 8])
def test_every_small_matrix_of_two_values(shape: tuple[int, int]) -> None:
    for cells in itertools.product((0.0, 1.0), repeat=shape[0] * shape[1]):
        scores = np.array(cells).reshape(shape)
        found = ordered_assignment(scores)
        assert scores[found, np.arange(shape[1])].sum() == brute_force(scores)
        assert found.tolist() == full_search(scores), scores


@given(small_problems(st.integers(-3, 3).map(float)))
def test_whole_numbers_with_many_ties(scores: Floats) -> None:
    found = ordered_assignment(scores)
    assert (np.diff(found) > 0).all()
    assert scores[found, np.arange(len(found))].sum() == brute_force(scores)
    assert found.tolist() == full_search(scores)


@given(small_problems(st.floats(-100, 100)))
def test_any_numbers(scores: Floats) -> None:
    found = ordered_assignment(scores)
    assert (np.diff(found) > 0).all()
    assert scores[found, np.arange(len(found))].sum() == pytest.approx(brute_force(scores), abs=1e-9)


def test_worked_example() -> None:
    """Step 1 would like second 2 most, but then step 2 would lose more than step 1 gains."""
    scores = np.array([[1.0, 0.0], [2.0, 9.0], [5.0, 1.0], [0.0, 2.0]])
    assert ordered_assignment(scores).tolist() == [0, 1]


class TestTies:
    def test_all_alike_goes_to_the_earliest_but_for_the_last_step(self) -> None:
        assert ordered_assignment(np.zeros((6, 3))).tolist() == [0, 1, 5]

    def test_the_last_step_takes_the_earliest_best_where_the_last_second_is_worse(self) -> None:
        assert ordered_assignment(np.array([[0.0], [3.0], [3.0], [2.0]])).tolist() == [1]

    def test_a_predecessor_through_background_comes_before_the_second_directly_before(self) -> None:
        """Step 2 is on second 2; step 1 scores alike on 0 and on 1."""
        scores = np.array([[4.0, 0.0], [4.0, 0.0], [0.0, 9.0], [0.0, 0.0]])
        assert ordered_assignment(scores).tolist() == [0, 2]

    def test_a_better_second_directly_before_wins(self) -> None:
        scores = np.array([[4.0, 0.0], [5.0, 0.0], [0.0, 9.0], [0.0, 0.0]])
        assert ordered_assignment(scores).tolist() == [1, 2]


def test_as_many_seconds_as_steps() -> None:
    scores = np.random.default_rng(0).normal(size=(7, 7))
    assert ordered_assignment(scores).tolist() == list(range(7))


def test_impossible_places() -> None:
    scores = np.full((6, 2), -np.inf)
    assert (np.diff(ordered_assignment(scores)) > 0).all()
    scores[2, 0] = scores[4, 1] = 0.0
    assert ordered_assignment(scores).tolist() == [2, 4]


@given(hnp.arrays(np.float64, (4, 7, 3), elements=st.integers(0, 2).map(float)))
def test_several_problems_at_once(scores: Floats) -> None:
    assert ordered_assignment(scores).tolist() == [ordered_assignment(one).tolist() for one in scores]


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (np.zeros((2, 3)), "3 steps cannot lie on 2 seconds"),
        (np.zeros((0, 1)), "cannot lie on 0 seconds"),
        (np.zeros((4, 0)), "a step at least"),
        (np.zeros(4), "must be"),
        (np.array([[0.0], [np.nan]]), "below infinity"),
        (np.array([[0.0], [np.inf]]), "below infinity"),
    ],
)
def test_what_is_refused(scores: Floats, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ordered_assignment(scores)
