"""Random negatives: the alternative that the paper compares the cascade with (Tab. 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from taco_bench.api import PairScores

if TYPE_CHECKING:
    import torch


class Random:
    """K' distinct negatives an anchor, drawn uniformly.

    Args:
        hard_negatives: K', negatives an anchor; the paper does not state it for its random rows, so it is the cascade's.
    """

    def __init__(self, hard_negatives: Annotated[int, Field(gt=0)] = 8) -> None:
        self.hard_negatives = hard_negatives

    def negatives(self, batch_size: int) -> int:
        """K'."""
        return self.hard_negatives

    def sample(
        self, scores: PairScores, batch_size: int, generator: torch.Generator, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Without replacement, for texts and videos alike."""
        return self._draw(batch_size, generator).to(device), self._draw(batch_size, generator).to(device)

    def _draw(self, size: int, generator: torch.Generator) -> torch.Tensor:
        """[K, K'], off the diagonal: the largest of random numbers, drawn on the CPU whatever the device."""
        import torch

        keys = torch.rand(size, size, generator=generator).fill_diagonal_(-1.0)
        return keys.topk(min(self.hard_negatives, size - 1), dim=1).indices
