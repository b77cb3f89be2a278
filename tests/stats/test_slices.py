"""Where a row wins."""

import itertools

import numpy as np
import pytest

from taco_bench.stats.holm import holm
from taco_bench.stats.intervals import cluster_bootstrap
from taco_bench.stats.slices import FEWEST_QUERIES, cluster_sign_flip_p, slice_differences


def table(queries=600, seed=0):
    generator = np.random.default_rng(seed)
    videos = generator.integers(0, 150, queries)
    nouns = generator.integers(0, 4, queries)
    b = generator.random(queries) < 0.3
    return videos, nouns, b.astype(float)


def test_planted_effect_shows_in_its_slice_only():
    videos, nouns, b = table()
    noise = np.random.default_rng(9).choice([-0.5, 0.0, 0.5], len(b), p=[0.1, 0.8, 0.1])
    a = b + noise + 0.2 * (nouns == 3)
    found = slice_differences(a, b, videos, {f"{count} nouns": nouns == count for count in range(4)})
    assert [part.name for part in found] == ["0 nouns", "1 nouns", "2 nouns", "3 nouns"]
    assert [part.p_adjusted <= 0.05 for part in found] == [False, False, False, True]
    assert found[3].mean == pytest.approx(np.mean((a - b)[nouns == 3]))
    assert found[3].interval == cluster_bootstrap((a - b)[nouns == 3], videos[nouns == 3])
    assert found[3].queries == (nouns == 3).sum()
    assert found[3].clusters == len(set(videos[nouns == 3].tolist()))
    assert [part.p_adjusted for part in found] == holm([part.p for part in found])


def test_small_slices_are_left_out_and_cost_nothing():
    videos, nouns, b = table()
    few = np.arange(len(b)) < FEWEST_QUERIES - 1
    one_video = np.isin(videos, videos[:3])
    a = b + 0.1 * (nouns > 1)
    alone = slice_differences(a, b, videos, {"rest": nouns > 1})
    assert slice_differences(a, b, videos, {"few": few, "none": few & ~few, "three videos": one_video, "rest": nouns > 1}) == alone
    assert slice_differences(a, b, videos, {"few": few}) == []


def test_identical_rows_differ_nowhere():
    videos, nouns, b = table()
    (part,) = slice_differences(b, b, videos, {"all": nouns >= 0})
    assert (part.mean, part.interval, part.p) == (0.0, (0.0, 0.0), 1.0)


def test_p_is_near_the_exact_one():
    sums = np.array([3.0, 1.0, -1.0, 2.0, 2.0, 0.0, 4.0, -2.0, 1.0, 3.0])
    flipped = [abs(np.dot(signs, sums)) for signs in itertools.product((1, -1), repeat=10)]
    exact = np.mean(np.array(flipped) >= abs(sums.sum()))
    assert cluster_sign_flip_p(sums) == pytest.approx(exact, abs=4 * np.sqrt(exact / 10_000))
    assert cluster_sign_flip_p(-sums) == cluster_sign_flip_p(sums) == cluster_sign_flip_p(0.1 * sums)


def test_p_is_never_0():
    assert cluster_sign_flip_p(np.ones(200), draws=999) == 1 / 1000


def test_videos_not_queries_are_flipped():
    """Six videos that agree within themselves: 2 of 64 assignments are as extreme, however many queries there are."""
    assert cluster_sign_flip_p([50.0] * 6) == pytest.approx(2 / 64, abs=0.006)


def test_p_is_uniform_enough_under_the_null():
    tables = np.random.default_rng(2).normal(size=(400, 40))
    assert np.mean([cluster_sign_flip_p(sums, draws=199) <= 0.05 for sums in tables]) == pytest.approx(0.05, abs=0.035)
