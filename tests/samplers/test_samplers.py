"""Which pairs of a batch become negatives."""

import pytest
import torch
from builders import CPU
from hypothesis import given
from hypothesis import strategies as st
from plain.ranking import hardest_by_loops as naive_hardest
from taco_bench_samplers import Cascade, Every, Random, Sentence

from taco_bench.api import PairScores, PluginError

SEEDS = st.integers(0, 2**31)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@st.composite
def batches(draw):
    """K, K' and two random score matrices [texts, videos]."""
    size = draw(st.integers(2, 8))
    own = generator(draw(SEEDS))
    return size, draw(st.integers(1, size - 1)), torch.randn(size, size, generator=own), torch.randn(size, size, generator=own)


def picked(sampler, scores, size, seed=0):
    return tuple(part.tolist() for part in sampler.sample(scores, size, generator(seed), CPU))


@given(batches())
def test_cascade_takes_the_hardest_by_the_sum(batch):
    size, count, sentence, token = batch
    assert picked(Cascade(count), PairScores(sentence, token), size) == naive_hardest(sentence + token, count)


@given(batches(), st.sampled_from([0.5, 2.0]))
def test_cascade_weighs_the_token_score_where_asked(batch, weight):
    size, count, sentence, token = batch
    assert picked(Cascade(count, weight), PairScores(sentence, token), size) == naive_hardest(sentence + weight * token, count)


@given(batches())
def test_cascade_by_the_one_score_that_there_is(batch):
    size, count, sentence, token = batch
    assert picked(Cascade(count), PairScores(sentence, None), size) == naive_hardest(sentence, count)
    assert picked(Cascade(count), PairScores(None, token), size) == naive_hardest(token, count)


@given(batches())
def test_sentence_sampler_ignores_the_token_score(batch):
    size, count, sentence, token = batch
    assert picked(Sentence(count), PairScores(sentence, token), size) == naive_hardest(sentence, count)


def test_cascade_without_scores_is_refused():
    with pytest.raises(PluginError, match="no scores"):
        Cascade(2).sample(PairScores(None, None), 4, generator(), CPU)


def test_the_positive_is_never_picked_though_it_scores_highest():
    scores = torch.eye(5) * 100
    for sampler in (Cascade(4), Sentence(4), Random(4), Every()):
        for part in sampler.sample(PairScores(scores, scores), 5, generator(), CPU):
            assert part.dtype == torch.int64
            assert [sorted(row) for row in part.tolist()] == [[j for j in range(5) if j != i] for i in range(5)]


@given(batches(), SEEDS)
def test_random_is_off_the_diagonal_distinct_and_a_function_of_its_stream(batch, seed):
    size, count, sentence, _ = batch
    sampler = Random(count)
    found = picked(sampler, PairScores(None, None), size, seed)
    for part in found:
        for own, row in enumerate(part):
            assert len(set(row)) == len(row) == count == sampler.negatives(size)
            assert own not in row
            assert set(row) <= set(range(size))
    assert found == picked(sampler, PairScores(sentence, sentence), size, seed)  # whatever the scores


def test_random_is_uniform_and_draws_the_directions_apart():
    draws = 3000
    counts = torch.zeros(2, 4, 4)
    same = 0
    for seed in range(draws // 10):
        own = generator(seed)
        for _ in range(10):
            videos, texts = Random(1).sample(PairScores(None, None), 4, own, CPU)
            counts[0].scatter_add_(1, videos, torch.ones(4, 1))
            counts[1].scatter_add_(1, texts, torch.ones(4, 1))
            same += int(torch.equal(videos, texts))
    share = counts[:, ~torch.eye(4, dtype=torch.bool)] / draws
    assert (share - 1 / 3).abs().max() < 5 * (2 / 9 / draws) ** 0.5
    assert same / draws == pytest.approx(1 / 81, abs=5 * (1 / 81 / draws) ** 0.5)


@pytest.mark.parametrize("size", [2, 3, 7])
def test_every_takes_every_other(size):
    others = [[j for j in range(size) if j != i] for i in range(size)]
    assert picked(Every(), PairScores(None, None), size) == (others, others)
    assert Every().negatives(size) == size - 1
