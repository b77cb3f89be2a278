"""The video module: projection, positions, layers, means."""

import pytest
import torch
from builders import FEATURE_WIDTH, ragged, random_rows, sizes
from torch.nn import functional as F

from taco_bench.model.video import VideoModule

pytestmark = pytest.mark.compat


def make_module(**changes):
    torch.manual_seed(0)
    return VideoModule(FEATURE_WIDTH, sizes(**changes)).double()


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_padding_changes_nothing(layers):
    module = make_module(video_layers=layers)
    clips = random_rows([5, 1, 3], FEATURE_WIDTH)
    together = module(ragged(clips))
    alone = [module(ragged([clip])) for clip in clips]
    torch.testing.assert_close(together.tokens.values, torch.cat([one.tokens.values for one in alone]), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(together.mean, torch.cat([one.mean for one in alone]), rtol=1e-10, atol=1e-10)


def test_without_layers_by_hand():
    module = make_module(video_layers=0)
    clip = random_rows([3], FEATURE_WIDTH)[0]
    projected = clip @ module.project.weight.T + module.project.bias + module.position.weight[:3]
    found = module(ragged([clip]))
    torch.testing.assert_close(found.tokens.values, F.layer_norm(projected, (16,), eps=1e-12), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(found.mean[0], found.tokens.values.sum(dim=0) / 3, rtol=1e-10, atol=1e-10)


def test_clips_do_not_see_each_other():
    module = make_module(video_layers=2)
    first, second, other = random_rows([2, 4, 4], FEATURE_WIDTH)
    kept = module(ragged([first, second])).mean[0]
    torch.testing.assert_close(module(ragged([first, other])).mean[0], kept, rtol=1e-10, atol=1e-10)


def test_the_order_of_time_matters():
    module = make_module(video_layers=1)
    clip = random_rows([4], FEATURE_WIDTH)[0]
    assert not torch.allclose(module(ragged([clip])).mean, module(ragged([clip.flip(0)])).mean)
