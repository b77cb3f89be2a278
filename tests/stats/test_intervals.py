"""Intervals over seeds and over videos; coverage at length in benchmarks/coverage.py."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from taco_bench.stats.intervals import cluster_bootstrap, cluster_sums, paired_t_interval


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9).filter(lambda values: np.std(values) > 1e-3), st.sampled_from([0.9, 0.95, 0.99]))
def test_paired_t_is_scipy_s(differences, level):
    assert paired_t_interval(differences, level) == pytest.approx(tuple(scipy.stats.ttest_1samp(differences, 0).confidence_interval(level)))


def test_paired_t_of_equal_differences_is_a_point():
    assert paired_t_interval([0.25, 0.25, 0.25], 0.9) == (0.25, 0.25)


def test_one_seed_has_no_interval():
    with pytest.raises(ValueError, match="at least 2"):
        paired_t_interval([1.0], 0.95)


def videos_of(sizes):
    return np.repeat(np.arange(len(sizes)), sizes)


def test_equal_videos_agree_with_the_normal_law():
    """Many videos of one query each: the mean plus and minus 1.96 standard errors, but for chance in the draws."""
    values = np.random.default_rng(3).choice([-1.0, 0.0, 1.0], 900, p=[0.05, 0.85, 0.1])
    half = scipy.stats.norm.isf(0.025) * values.std(ddof=1) / 30
    assert cluster_bootstrap(values, np.arange(900)) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.07 * half)


def test_queries_of_a_video_stay_together():
    """Ten copies of each query within its video say no more than one."""
    values = np.random.default_rng(4).normal(size=60)
    assert cluster_bootstrap(np.repeat(values, 10), videos_of([10] * 60)) == pytest.approx(cluster_bootstrap(values, np.arange(60)))


def test_mean_is_over_queries_not_over_videos():
    """Every draw of a video with 9 ones and one with 1 zero lies between 0 and 1; both appear: 0.9."""
    values, videos = np.array([1.0] * 90 + [0.0] * 10), videos_of([9] * 10 + [1] * 10)
    low, high = cluster_bootstrap(values, videos)
    assert low < 0.9 < high
    assert low > 0.6


def test_few_or_unequal_videos_widen_it():
    """Against plain percentiles of the same ratio, drawn by hand."""
    sizes = np.array([1, 2, 30, 1, 2, 5, 20, 1])
    values = np.random.default_rng(5).normal(size=sizes.sum())
    sums = np.add.reduceat(values, np.r_[0, sizes.cumsum()[:-1]])
    drawn = np.random.default_rng(1).integers(0, 8, (20_000, 8))
    plain = np.quantile(sums[drawn].sum(1) / sizes[drawn].sum(1), [0.025, 0.975])
    low, high = cluster_bootstrap(values, videos_of(sizes))
    assert low < plain[0]
    assert high > plain[1]


def test_seeds_are_averaged_first():
    values = np.random.default_rng(6).normal(size=(5, 40))
    assert cluster_bootstrap(values, np.arange(40)) == cluster_bootstrap(values.mean(axis=0), np.arange(40))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.floats(-10, 10))
def test_shifts_with_the_values(seed, shift):
    values, videos = np.random.default_rng(seed).normal(size=30), videos_of([1, 2, 3, 4] * 3)
    low, high = cluster_bootstrap(values, videos, draws=200)
    moved = cluster_bootstrap(values + shift, videos, draws=200)
    assert moved == pytest.approx((low + shift, high + shift), abs=1e-9)
    assert low <= values.mean() <= high or math.isclose(low, high)


def test_repeats_and_follows_its_seed():
    values = np.random.default_rng(7).normal(size=50)
    assert cluster_bootstrap(values, np.arange(50)) == cluster_bootstrap(values, np.arange(50))
    assert cluster_bootstrap(values, np.arange(50), seed=1) != cluster_bootstrap(values, np.arange(50))


def test_wider_at_a_higher_level_and_a_point_where_nothing_differs():
    values = np.random.default_rng(8).normal(size=50)
    narrow, wide = (cluster_bootstrap(values, np.arange(50), level) for level in (0.9, 0.99))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert cluster_bootstrap(np.zeros(9), np.arange(9)) == (0.0, 0.0)


@pytest.mark.parametrize(("values", "videos", "message"), [
    ([1.0, 2.0], ["a", "a"], "at least 2, got 1"),
    ([1.0, 2.0], ["a"], "needs its video"),
    ([1.0, float("nan")], ["a", "b"], "not a finite number"),
])  # fmt: skip
def test_refuses(values, videos, message):
    with pytest.raises(ValueError, match=message):
        cluster_bootstrap(values, videos)


def test_sums_by_name_of_the_video():
    sums, sizes = cluster_sums([1.0, 2.0, 4.0], ["b", "a", "b"])
    assert sums.tolist() == [2.0, 5.0]
    assert sizes.tolist() == [1, 2]
