"""Where the mean of uninformed seeds lands."""

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.stats.permutation import chance_interval


def order_statistic(values, share):
    """The smallest value with at least ``share`` of the values at or below it; by counting, exactly."""
    return sorted(values)[max(1, ceil(share * len(values))) - 1]


@given(st.integers(1, 40), st.integers(1, 3), st.sampled_from([Fraction(1, 2), Fraction(3, 4), Fraction(7, 8)]), st.integers(0, 2**31))
def test_ends_are_order_statistics_of_the_mean_over_seeds(permutations, seeds, level, seed):
    draws = np.random.default_rng(seed).normal(size=(seeds, permutations, 2))
    found = chance_interval(list(draws), float(level))
    assert found.shape == (2, 2)
    for metric in range(2):
        means = [sum(draws[s, p, metric] for s in range(seeds)) / seeds for p in range(permutations)]
        ends = order_statistic(means, (1 - level) / 2), order_statistic(means, 1 - (1 - level) / 2)
        assert found[:, metric] == pytest.approx(ends)


def test_seeds_are_averaged_under_the_same_permutation():
    """Two seeds that always err in opposite directions: their mean never moves."""
    one = np.arange(100.0)[:, None]
    np.testing.assert_array_equal(chance_interval([one, 99 - one]), [[49.5], [49.5]])


@pytest.mark.parametrize("permutations", [2000, 10_000])
def test_usual_level_leaves_out_one_in_a_thousand(permutations):
    values = np.random.default_rng(0).permutation(permutations).astype(float)
    low, high = chance_interval([values[:, None]])[:, 0]
    inside = ((values >= low) & (values <= high)).mean()
    assert 0.999 <= inside <= 0.999 + 1 / permutations
    assert abs((values < low).sum() - (values > high).sum()) <= 1
