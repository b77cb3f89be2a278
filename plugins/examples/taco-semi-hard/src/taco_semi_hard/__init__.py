"""Semi-hard negatives: those that score below the positive, but close to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from taco_bench import hookimpl
from taco_bench.api import PairScores
from taco_bench.hookspecs import Register

if TYPE_CHECKING:
    import torch


class SemiHard:
    """From random negatives to semi-hard ones.

    FaceNet (Schroff et al., CVPR 2015, section 3.2) takes negatives that are farther off than the positive, but not by much: the very
    hardest are often mislabelled, and early on they make a model collapse. Here K' are drawn from a pool that begins with all others of
    the batch and shrinks, step by step, to the K' semi-hard ones.

    Args:
        hard_negatives: K', negatives an anchor.
        ramp: share of the training over which the pool shrinks; 0: semi-hard from the first step on.
    """

    def __init__(self, hard_negatives: Annotated[int, Field(gt=0)] = 8, ramp: Annotated[float, Field(ge=0, le=1)] = 0.5) -> None:
        self.hard_negatives, self.ramp = hard_negatives, ramp
        self.score_based = ramp == 0  # nothing is drawn then: the contract checks that only scores decide

    def negatives(self, batch_size: int) -> int:
        """K'."""
        return self.hard_negatives

    def pool(self, step: int, steps: int, batch_size: int) -> int:
        """How many candidates an anchor has: from K - 1 at step 0 down to K' after ``ramp`` of the steps, linearly."""
        most, least = batch_size - 1, min(self.hard_negatives, batch_size - 1)
        done = min(1.0, step / (self.ramp * steps)) if self.ramp else 1.0
        return round(most + (least - most) * done)

    def sample(
        self, scores: PairScores, batch_size: int, generator: torch.Generator, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """K' of each anchor's pool; the step comes with the scores, so that a resumed training goes on with the schedule."""
        import torch  # here, so that listing components does not wait for it

        total = torch.stack([part for part in (scores.sentence, scores.token) if part is not None]).sum(dim=0)
        pool, count = self.pool(scores.step, scores.steps, batch_size), min(self.hard_negatives, batch_size - 1)
        draw = torch.rand(2, batch_size, pool, generator=generator).to(device)
        videos, texts = (
            nearest_below(each)[:, :pool].gather(1, chance.topk(count, dim=1).indices)
            for each, chance in zip((total, total.T), draw, strict=True)
        )
        return videos, texts


def nearest_below(scores: torch.Tensor) -> torch.Tensor:
    """The others [anchors, K - 1] of each anchor: those below the positive, the nearest first; then those above, again the nearest first.

    Args:
        scores: [anchors, others]; anchor i and other i belong together.
    """
    gap = scores.diagonal().unsqueeze(1) - scores
    near = gap.abs().argsort(dim=1, stable=True)
    side = (gap <= 0).long().fill_diagonal_(2)  # 0: below, 1: at or above, 2: the positive itself, last in its row
    return near.gather(1, side.gather(1, near).argsort(dim=1, stable=True))[:, :-1]


@hookimpl
def taco_bench_samplers(register: Register) -> None:
    """Add it."""
    register("semi-hard", SemiHard, summary="from random to the pairs that score just below the positive", reads=("l1", "l2"))
