"""The reference that the fusion benchmark times: the same logits and gradients as the module, in one padded block."""

import pytest
import torch
from builders import MAX_TEXT, MAX_VIDEO, ragged, random_rows, sizes
from hypothesis import given, settings
from hypothesis import strategies as st
from plain.fusion import plain_fusion

from taco_bench.model.fusion import FusionModule

pytestmark = pytest.mark.compat


def case(seed, text_lengths, video_lengths, pairs, dtype, layers=2):
    torch.manual_seed(seed)
    module = FusionModule(sizes(fusion_layers=layers)).to(dtype)
    text, video = (ragged(random_rows(lengths, 16, seed, dtype)) for lengths in (text_lengths, video_lengths))
    return module, text, video, torch.tensor([t for t, _ in pairs]), torch.tensor([v for _, v in pairs])


@given(
    st.data(),
    st.lists(st.integers(1, MAX_TEXT), min_size=1, max_size=4),
    st.lists(st.integers(1, MAX_VIDEO), min_size=1, max_size=4),
    st.sampled_from([torch.float32, torch.float64]),
    st.booleans(),
)
@settings(max_examples=20)
def test_logits_and_gradients(data, text_lengths, video_lengths, dtype, recompute):
    pair = st.tuples(st.integers(0, len(text_lengths) - 1), st.integers(0, len(video_lengths) - 1))
    pairs = data.draw(st.lists(pair, min_size=1, max_size=6))
    module, *inputs = case(0, text_lengths, video_lengths, pairs, dtype, layers=data.draw(st.integers(1, 3)))
    module.recompute = recompute
    found = []
    for logits in (module(*inputs), plain_fusion(module, *inputs, lengths=(MAX_TEXT, MAX_VIDEO))):
        gradients = torch.autograd.grad(logits.square().sum(), list(module.parameters()))
        found.append([logits, *gradients])
    tolerance = 1e-5 if dtype == torch.float32 else 1e-11
    for ours, plain in zip(*found, strict=True):
        assert (ours - plain).abs().max() <= tolerance * max(1.0, plain.abs().max())


def test_in_bfloat16_both_are_near_float64():
    pairs = [(t, v) for t in range(3) for v in range(3)]
    module, *inputs = case(1, [2, 8, 5], [5, 1, 3], pairs, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        ours, plain = module(*inputs), plain_fusion(module, *inputs)
    text, video = (rows.with_values(rows.values.double()) for rows in inputs[:2])
    exact = module.double()(text, video, *inputs[2:])
    for found in (ours, plain):
        torch.testing.assert_close(found.double(), exact, rtol=0.03, atol=0.1)
