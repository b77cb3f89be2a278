"""L3, Eq. 5, over sampled negatives."""

from math import exp, log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.losses import fusion_nce

pytestmark = pytest.mark.compat


def naive(positive, negative, mask=None):
    """Eq. 5 of one direction by loops, mean over the anchors."""
    total = 0.0
    for a, own in enumerate(positive.tolist()):
        others = [x for k, x in enumerate(negative[a].tolist()) if mask is None or mask[a, k]]
        total += -log(exp(own) / (exp(own) + sum(exp(x) for x in others)))
    return total / len(positive)


@st.composite
def logits(draw):
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    anchors, negatives = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    positive = 3 * torch.randn(anchors, generator=generator, dtype=torch.float64)
    negative = 3 * torch.randn(anchors, negatives, generator=generator, dtype=torch.float64)
    return positive, negative, torch.rand(anchors, negatives, generator=generator) < 0.5


@given(logits(), st.sampled_from([torch.float32, torch.float64]))
def test_equals_eq_5(case, dtype):
    positive, negative = case[0].to(dtype), case[1].to(dtype)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    assert fusion_nce(positive, negative).item() == pytest.approx(naive(positive, negative), rel=tolerance, abs=tolerance)


@given(logits())
def test_masked_negatives_do_not_count(case):
    positive, negative, mask = case
    assert fusion_nce(positive, negative, mask).item() == pytest.approx(naive(positive, negative, mask), rel=1e-12, abs=1e-12)


def test_one_negative_by_hand():
    positive, negative = torch.tensor([2.0, -1.0]), torch.tensor([[1.0], [1.0]])
    assert fusion_nce(positive, negative).item() == pytest.approx((log(1 + exp(-1)) + log(1 + exp(2))) / 2, rel=1e-6)


def test_masked_negatives_have_no_gradient_even_where_none_is_left():
    positive = torch.tensor([0.5, 0.5], requires_grad=True)
    negative = torch.tensor([[3.0, 1.0], [2.0, 9.0]], requires_grad=True)
    mask = torch.tensor([[True, False], [False, False]])
    fusion_nce(positive, negative, mask).backward()
    share = exp(3.0) / (exp(3.0) + exp(0.5)) / 2  # of the one negative, over two anchors
    assert torch.allclose(negative.grad, torch.tensor([[share, 0.0], [0.0, 0.0]]))
    assert torch.allclose(positive.grad, torch.tensor([-share, 0.0]), atol=1e-7)


def test_large_logits_stay_finite():
    assert fusion_nce(torch.tensor([1e4, -1e4]), torch.tensor([[0.0], [0.0]])).item() == pytest.approx(5e3)
