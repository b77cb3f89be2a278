"""L2, Eq. 4, and the token similarity of P 3.3 with its hand-written backward pass."""

from math import exp, log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from plain.token_loss import dense_similarity as dense
from plain.token_loss import dense_token_nce

from taco_bench.losses import token, token_nce, token_similarity, word_similarity

pytestmark = pytest.mark.compat
INF = float("inf")


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def naive_similarity(word, video, mask):
    """max over the real tokens of one video."""
    return max(dot(word, x) for x, real in zip(video.tolist(), mask.tolist(), strict=True) if real)


def naive(video_tokens, video_mask, text_tokens, weights, temperature=1.0):
    """Eq. 4 by loops: a softmax over the videos for each weighted token, mean over the texts."""
    total = 0.0
    for i, text in enumerate(text_tokens.tolist()):
        for p, word in enumerate(text):
            if weights[i, p] != 0:
                scores = [naive_similarity(word, x, m) / temperature for x, m in zip(video_tokens, video_mask, strict=True)]
                negatives = sum(exp(score) for j, score in enumerate(scores) if j != i)
                total += float(weights[i, p]) * -log(exp(scores[i]) / (exp(scores[i]) + negatives))
    return total / len(text_tokens)


def random_case(seed, videos, longest, width, words):
    """Words, video tokens with garbage as padding, and the mask; at least one real token a video."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, longest + 1, (videos,), generator=generator)
    mask = torch.arange(longest) < lengths.unsqueeze(1)
    video = torch.randn(videos, longest, width, generator=generator, dtype=torch.float64).masked_fill(~mask.unsqueeze(2), 100.0)
    return torch.randn(words, width, generator=generator, dtype=torch.float64), video, mask


@st.composite
def cases(draw):
    """A batch of K texts and videos with ragged lengths and weights, some of them 0."""
    seed, count, longest = draw(st.integers(0, 2**31)), draw(st.integers(1, 5)), draw(st.integers(1, 5))
    width, tokens = draw(st.integers(1, 8)), draw(st.integers(1, 5))
    words, video, mask = random_case(seed, count, longest, width, count * tokens)
    generator = torch.Generator().manual_seed(seed + 1)
    weights = torch.rand(count, tokens, generator=generator, dtype=torch.float64)
    weights = weights * (torch.rand(count, tokens, generator=generator) < 0.6)
    return video, mask, words.view(count, tokens, width), weights


@given(cases(), st.floats(0.5, 4.0), st.sampled_from([torch.float32, torch.float64]))
def test_equals_eq_4(case, temperature, dtype):
    video, mask, text, weights = case
    tolerance = 1e-4 if dtype == torch.float32 else 1e-12
    found = token_nce(video.to(dtype), mask, text.to(dtype), weights.to(dtype), temperature=temperature)
    assert found.item() == pytest.approx(naive(video, mask, text, weights, temperature), rel=tolerance, abs=tolerance)


def test_by_hand():
    video = torch.tensor([[[1.0, 0.0], [0.0, 2.0]], [[-1.0, 0.0], [9.0, 9.0]]])  # the last token is padding
    mask = torch.tensor([[True, True], [True, False]])
    text = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [5.0, 5.0]]])
    weights = torch.tensor([[0.25, 0.75], [0.5, 0.0]])
    # maxima: word (0, 0): 1 and -1; word (0, 1): 2 and 0; word (1, 0): 1 and -1, its own video is the second
    expected = (0.25 * log(1 + exp(-2)) + 0.75 * log(1 + exp(-2)) + 0.5 * log(1 + exp(2))) / 2
    assert token_nce(video, mask, text, weights).item() == pytest.approx(expected, rel=1e-6)


def test_weights_are_used_as_given():
    words, video, mask = random_case(0, 3, 4, 5, 6)
    weights = torch.tensor([[0.2, 0.0], [1.0, 3.0], [0.0, 0.4]], dtype=torch.float64)
    once = token_nce(video, mask, words.view(3, 2, 5), weights)
    assert token_nce(video, mask, words.view(3, 2, 5), 2 * weights).item() == pytest.approx(2 * once.item(), rel=1e-12)


def test_a_token_of_weight_0_has_no_part():
    words, video, mask = random_case(1, 3, 4, 5, 6)
    weights = torch.tensor([[0.2, 0.0], [1.0, 3.0], [0.0, 0.4]], dtype=torch.float64)
    other = torch.where((weights == 0).unsqueeze(2), 50.0, words.view(3, 2, 5))
    assert token_nce(video, mask, other, weights).item() == token_nce(video, mask, words.view(3, 2, 5), weights).item()


def test_a_text_without_tokens_of_interest_adds_0_and_still_divides():
    words, video, mask = random_case(2, 2, 3, 4, 2)
    text = words.view(2, 1, 4)
    one = token_nce(video, mask, text, torch.tensor([[1.0], [0.0]], dtype=torch.float64)).item()
    scores = [naive_similarity(words[0].tolist(), video[j], mask[j]) for j in range(2)]
    assert one == pytest.approx(log(1 + exp(scores[1] - scores[0])) / 2, rel=1e-12)


def test_a_batch_without_tokens_of_interest_is_0_and_can_be_trained():
    words, video, mask = random_case(3, 2, 3, 4, 2)
    video.requires_grad_()
    loss = token_nce(video, mask, words.view(2, 1, 4), torch.zeros(2, 1, dtype=torch.float64))
    loss.backward()
    assert loss.item() == 0
    assert (video.grad == 0).all()


@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 6), st.integers(1, 8), st.integers(0, 9))
def test_word_similarity_forward_and_backward(seed, videos, longest, width, count):
    words, video, mask = random_case(seed, videos, longest, width, count)
    pull = torch.randn(count, videos, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    results = []
    for function in (word_similarity, dense):
        w, x = words.clone().requires_grad_(), video.clone().requires_grad_()
        found = function(w, x, mask)
        results.append((found, *torch.autograd.grad(found, (w, x), pull)))
    for ours, plain in zip(*results, strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("at_a_time", [1, 3, 7, 512])
def test_word_similarity_in_parts(monkeypatch, at_a_time):
    monkeypatch.setattr(token, "WORDS_AT_A_TIME", at_a_time)
    words, video, mask = random_case(4, 3, 4, 6, 7)
    words.requires_grad_()
    video.requires_grad_()
    for word, row in zip(words.tolist(), word_similarity(words, video, mask).tolist(), strict=True):
        assert row == pytest.approx([naive_similarity(word, x, m) for x, m in zip(video, mask, strict=True)])
    assert torch.autograd.gradcheck(lambda w, x: word_similarity(w, x, mask), (words, video))


@given(cases(), st.sampled_from([torch.float32, torch.float64]))
def test_gradients_are_those_of_the_dense_form(case, dtype):
    """To 1e-5 of the largest in float32; texts without words of interest, one pair and one token are among the cases."""
    video, mask, text, weights = case
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    found = []
    for loss, kind in ((token_nce, dtype), (dense_token_nce, torch.float64)):
        x = video.masked_fill(~mask.unsqueeze(2), 0.0).to(kind).requires_grad_()
        y = text.to(kind).requires_grad_()
        found.append(torch.autograd.grad(loss(x, mask, y, weights.to(kind)), (x, y)))
    for ours, plain in zip(*found, strict=True):
        assert (ours.double() - plain).abs().max() <= tolerance * max(1.0, plain.abs().max())


@pytest.mark.parametrize("longest", [1, 255, 256, 300])
def test_of_tied_video_tokens_the_first_has_the_gradient(longest):
    """As torch's own maximum; also where a place takes more than 8 bits."""
    video = torch.zeros(2, longest, 3, dtype=torch.float64)
    video[0, longest // 2 :] = 1.0
    video.requires_grad_()
    word_similarity(torch.ones(1, 3, dtype=torch.float64), video, torch.ones(2, longest, dtype=torch.bool)).sum().backward()
    assert video.grad.sum(dim=2).nonzero().tolist() == [[0, longest // 2], [1, 0]]


def test_the_place_beyond_8_bits_is_found():
    words, video, mask = random_case(9, 3, 300, 4, 20)
    for function in (word_similarity, dense):
        assert torch.autograd.gradcheck(lambda w, f=function: f(w, video, mask), (words.clone().requires_grad_(),))


def test_nan_stays_nan_and_breaks_nothing():
    words, video, mask = random_case(10, 3, 4, 5, 6)
    words[2] = torch.nan
    words.requires_grad_()
    video.requires_grad_()
    found = word_similarity(words, video, mask)
    assert found.isnan().any(dim=1).tolist() == [False, False, True, False, False, False]
    found.sum().backward()


def test_garbage_in_padding_is_harmless():
    words, video, mask = random_case(11, 3, 4, 5, 6)
    assert (~mask).any()
    video = video.masked_fill(~mask.unsqueeze(2), torch.nan).requires_grad_()
    words.requires_grad_()
    word_similarity(words, video, mask).sum().backward()
    assert words.grad.isfinite().all()
    assert video.grad.isfinite().all()


def test_padding_has_no_gradient():
    words, video, mask = random_case(5, 3, 6, 4, 8)
    video.requires_grad_()
    word_similarity(words, video, mask).sum().backward()
    assert (~mask).any()
    assert (video.grad[~mask] == 0).all()


@pytest.mark.parametrize(("word_type", "video_type"), [(torch.float32, torch.float32), (torch.bfloat16, torch.float32)])
def test_word_similarity_trains_under_autocast(word_type, video_type):
    """In bfloat16 training a projection gives bfloat16 words, and a layer norm float32 words and video tokens."""
    words, video, mask = random_case(6, 3, 4, 8, 5)
    w, x = words.to(word_type).requires_grad_(), video.to(video_type).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        found = word_similarity(w, x, mask)
    found.float().sum().backward()
    torch.testing.assert_close(found.double(), dense(words, video, mask), rtol=0.03, atol=0.1)
    assert w.grad.isfinite().all()
    assert x.grad.isfinite().all()


@given(cases())
def test_token_similarity(case):
    video, mask, text, weights = case
    interest = weights > 0.3
    found = token_similarity(video, mask, text, interest)
    assert found.shape == (len(text), text.shape[1], len(video))
    for (i, p), chosen in zip([(i, p) for i in range(len(text)) for p in range(text.shape[1])], interest.flatten().tolist(), strict=True):
        expected = [naive_similarity(text[i, p].tolist(), x, m) if chosen else 0.0 for x, m in zip(video, mask, strict=True)]
        assert found[i, p].tolist() == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_token_similarity_is_differentiable_and_silent_outside_the_mask():
    words, video, mask = random_case(7, 3, 4, 5, 6)
    text, interest = words.view(2, 3, 5).requires_grad_(), torch.tensor([[True, False, True], [False, False, True]])
    assert torch.autograd.gradcheck(lambda t: token_similarity(video, mask, t, interest), (text,))
    token_similarity(video, mask, text, interest).sum().backward()
    assert (text.grad[~interest] == 0).all()
    assert (text.grad[interest] != 0).any(dim=1).all()


def test_autocast_does_not_round_the_loss():
    words, video, mask = (part if part.dtype == torch.bool else part.float() for part in random_case(8, 4, 3, 8, 12))
    weights = torch.rand(4, 3, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        found = token_nce(video, mask, words.view(4, 3, 8), weights)
    assert found.item() == pytest.approx(naive(video, mask, words.view(4, 3, 8), weights), rel=1e-4)
