"""The exact sign-flip test, and what it cannot decide."""

import itertools

import numpy as np
import pytest
import scipy.stats
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taco_bench.errors import UserError
from taco_bench.stats.signflip import MOST_SEEDS, attainable_level, seeds_needed, sign_flip_p, smallest_p

WHOLE = st.lists(st.integers(-6, 6), min_size=1, max_size=9)


def naive(differences):
    """All 2^n assignments, one after the other; exact on whole numbers."""
    flipped = [sum(s * d for s, d in zip(signs, differences, strict=True)) for signs in itertools.product((1, -1), repeat=len(differences))]
    return sum(total >= sum(differences) for total in flipped) / len(flipped)


@given(WHOLE)
@example([0, 0, 0])
@example([3])
def test_is_the_share_of_all_assignments(differences):
    assert sign_flip_p(differences) == naive(differences)


@given(WHOLE, st.sampled_from([1.1, 1e-6, 100 / 3350, 1e9]))
def test_ties_survive_rounding(differences, unit):
    """Ten and eleven thirds of a point are as tied as ten and eleven."""
    assert sign_flip_p([difference * unit + 33.3 * unit - 33.3 * unit for difference in differences]) == naive(differences)


@pytest.mark.parametrize("seeds", [2, 5, 8, 12])
def test_agrees_with_scipy(seeds):
    differences = np.random.default_rng(seeds).normal(0.3, 1, seeds)
    found = scipy.stats.permutation_test((differences,), np.mean, permutation_type="samples", alternative="greater", n_resamples=np.inf)
    assert sign_flip_p(differences) == pytest.approx(found.pvalue, abs=1e-12)


@settings(max_examples=20)
@given(st.integers(21, MOST_SEEDS))
def test_many_seeds_are_exact_too(seeds):
    """All but one large and positive: only the small ones' sign and that of none of the large may change."""
    assert sign_flip_p([1000.0] * (seeds - 2) + [-1.0, 2.0]) == 2 * smallest_p(seeds)


def test_twenty_seeds_against_counting():
    """All differences equal but k negative ones: a binomial tail."""
    differences = [1] * 16 + [-1] * 4
    assert sign_flip_p(differences) == pytest.approx(scipy.stats.binom.sf(15, 20, 0.5), rel=1e-12)


@given(WHOLE)
def test_the_two_directions_share_only_ties(differences):
    up, down = sign_flip_p(differences), sign_flip_p([-difference for difference in differences])
    assert up + down >= 1
    assert (up == down == 1) or not all(difference == 0 for difference in differences)


def test_all_zero_says_nothing():
    assert sign_flip_p([0.0] * 5) == 1.0


@pytest.mark.parametrize("bad", [[], [1.0, float("nan")], [float("inf")]])
def test_refuses_what_is_not_a_sample(bad):
    with pytest.raises(ValueError, match="finite"):
        sign_flip_p(bad)


def test_refuses_more_seeds_than_it_can_count():
    with pytest.raises(UserError, match="up to 40 seeds, got 41"):
        sign_flip_p([1.0] * 41)


@pytest.mark.parametrize(("seeds", "one_sided", "two_sided"), [
    (3, 0.125, 0.25), (4, 0.0625, 0.125), (5, 0.03125, 0.0625), (6, 0.015625, 0.03125), (8, 0.00390625, 0.0078125),
])  # fmt: skip
def test_smallest_p(seeds, one_sided, two_sided):
    best = [float(value) for value in range(1, seeds + 1)]
    assert smallest_p(seeds) == sign_flip_p(best) == one_sided
    assert 2 * smallest_p(seeds) == two_sided


@pytest.mark.parametrize(("comparisons", "seeds"), [(1, 5), (2, 6), (4, 7), (6, 7), (10, 8)])
def test_seeds_without_which_nothing_passes(comparisons, seeds):
    assert seeds_needed(comparisons) == seeds


@pytest.mark.parametrize(("seeds", "level"), [(4, 0.0), (5, 1 / 32), (6, 3 / 64), (8, 12 / 256), (2000, 0.05)])
def test_attainable_level(seeds, level):
    assert attainable_level(seeds, 0.05) == level
