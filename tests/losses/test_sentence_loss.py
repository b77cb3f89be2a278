"""L1, Eq. 3."""

from math import exp, log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.losses import sentence_nce

pytestmark = pytest.mark.compat


def naive(video, text, temperature=1.0):
    """Eq. 3 by loops: each text against all videos, mean over the texts."""
    total = 0.0
    for i, y in enumerate(text.tolist()):
        scores = [sum(a * b for a, b in zip(x, y, strict=True)) / temperature for x in video.tolist()]
        negatives = sum(exp(score) for j, score in enumerate(scores) if j != i)
        total += -log(exp(scores[i]) / (exp(scores[i]) + negatives))
    return total / len(text)


@st.composite
def pairs(draw):
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    shape = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    return torch.randn(*shape, generator=generator, dtype=torch.float64), torch.randn(*shape, generator=generator, dtype=torch.float64)


@given(pairs(), st.floats(0.25, 4.0), st.sampled_from([torch.float32, torch.float64]))
def test_equals_eq_3(pair, temperature, dtype):
    video, text = (part.to(dtype) for part in pair)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    found = sentence_nce(video, text, temperature=temperature)
    assert found.dtype == dtype
    assert found.item() == pytest.approx(naive(video, text, temperature), rel=tolerance, abs=tolerance)


@given(pairs(), st.floats(0.25, 4.0))
def test_symmetric_is_the_mean_of_both_directions(pair, temperature):
    video, text = pair
    both = (naive(video, text, temperature) + naive(text, video, temperature)) / 2
    assert sentence_nce(video, text, temperature=temperature, symmetric=True).item() == pytest.approx(both, rel=1e-12, abs=1e-12)


def test_by_hand_texts_choose_among_videos():
    video = torch.eye(2, dtype=torch.float64)
    text = torch.tensor([[1.0, 0.0], [3.0, 2.0]], dtype=torch.float64)  # also the logits [texts, videos]
    text_to_video = (log(1 + exp(-1)) + log(1 + exp(1))) / 2  # margins 1 and -1
    video_to_text = (log(1 + exp(2)) + log(1 + exp(-2))) / 2  # margins -2 and 2
    assert sentence_nce(video, text).item() == pytest.approx(text_to_video)
    assert sentence_nce(text, video).item() == pytest.approx(video_to_text)
    assert sentence_nce(video, text, symmetric=True).item() == pytest.approx((text_to_video + video_to_text) / 2)


def test_temperature_by_hand():
    eye = torch.eye(2, dtype=torch.float64)
    assert sentence_nce(eye, eye, temperature=0.5).item() == pytest.approx(log(1 + exp(-2)))


def test_equal_videos_give_chance():
    assert sentence_nce(torch.ones(5, 3), torch.randn(5, 3)).item() == pytest.approx(log(5))


def test_large_scores_stay_finite():
    video = 1e3 * torch.eye(3)
    video.requires_grad_()
    loss = sentence_nce(video, video.detach())
    loss.backward()
    assert loss.item() == 0
    assert video.grad.isfinite().all()


def test_autocast_does_not_round_the_logits():
    """Plain dot products are large: between 128 and 256 neighbouring numbers of bfloat16 are 1 apart."""
    generator = torch.Generator().manual_seed(0)
    video, text = (4 * torch.randn(6, 16, generator=generator) for _ in range(2))
    with torch.autocast("cpu", torch.bfloat16):
        found = sentence_nce(video, text)
    assert found.item() == pytest.approx(naive(video, text), rel=1e-4)
