"""Eq. 6 over one batch."""

from types import SimpleNamespace

import pytest
import torch
from builders import ragged, random_rows
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.api import PluginError
from taco_bench.config import Losses
from taco_bench.model.language import TextFeatures
from taco_bench.model.taco import Words
from taco_bench.model.video import VideoFeatures
from taco_bench.train.objective import Terms, batch_terms

pytestmark = pytest.mark.compat


class Table:
    """A model whose fusion logits are a table [texts, videos]; remembers the pairs that it was asked for."""

    def __init__(self, logits):
        self.logits, self.asked = logits, []

    def fuse(self, text, video, text_of, video_of):
        self.asked += zip(text_of.tolist(), video_of.tolist(), strict=True)
        return self.logits[text_of, video_of]


class Fixed:
    """A sampler that picks what it is told; remembers the scores that it was given."""

    def __init__(self, videos, texts):
        self.videos, self.texts = torch.as_tensor(videos), torch.as_tensor(texts)

    def negatives(self, batch_size):
        return self.videos.shape[1]

    def sample(self, scores, batch_size, generator, device):
        self.scores = scores
        return self.videos, self.texts


def batch(size, seed=0, lonely=()):
    """Texts and videos of a batch, and two words of interest a text but none of ``lonely`` texts."""
    texts = random_rows([3 + (i % 3) for i in range(size)], 4, seed)
    videos = random_rows([1 + (i % 4) for i in range(size)], 4, seed + 1)
    text = TextFeatures(ragged(texts), torch.stack([row[0] for row in texts]))
    video = VideoFeatures(ragged(videos), torch.stack([row.mean(dim=0) for row in videos]))
    owner = [i for i in range(size) for _ in range(2) if i not in lonely]
    starts = [sum(len(row) for row in texts[:i]) for i in range(size)]
    rows = [starts[i] + 1 + k for i in range(size) for k in range(2) if i not in lonely]
    weights = torch.rand(len(rows), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return texts, videos, text, video, Words(torch.tensor(rows, dtype=torch.int64), torch.tensor(owner, dtype=torch.int64), weights)


def terms(case, losses, sampler=None, model=None):
    _, _, text, video, words = case
    return batch_terms(model, text, video, words, losses, sampler, torch.Generator())


def nce(scores, own):
    """-log softmax of one anchor, from a list of scores."""
    return torch.stack(scores).logsumexp(0) - scores[own]


def naive_sentence(case):
    texts, videos, *_ = case
    table = [[t[0] @ v.mean(dim=0) for v in videos] for t in texts]
    return torch.stack([nce(row, i) for i, row in enumerate(table)]).mean(), table


def naive_token(case):
    """L2, and the plain sums [texts, videos] of the maxima."""
    texts, videos, _, _, words = case
    flat = torch.cat(texts)
    total, table = torch.zeros((), dtype=torch.float64), torch.zeros(len(texts), len(videos), dtype=torch.float64)
    for row, owner, weight in zip(words.rows, words.owner, words.weights, strict=True):
        scores = [max(flat[row] @ x for x in v) for v in videos]
        total = total + weight * nce(scores, int(owner))
        table[owner] += torch.stack(scores)
    return total / len(texts), table


def naive_fusion(logits, videos, texts, both=True):
    """L3: each text against its sampled videos, each video against its sampled texts, from the logits of all pairs."""
    by_text = [nce([logits[i, i], *(logits[i, j] for j in videos[i])], 0) for i in range(len(logits))]
    by_video = [nce([logits[i, i], *(logits[j, i] for j in texts[i])], 0) for i in range(len(logits))]
    forward, backward = torch.stack(by_text).mean(), torch.stack(by_video).mean()
    return (forward + backward) / 2 if both else forward


@st.composite
def picks(draw):
    """Logits of all pairs, and negatives of both directions."""
    size = draw(st.integers(2, 6))
    count = draw(st.integers(1, size - 1))
    others = [st.permutations([j for j in range(size) if j != i]).map(lambda order: list(order[:count])) for i in range(size)]
    logits = torch.randn(size, size, generator=torch.Generator().manual_seed(draw(st.integers(0, 2**31))), dtype=torch.float64)
    return logits, [draw(one) for one in others], [draw(one) for one in others]


@given(picks())
def test_l3_equals_that_of_all_pairs_and_counts_distinct_ones(case):
    logits, videos, texts = case
    size = len(logits)
    ours, plain = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    model = Table(ours)
    found = terms(batch(size), Losses(use=("l3",)), Fixed(videos, texts), model)
    expected = naive_fusion(plain, videos, texts)
    assert found.terms["l3"].item() == pytest.approx(expected.item(), rel=1e-5)
    found.terms["l3"].backward()
    expected.backward()
    torch.testing.assert_close(ours.grad, plain.grad, rtol=1e-5, atol=1e-6)
    distinct = {(i, i) for i in range(size)}
    distinct |= {(i, j) for i in range(size) for j in videos[i]}
    distinct |= {(j, i) for i in range(size) for j in texts[i]}
    assert sorted(model.asked) == sorted(distinct)
    assert found.fusion_pairs == len(distinct)


@given(picks())
def test_l3_of_texts_alone(case):
    logits, videos, texts = case
    model = Table(logits)
    found = terms(batch(len(logits)), Losses(use=("l3",), fusion_directions="text->video"), Fixed(videos, texts), model)
    assert found.terms["l3"].item() == pytest.approx(naive_fusion(logits, videos, texts, both=False).item(), rel=1e-5)
    assert found.fusion_pairs == len(logits) * (1 + len(videos[0])) == len(model.asked)


@given(st.integers(2, 6), st.integers(0, 2**31))
def test_l1_and_l2(size, seed):
    case = batch(size, seed)
    found = terms(case, Losses(use=("l1", "l2"))).terms
    assert found["l1"].item() == pytest.approx(naive_sentence(case)[0].item())
    assert found["l2"].item() == pytest.approx(naive_token(case)[0].item())


def test_symmetric_l1_and_l2():
    case = batch(4)
    found = terms(case, Losses(use=("l1", "l2"), symmetric=True)).terms
    forward, table = naive_sentence(case)
    backward = torch.stack([nce([table[t][v] for t in range(4)], v) for v in range(4)]).mean()
    assert found["l1"].item() == pytest.approx(((forward + backward) / 2).item())
    texts, videos, _, _, words = case
    weighted = torch.zeros(4, 4, dtype=torch.float64)
    for row, owner, weight in zip(words.rows, words.owner, words.weights, strict=True):
        weighted[owner] += weight * torch.stack([max(torch.cat(texts)[row] @ x for x in v) for v in videos])
    backward = torch.stack([nce(list(weighted[:, v]), v) for v in range(4)]).mean()
    assert found["l2"].item() == pytest.approx(((naive_token(case)[0] + backward) / 2).item())


@pytest.mark.parametrize(("reduction", "factor"), [("mean", 1), ("sum", 4)])
def test_total(reduction, factor):
    terms = Terms({"l1": torch.tensor(2.0), "l2": torch.tensor(3.0), "l3": torch.tensor(5.0)})
    assert terms.total(Losses(reduction=reduction), 4).item() == factor * (2 + 0.5 * 3 + 5)
    assert terms.total(Losses(reduction=reduction, token_loss_weight=2.0), 4).item() == factor * (2 + 2 * 3 + 5)


@pytest.mark.parametrize("use", [("l1",), ("l2",), ("l1", "l3"), ("l1", "l2", "l3")])
def test_only_the_losses_in_use(use):
    sampler = Fixed([[1], [0]], [[1], [0]]) if "l3" in use else None
    found = terms(batch(2), Losses(use=use), sampler, Table(torch.zeros(2, 2)))
    assert tuple(found.terms) == use


def test_the_sampler_sees_unweighted_scores_without_gradient():
    case = batch(3)
    case[2].sentence.requires_grad_()
    sampler = Fixed([[1], [0], [0]], [[1], [0], [0]])
    terms(case, Losses(token_loss_weight=0.25), sampler, Table(torch.zeros(3, 3)))
    torch.testing.assert_close(sampler.scores.sentence, torch.stack([torch.stack(row) for row in naive_sentence(case)[1]]).detach())
    torch.testing.assert_close(sampler.scores.token, naive_token(case)[1])
    assert not sampler.scores.sentence.requires_grad


@pytest.mark.parametrize(("use", "known"), [(("l1", "l3"), (True, False)), (("l2", "l3"), (False, True)), (("l3",), (False, False))])
def test_the_sampler_sees_no_score_whose_loss_is_left_out(use, known):
    sampler = Fixed([[1], [0]], [[1], [0]])
    terms(batch(2), Losses(use=use), sampler, Table(torch.zeros(2, 2)))
    assert (sampler.scores.sentence is not None, sampler.scores.token is not None) == known


def test_texts_without_words_of_interest_add_nothing_and_still_count():
    case = batch(4, lonely=(1, 2))
    found = terms(case, Losses(use=("l2",))).terms["l2"]
    assert found.item() == pytest.approx(naive_token(case)[0].item())
    sampler = Fixed([[1], [0], [0], [0]], [[1], [0], [0], [0]])
    terms(case, Losses(), sampler, Table(torch.zeros(4, 4)))
    assert (sampler.scores.token[[1, 2]] == 0).all()
    assert (sampler.scores.token[[0, 3]] != 0).all()


def test_a_batch_without_words_of_interest_still_trains_the_rest():
    case = batch(3, lonely=(0, 1, 2))
    case[2].sentence.requires_grad_()
    case[3].tokens.values.requires_grad_()
    found = terms(case, Losses(use=("l1", "l2")))
    assert found.terms["l2"].item() == 0
    found.total(Losses(), 3).backward()
    assert (case[2].sentence.grad != 0).any()


@pytest.mark.parametrize(
    ("videos", "texts"),
    [
        pytest.param([[0], [0], [0]], [[1], [0], [0]], id="the positive"),
        pytest.param([[1], [0], [0]], [[1], [0], [2]], id="the positive of a video"),
        pytest.param([[1], [0], [3]], [[1], [0], [0]], id="outside the batch"),
        pytest.param([[1], [0], [-1]], [[1], [0], [0]], id="negative"),
        pytest.param([[1], [0]], [[1], [0], [0]], id="too few anchors"),
        pytest.param([[1], [0], [0]], [[1, 2], [0, 2], [0, 1]], id="another K'"),
        pytest.param([[1.0], [0.0], [0.0]], [[1], [0], [0]], id="no integers"),
    ],
)
def test_negatives_that_are_none_are_refused(videos, texts):
    with pytest.raises(PluginError, match="Fixed gave no valid negatives"):
        terms(batch(3), Losses(use=("l3",)), Fixed(videos, texts), SimpleNamespace())
