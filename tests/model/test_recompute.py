"""The fusion module with its activations computed again: the same bits."""

import pytest
import torch
from builders import ragged, random_rows, sizes

from taco_bench.model import fusion
from taco_bench.model.fusion import FusionModule

pytestmark = pytest.mark.compat


def results(*, recompute, dropout, dtype=torch.float32):
    """Logits and gradients of nine pairs in several chunks, and the generator's state after."""
    torch.manual_seed(0)
    module = FusionModule(sizes(dropout=dropout)).to(dtype)
    module.recompute = recompute
    texts, videos = (ragged(random_rows(lengths, 16, seed, dtype)) for lengths, seed in (([2, 8, 5], 1), ([5, 1, 3], 2)))
    texts.values.requires_grad_()
    videos.values.requires_grad_()
    pairs = torch.cartesian_prod(torch.arange(3), torch.arange(3))
    torch.manual_seed(1)
    logits = module(texts, videos, pairs[:, 0], pairs[:, 1])
    after = torch.get_rng_state()
    pull = torch.linspace(-1, 1, len(pairs), dtype=dtype)
    leaves = [p for name, p in module.named_parameters()] + [texts.values, videos.values]
    return [logits, after, *torch.autograd.grad(logits, leaves, pull)]


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("tokens", [1, 20, 1000])
def test_the_same_bits(monkeypatch, dropout, dtype, tokens):
    monkeypatch.setattr(fusion, "TOKENS_AT_A_TIME", {"cpu": tokens})
    kept, again = (results(recompute=recompute, dropout=dropout, dtype=dtype) for recompute in (False, True))
    assert all(torch.equal(ours, expected) for ours, expected in zip(again, kept, strict=True))


def test_dropout_matters_here():
    assert not torch.equal(results(recompute=True, dropout=0.3)[0], results(recompute=True, dropout=0.0)[0])


def kept_numbers(*, recompute):
    """How many numbers autograd keeps of one forward pass of nine pairs."""
    torch.manual_seed(0)
    module = FusionModule(sizes())
    module.recompute = recompute
    texts, videos = (ragged(random_rows([5, 5, 5], 16, seed, torch.float32)) for seed in (1, 2))
    pairs, kept = torch.cartesian_prod(torch.arange(3), torch.arange(3)), []
    with torch.autograd.graph.saved_tensors_hooks(lambda x: kept.append(x.numel()) or x, lambda x: x):
        module(texts, videos, pairs[:, 0], pairs[:, 1])
    return sum(kept)


def test_little_is_kept():
    assert kept_numbers(recompute=True) < kept_numbers(recompute=False) / 5
