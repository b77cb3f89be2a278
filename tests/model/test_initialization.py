"""First weights: normal, and from a stream of each module's own."""

from types import SimpleNamespace

import pytest
import torch
from builders import FEATURE_WIDTH, sizes
from torch import nn

from taco_bench.config import Losses
from taco_bench.model.taco import build_taco

pytestmark = pytest.mark.compat


class Network(nn.Module):
    """A text network of some width, without weights."""

    def __init__(self, width):
        super().__init__()
        self.config = SimpleNamespace(hidden_size=width)


def build(network_width=8, seed=0, features=FEATURE_WIDTH, **changes):
    return build_taco(features, Network(network_width), sizes(**changes), Losses(), pooling="cls", frozen=False, seed=seed)


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"network_width": 16}, ("video", "fusion")),  # as wide as the model: no projection is drawn
        ({"features": 30}, ("language", "fusion")),
        ({"video_layers": 0}, ("language", "fusion")),
        ({"fusion_layers": 3}, ("video", "language")),
    ],
)
def test_a_change_in_one_module_leaves_the_others_as_they_were(change, kept):
    one, other = build(), build(**change)
    assert all(equal(getattr(one, name), getattr(other, name)) for name in kept)


def test_another_seed_changes_every_module():
    one, other = build(), build(seed=1)
    assert not any(equal(getattr(one, name), getattr(other, name)) for name in ("video", "language", "fusion"))


@pytest.mark.parametrize("width", [64, 192])
def test_first_weights_keep_the_variance(width):
    model = build(width=width, feedforward=4 * width, features=100)
    for module in (model.fusion, model.language, model.video.layers):
        for part in module.modules():
            if isinstance(part, nn.Linear | nn.Embedding) and part.weight.numel() > 1000:
                assert part.weight.std().item() == pytest.approx(width**-0.5, rel=0.1)
            if isinstance(part, nn.Linear):
                assert (part.bias == 0).all()
    bound = (6 / (100 + width)) ** 0.5  # Glorot and Bengio 2010
    assert bound * 0.95 < model.video.project.weight.abs().max().item() <= bound
