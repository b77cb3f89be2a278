"""What a plan says of its seeds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.stats.planning import seed_warnings
from taco_bench.stats.verdicts import Comparison, judge


@pytest.mark.parametrize(("primary", "secondary", "seeds", "warning"), [
    (1, 2, 5, "5 seeds can decide the primary alone (smallest p 0.031); the 2 secondaries by Holm need 6"),
    (1, 4, 6, "6 seeds can decide the primary alone (smallest p 0.016); the 4 secondaries by Holm need 7"),
    (1, 0, 3, "3 seeds can decide nothing (smallest p 0.125): the primary needs 5"),
    (1, 1, 1, "1 seed can decide nothing (smallest p 0.500): the primary needs 5, the secondary needs 5"),
])  # fmt: skip
def test_sentences(primary, secondary, seeds, warning):
    assert seed_warnings(primary, secondary, seeds) == [warning]


@given(st.integers(0, 1), st.integers(0, 9), st.integers(1, 9))
def test_warns_where_the_best_possible_data_do_not_hold(primary, secondary, seeds):
    """The warnings before the training and the verdicts after it agree."""
    best = [1.0 + seed for seed in range(seeds)]
    table = [Comparison("p", best, True, 1.0)] * primary + [Comparison("s", best, False, 1.0)] * secondary
    refused = any(verdict.p is None for verdict in judge(table))
    assert bool(seed_warnings(primary, secondary, seeds)) == refused
