"""The fusion module with its savings against the plain computation: every pair expanded, padded, and every token carried to the end."""

import copy

import pytest
import torch
from builders import MAX_TEXT, ragged, random_rows, sizes
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from taco_bench.model import fusion
from taco_bench.model.fusion import FusionModule

pytestmark = pytest.mark.compat
WIDTH = 16


def plain_layer(layer, x, mask):
    """An ordinary post-norm transformer layer on [pairs, length, d]."""
    pairs, length, d = x.shape
    q, k, v = (part.view(pairs, length, layer.heads, -1).transpose(1, 2) for part in layer.query_key_value(x).split(d, dim=2))
    logits = (q @ k.transpose(2, 3) / (d / layer.heads) ** 0.5).masked_fill(~mask[:, None, None, :], -torch.inf)
    attended = (logits.softmax(dim=3) @ v).transpose(1, 2).reshape(pairs, length, d)
    x = layer.attention_norm(x + layer.output(attended))
    return layer.output_norm(x + layer.contract(F.gelu(layer.expand(x))))


def plain(module, texts, videos, text_of, video_of):
    """Logits [pairs]: texts padded to n, videos to m, each pair [n + m, d] through all layers, [CLS] read at position 0."""
    n, m = max(map(len, texts)), max(map(len, videos))
    inputs, masks = [], []
    for t, v in zip(text_of, video_of, strict=True):
        text, video = texts[t], videos[v]
        text = module.norm(text + module.position.weight[: len(text)] + module.kind.weight[0])
        video = module.norm(video + module.position.weight[MAX_TEXT : MAX_TEXT + len(video)] + module.kind.weight[1])
        inputs.append(torch.cat([F.pad(text, (0, 0, 0, n - len(text))), F.pad(video, (0, 0, 0, m - len(video)))]))
        masks.append(torch.cat([torch.arange(n) < len(text), torch.arange(m) < len(video)]))
    x, mask = torch.stack(inputs), torch.stack(masks)
    for layer in module.layers:
        x = plain_layer(layer, x, mask)
    return module.score(x[:, 0]).squeeze(1)


def make_module(layers=2, dtype=torch.float64):
    """A module whose every parameter matters: norms, biases and all are random."""
    torch.manual_seed(layers)
    module = FusionModule(sizes(fusion_layers=layers, width=WIDTH)).to(dtype)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return module


def both(module, text_lengths, video_lengths, pairs):
    """Logits and all gradients of the module in its dtype and of the plain computation in float64."""
    results = []
    dtype = module.score.weight.dtype
    for function, kind in ((module, dtype), (plain, torch.float64)):
        network = module if function is module else copy.deepcopy(module).double()
        texts = [row.to(kind).requires_grad_() for row in random_rows(text_lengths, WIDTH, 1)]
        videos = [row.to(kind).requires_grad_() for row in random_rows(video_lengths, WIDTH, 2)]
        text_of, video_of = [t for t, _ in pairs], [v for _, v in pairs]
        if function is module:
            logits = module(ragged(texts), ragged(videos), torch.tensor(text_of), torch.tensor(video_of))
        else:
            logits = plain(network, texts, videos, text_of, video_of)
        pull = torch.randn(len(pairs), generator=torch.Generator().manual_seed(3), dtype=torch.float64).to(kind)
        leaves = [*network.parameters(), *texts, *videos]
        gradients = torch.autograd.grad(logits, leaves, pull, allow_unused=True)
        filled = [torch.zeros_like(leaf) if gradient is None else gradient for leaf, gradient in zip(leaves, gradients, strict=True)]
        results.append((logits, filled))
    return results


def check(module, text_lengths, video_lengths, pairs):
    (ours, our_gradients), (expected, gradients) = both(module, text_lengths, video_lengths, pairs)
    tolerance = 1e-10 if ours.dtype == torch.float64 else 1e-5
    torch.testing.assert_close(ours.double(), expected, rtol=tolerance, atol=tolerance)
    for found, gradient in zip(our_gradients, gradients, strict=True):
        scale = max(1.0, gradient.abs().max().item())
        torch.testing.assert_close(found.double(), gradient, rtol=tolerance, atol=tolerance * scale)


ALL_PAIRS = [(t, v) for t in range(3) for v in range(3)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(
    ("text_lengths", "video_lengths", "pairs"),
    [
        pytest.param([4, 4, 4], [3, 3, 3], ALL_PAIRS, id="nothing to pad"),
        pytest.param([2, 8, 5], [5, 1, 3], ALL_PAIRS, id="ragged"),
        pytest.param([2, 8, 5], [5, 1, 3], [(1, 1), (0, 2), (1, 1), (1, 1), (2, 0)], id="repeated pairs"),
        pytest.param([3, 6], [2, 4], [(1, 0)], id="one pair"),
        pytest.param([1], [1], [(0, 0)], id="one token each"),
    ],
)
def test_equals_the_plain_computation(layers, dtype, text_lengths, video_lengths, pairs):
    check(make_module(layers, dtype), text_lengths, video_lengths, pairs)


@given(
    st.data(), st.lists(st.integers(1, 8), min_size=1, max_size=4), st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(1, 3)
)
@settings(max_examples=20)
def test_equals_the_plain_computation_on_any_pairs(data, text_lengths, video_lengths, layers):
    pair = st.tuples(st.integers(0, len(text_lengths) - 1), st.integers(0, len(video_lengths) - 1))
    check(make_module(layers), text_lengths, video_lengths, data.draw(st.lists(pair, min_size=1, max_size=8)))


@pytest.mark.parametrize("tokens", [1, 13, 20, 40])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_chunks_change_nothing(monkeypatch, tokens, layers):
    monkeypatch.setattr(fusion, "TOKENS_AT_A_TIME", {"cpu": tokens})
    check(make_module(layers), [2, 8, 5], [5, 1, 3], [*ALL_PAIRS, (0, 0), (2, 1)])


def test_text_and_video_are_told_apart():
    """The same tokens as text and as video differ by position and by kind."""
    module = make_module()
    a, b = random_rows([3, 3], WIDTH, 4)
    own = torch.zeros(1, dtype=torch.int64)
    assert not torch.isclose(module(ragged([a]), ragged([b]), own, own), module(ragged([b]), ragged([a]), own, own)).any()


def test_video_positions_do_not_depend_on_the_text_length():
    """Video positions begin after the longest text that there can be."""
    module = make_module(1)
    text, video = random_rows([4, 3], WIDTH, 5)
    seen = []
    module.position.register_forward_hook(lambda _, places, __: seen.append(places[0].tolist()))
    own = torch.zeros(1, dtype=torch.int64)
    for length in (1, 4):
        module(ragged([text[:length]]), ragged([video]), own, own)
    assert seen == [[0], [MAX_TEXT, MAX_TEXT + 1, MAX_TEXT + 2], [0, 1, 2, 3], [MAX_TEXT, MAX_TEXT + 1, MAX_TEXT + 2]]


def test_logits_of_bfloat16_training_are_not_rounded():
    """Fusion logits are ranked; 8 bits of mantissa would make ties."""
    module = make_module(dtype=torch.float32)
    texts, videos = random_rows([3] * 6, WIDTH, 6, torch.float32), random_rows([3] * 6, WIDTH, 7, torch.float32)
    pairs = torch.cartesian_prod(torch.arange(6), torch.arange(6))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        logits = module(ragged(texts), ragged(videos), pairs[:, 0], pairs[:, 1])
    assert (logits != logits.bfloat16()).float().mean() > 0.8
