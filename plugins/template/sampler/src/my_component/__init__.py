"""Negatives drawn at random, the harder the likelier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from taco_bench import hookimpl
from taco_bench.api import PairScores
from taco_bench.hookspecs import Register

if TYPE_CHECKING:
    import torch


class MyComponent:
    """K' distinct negatives an anchor, drawn in proportion to exp(score / temperature).

    Args:
        hard_negatives: K', negatives an anchor.
        temperature: near 0 the hardest are taken, far above the scores all are alike.
    """

    def __init__(self, hard_negatives: Annotated[int, Field(gt=0)] = 8, temperature: Annotated[float, Field(gt=0)] = 1.0) -> None:
        self.hard_negatives, self.temperature = hard_negatives, temperature

    def negatives(self, batch_size: int) -> int:
        """K'."""
        return self.hard_negatives

    def sample(
        self, scores: PairScores, batch_size: int, generator: torch.Generator, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The largest scores after Gumbel noise, off the diagonal."""
        import torch  # here, so that listing components does not wait for it

        uniform = torch.rand(batch_size, batch_size, generator=generator).clamp_min(1e-20).to(device)
        keys = -torch.log(-torch.log(uniform))  # [texts, videos]
        for part in (scores.sentence, scores.token):
            if part is not None:
                keys = keys + part / self.temperature
        keys = keys.fill_diagonal_(float("-inf"))
        count = min(self.hard_negatives, batch_size - 1)
        return keys.topk(count, dim=1).indices, keys.topk(count, dim=0).indices.T


@hookimpl
def taco_bench_samplers(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="drawn at random, the harder the likelier", reads=("l1", "l2"))
