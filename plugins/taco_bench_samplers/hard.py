"""Cascade hard-negative sampling: the pairs that the cheap scores find hardest go through the fusion module (P 3.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from taco_bench.api import PairScores, PluginError

if TYPE_CHECKING:
    import torch


def hardest(scores: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The ``count`` highest scores of each row, and of each column, off the diagonal.

    Args:
        scores: [texts, videos]; text i belongs to video i.
        count: K'; where it is more than K - 1, all others are taken.

    Returns:
        videos [K, K'] of each text, texts [K, K'] of each video, hardest first.
    """
    count = min(count, len(scores) - 1)
    others = scores.clone().fill_diagonal_(float("-inf"))
    return others.topk(count, dim=1).indices, others.topk(count, dim=0).indices.T


class Cascade:
    """Per text the top-K' videos, and per video the top-K' texts, by the sum of the scores whose losses are trained.

    Args:
        hard_negatives: K', negatives an anchor.
        weighted: factor of the token score in the sum; the paper prints none.
    """

    score_based: ClassVar[bool] = True

    def __init__(self, hard_negatives: Annotated[int, Field(gt=0)] = 8, weighted: Annotated[float, Field(gt=0)] = 1.0) -> None:
        self.hard_negatives, self.weighted = hard_negatives, weighted

    def negatives(self, batch_size: int) -> int:
        """K'."""
        return self.hard_negatives

    def sample(
        self, scores: PairScores, batch_size: int, generator: torch.Generator, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Global plus token score; global alone without L2, token alone without L1."""
        parts = [part for part in (scores.sentence, None if scores.token is None else self.weighted * scores.token) if part is not None]
        if not parts:
            raise PluginError("the cascade sampler has no scores to select by")
        return hardest(sum(parts[1:], parts[0]), self.hard_negatives)


class Sentence(Cascade):
    """As ``cascade``, by the global score alone.

    Args:
        hard_negatives: K', negatives an anchor.
    """

    def __init__(self, hard_negatives: Annotated[int, Field(gt=0)] = 8) -> None:
        super().__init__(hard_negatives)

    def sample(
        self, scores: PairScores, batch_size: int, generator: torch.Generator, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """By the global score."""
        return super().sample(replace(scores, token=None), batch_size, generator, device)
