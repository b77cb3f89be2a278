"""What a test set can detect: worked by hand, and found again by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.stats.intervals import cluster_sums
from taco_bench.stats.queries import detectable_over_queries

WORLDS = 4000


def answers(queries: int, discordant: int, gained: int | None = None) -> np.ndarray:
    """Differences in points: so many queries part two rows, ``gained`` of them for the first."""
    values = np.zeros(queries)
    values[:discordant] = -100.0
    values[: discordant // 2 if gained is None else gained] = 100.0
    return values


class TestByHand:
    @pytest.mark.parametrize(
        ("queries", "discordant", "expected"),
        [(1000, 50, 2.0), (1000, 100, 2.8), (1000, 200, 4.0), (3350, 168, 1.1), (3350, 335, 1.5), (3350, 670, 2.2)],
    )
    def test_one_query_a_video(self, queries: int, discordant: int, expected: float) -> None:
        """2.8 sqrt(share / n), and the table of the design notes: MSR-VTT's 1,000 and YouCook2's 3,350 queries."""
        found = detectable_over_queries(answers(queries, discordant), np.arange(queries))
        assert found == pytest.approx(100 * 2.8 * math.sqrt(discordant / queries / queries))
        assert round(found, 1) == expected

    def test_nothing_discordant(self) -> None:
        assert detectable_over_queries(np.zeros(10), np.arange(10)) == 0

    def test_queries_of_a_video_that_agree_count_once(self) -> None:
        """25 videos of four queries, all alike: as 25 queries would."""
        videos = np.repeat(np.arange(25), 4)
        alike = np.repeat(answers(25, 10), 4)
        assert detectable_over_queries(alike, videos) == pytest.approx(detectable_over_queries(answers(25, 10), np.arange(25)))

    def test_seeds_that_disagree_leave_less(self) -> None:
        """Of two seeds the first alone has a query right: half a difference, a quarter of the square."""
        half, whole = np.array([50.0, 0, 0, 0]), np.array([100.0, 0, 0, 0])
        assert detectable_over_queries(half, range(4)) == pytest.approx(detectable_over_queries(whole, range(4)) / 2)


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(-100, 100)), min_size=2, max_size=60).filter(lambda q: len({v for v, _ in q}) > 1))
def test_it_is_2_8_standard_errors_of_no_difference(queries: list[tuple[int, float]]) -> None:
    """A naive reference: sums by video in a dictionary."""
    sums: dict[int, float] = {}
    for video, value in queries:
        sums[video] = sums.get(video, 0.0) + value
    expected = 2.8 * math.sqrt(sum(total**2 for total in sums.values())) / len(queries)
    found = detectable_over_queries([value for _, value in queries], [video for video, _ in queries])
    assert found == pytest.approx(expected, abs=1e-9)


def power(worlds: np.ndarray, videos: np.ndarray) -> float:
    """The share of worlds [worlds, queries] in which a two-sided normal test over videos finds a difference at 5 %."""
    found = 0
    for values in worlds:
        sums, sizes = cluster_sums(values, videos)
        centred = sums - values.mean() * sizes
        found += abs(values.sum()) > 1.96 * math.sqrt(float(np.square(centred).sum()))
    return found / len(worlds)


def test_by_simulation_one_query_a_video() -> None:
    """1,000 queries, 10 % discordant: a true difference of 2.8 points is found in about 80 % of the worlds, one of 1.4 in about 29 %."""
    draw, queries, share = np.random.default_rng(0), 1000, 0.1
    effect = detectable_over_queries(answers(queries, 100), np.arange(queries)) / 100

    def worlds(true: float) -> np.ndarray:
        chances = [(share + true) / 2, (share - true) / 2, 1 - share]
        return draw.choice([100.0, -100.0, 0.0], (WORLDS // 4, queries), p=chances)

    assert power(worlds(effect), np.arange(queries)) == pytest.approx(0.8, abs=0.04)
    assert power(worlds(effect / 2), np.arange(queries)) == pytest.approx(0.29, abs=0.05)
    assert power(worlds(0.0), np.arange(queries)) == pytest.approx(0.05, abs=0.025)


def test_by_simulation_several_queries_a_video() -> None:
    """200 videos of 5 queries whose answers go together; the share of discordant queries alone would promise far too much."""
    draw, videos = np.random.default_rng(1), np.repeat(np.arange(200), 5)

    def world(true: float) -> np.ndarray:
        tendency = np.repeat(draw.normal(true, 30.0, 200), 5)
        return tendency + draw.normal(0.0, 30.0, 1000)

    effect = float(np.mean([detectable_over_queries(world(0.0), videos) for _ in range(50)]))
    assert power(np.array([world(effect) for _ in range(1000)]), videos) == pytest.approx(0.8, abs=0.04)
    naive = float(np.mean([2.8 * math.sqrt(np.square(world(0.0)).mean() / 1000) for _ in range(50)]))
    assert naive < 0.7 * effect
