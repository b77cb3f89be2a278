"""What seeds can detect, against simulated tables."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from taco_bench.stats.power import MOST, detectable_effect, power_at, seeds_for
from taco_bench.stats.signflip import sign_flip_p

FIVE = [0.2, 1.4, -0.3, 0.8, 0.5]


@pytest.mark.parametrize(("seeds", "comparisons"), [(5, 1), (6, 1), (8, 1), (12, 1), (6, 2), (7, 4), (8, 2)])
def test_the_exact_test_finds_the_effect_that_often(seeds, comparisons):
    """Four standard errors of the simulation, and a point for the noncentral t, which is a model of the sign-flip test."""
    pattern = np.array([-1.0, 1.0] * (seeds // 2) + [0.0] * (seeds % 2))
    effect = detectable_effect(pattern / pattern.std(ddof=1), 0.05 / comparisons)
    tables = np.random.default_rng(seeds).normal(effect, 1, (2000, seeds))
    found = np.mean([sign_flip_p(table) <= 0.05 / comparisons for table in tables])
    assert found == pytest.approx(0.8, abs=0.046)


def test_many_seeds_agree_with_the_normal_formula():
    """(1.645 + 0.842) / sqrt(n), the textbook's, where the t is as good as normal."""
    differences = np.random.default_rng(0).normal(size=1000)
    expected = (stats.norm.isf(0.05) + stats.norm.isf(0.2)) / math.sqrt(1000) * differences.std(ddof=1)
    assert detectable_effect(list(differences), 0.05) == pytest.approx(expected, rel=0.01)
    assert seeds_for(0.1, 1.0, 0.05) == pytest.approx(618, abs=3)


def test_seeds_that_cannot_reach_the_level_detect_nothing():
    assert detectable_effect(FIVE[:4], 0.05) == math.inf
    assert detectable_effect(FIVE, 0.025) == math.inf
    assert detectable_effect([1.0, 1.0, 1.0], 0.05) == math.inf
    assert detectable_effect([1.0], 0.6) == math.inf
    assert detectable_effect(FIVE, 0.05) < math.inf


def test_without_spread_any_effect_is_found():
    assert detectable_effect([0.3] * 5, 0.05) == 0.0
    assert seeds_for(0.01, 0.0, 0.05) == 5


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 4), st.floats(0.05, 3), st.sampled_from([0.05, 0.025, 0.0125]), st.sampled_from([0.8, 0.9]))
def test_seeds_for_is_the_first_number_that_does(effect, spread, alpha, power):
    seeds = seeds_for(effect, spread, alpha, power)
    assert power_at(effect, spread, seeds, alpha) >= power
    assert all(power_at(effect, spread, fewer, alpha) < power for fewer in range(max(1, seeds - 40), seeds))


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 100))
def test_effect_scales_with_the_spread(factor):
    scaled = detectable_effect([factor * difference for difference in FIVE], 0.05)
    assert scaled == pytest.approx(factor * detectable_effect(FIVE, 0.05))


def test_detectable_effect_and_seeds_for_agree():
    spread, effect = float(np.std(FIVE, ddof=1)), detectable_effect(FIVE, 0.05)
    assert seeds_for(effect * 1.0001, spread, 0.05) == 5
    assert seeds_for(effect * 0.9999, spread, 0.05) == 6


def test_hopeless_search_ends():
    assert seeds_for(1e-9, 1.0, 0.05) == MOST


@pytest.mark.parametrize("effect", [0.0, -1.0, float("nan")])
def test_refuses_an_effect_that_is_none(effect):
    with pytest.raises(ValueError, match="above 0"):
        seeds_for(effect, 1.0, 0.05)
