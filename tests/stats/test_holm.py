"""Holm's correction against its definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.stats.holm import holm

PS = st.lists(st.floats(0, 1), max_size=8)


def rejected(p, alpha):
    """Step down: compare the k-th smallest with alpha / (m - k), stop at the first that fails."""
    found = set()
    for step, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if p[place] * (len(p) - step) > alpha:
            break
        found.add(place)
    return found


@given(PS, st.floats(0.001, 0.999))
def test_rejects_what_the_steps_reject(p, alpha):
    assert {place for place, adjusted in enumerate(holm(p)) if adjusted <= alpha} == rejected(p, alpha)


@given(PS)
def test_lies_between_p_and_bonferroni(p):
    assert all(own <= adjusted <= min(1, len(p) * own + 1e-12) for own, adjusted in zip(p, holm(p), strict=True))


@given(st.permutations([0.01, 0.04, 0.03, 0.005]))
def test_keeps_the_order(p):
    worked = {0.005: 0.02, 0.01: 0.03, 0.03: 0.06, 0.04: 0.06}
    assert holm(p) == pytest.approx([worked[value] for value in p])


def test_none_and_one():
    assert holm([]) == []
    assert holm([0.03]) == [0.03]
