"""Windows over long videos."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.api import overlap_mean, window_rows, window_starts

SIZES = st.tuples(st.integers(1, 60), st.integers(1, 12)).flatmap(lambda s: st.tuples(st.just(s[0]), st.just(s[1]), st.integers(1, s[1])))


@given(SIZES)
def test_every_row_is_covered_and_no_window_is_short(sizes: tuple[int, int, int]) -> None:
    frames, window, stride = sizes
    rows = window_rows(frames, window, stride)
    assert set(rows.reshape(-1).tolist()) == set(range(frames))
    assert rows.shape[1] == min(frames, window)
    starts = window_starts(frames, window, stride)
    assert starts == rows[:, 0].tolist() == sorted(set(starts))
    assert all(after - before == stride for before, after in itertools.pairwise(starts[:-1]))


def test_worked_example() -> None:
    assert window_starts(70, 32, 16) == [0, 16, 32, 38]
    assert window_starts(64, 32, 16) == [0, 16, 32]
    assert window_starts(32, 32, 16) == [0]
    assert window_starts(5, 32, 16) == [0]


@given(SIZES, st.integers(0, 9))
def test_the_mean_of_what_windows_say(sizes: tuple[int, int, int], seed: int) -> None:
    frames, window, stride = sizes
    rows = window_rows(frames, window, stride)
    values = np.random.default_rng(seed).normal(size=(*rows.shape, 2)).astype(np.float32)
    naive = [np.mean([values[w, r] for w, r in zip(*np.nonzero(rows == frame), strict=True)], axis=0) for frame in range(frames)]
    np.testing.assert_allclose(overlap_mean(values, rows, frames), naive, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sizes", [(0, 4, 2), (5, 4, 5), (5, 4, 0), (5, 0, 0)])
def test_what_would_leave_rows_out(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot cover"):
        window_starts(*sizes)
