"""Every pair of the batch as a negative: what the cascade saves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from taco_bench.api import PairScores

if TYPE_CHECKING:
    import torch


class Every:
    """All K - 1 other pairs of each anchor."""

    score_based: ClassVar[bool] = True  # no score decides, but neither does the place in the batch

    def negatives(self, batch_size: int) -> int:
        """K - 1."""
        return batch_size - 1

    def sample(
        self, scores: PairScores, batch_size: int, generator: torch.Generator, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The same for both directions."""
        import torch

        others = torch.arange(batch_size - 1, device=device).repeat(batch_size, 1)  # [K, K - 1]: 0, 1, ...
        own = torch.arange(batch_size, device=device).unsqueeze(1)
        others = others + (others >= own)  # skip the anchor's own
        return others, others
