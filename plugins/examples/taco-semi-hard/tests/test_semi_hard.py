"""The contract of samplers, the order by hand and against a loop, and the schedule."""

from typing import ClassVar

import pytest
import torch
from taco_bench.api import PairScores, torch_stream
from taco_bench.testing import SamplerContract

from taco_semi_hard import SemiHard, nearest_below

CPU = torch.device("cpu")


class TestSemiHard(SamplerContract):
    name = "semi-hard"


class TestWithoutARamp(SamplerContract):
    name = "semi-hard"
    options: ClassVar = {"ramp": 0.0, "hard_negatives": 2}


def test_the_order_by_hand():
    """Of text 0 the positive scores 5: below are 4 and 1, above are 6 and 9."""
    scores = torch.zeros(5, 5)
    scores[0] = torch.tensor([5.0, 9.0, 1.0, 6.0, 4.0])
    assert nearest_below(scores)[0].tolist() == [4, 2, 3, 1]


def test_the_order_against_a_loop():
    scores = torch.randn(9, 9, generator=torch_stream(0, "test/scores"))
    for anchor, found in enumerate(nearest_below(scores).tolist()):
        others = [other for other in range(9) if other != anchor]
        gaps = {other: float(scores[anchor, anchor] - scores[anchor, other]) for other in others}
        assert found == sorted(others, key=lambda other: (gaps[other] <= 0, abs(gaps[other])))


@pytest.mark.parametrize(("step", "expected"), [(0, 15), (10, 12), (20, 9), (40, 3), (99, 3)])
def test_the_pool_shrinks_over_the_ramp(step, expected):
    """K = 16, K' = 3, 40 steps of ramp: 15 others, then 12 x step / 40 fewer."""
    assert SemiHard(3, ramp=0.4).pool(step, 100, 16) == expected


def test_at_first_every_negative_is_as_likely():
    scores, counts = torch.randn(6, 6, generator=torch_stream(0, "test/scores")), torch.zeros(6)
    for draw in range(600):
        videos, _ = SemiHard(2).sample(PairScores(scores, None, 0, 100), 6, torch_stream(draw, "negatives"), CPU)
        counts += torch.bincount(videos[0], minlength=6)
    assert counts[0] == 0
    assert (counts[1:] - 240).abs().max() < 4 * (600 * 0.4 * 0.6) ** 0.5  # binomial: mean 240, four standard deviations


def test_at_the_end_they_are_the_nearest_below():
    sentence, token = torch.randn(2, 8, 8, generator=torch_stream(1, "test/scores"))
    videos, texts = SemiHard(3).sample(PairScores(sentence, token, 99, 100), 8, torch_stream(0, "negatives"), CPU)
    for found, total in ((videos, sentence + token), (texts, (sentence + token).T)):
        assert found.sort(dim=1).values.equal(nearest_below(total)[:, :3].sort(dim=1).values)
