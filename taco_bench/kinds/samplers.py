"""Samplers: the negatives of the fusion loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class PairScores:
    """The scores of a batch's pairs that a sampler may select by; each [texts, videos], detached, None where its loss is left out.

    Attributes:
        sentence: the logits of Eq. 3: dot products over tau 1 (1 as printed).
        token: the plain sum over the tokens of interest of the logits of Eq. 4, neither weighted by idf nor by lambda.
        step: of the training, from 0 on. A schedule reads it here: a sampler that counts its calls starts anew when a training is resumed.
        steps: that the training has in all.
    """

    sentence: torch.Tensor | None
    token: torch.Tensor | None
    step: int = 0
    steps: int = 1


class Sampler(Protocol):
    """Picks the negatives of Eq. 5.

    One more member is optional. ``score_based = True`` says that the picks are a function of the scores and the step alone, so that the
    place of a pair in the batch means nothing where no scores are tied; the sampler's contract then checks it. Without it, it is False.
    """

    def negatives(self, batch_size: int) -> int:
        """K', the number of negatives that each anchor is to get; a run whose batches have no K' + 1 pairs is refused."""

    def sample(
        self, scores: PairScores, batch_size: int, generator: torch.Generator, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Pick min(K', K - 1) different negatives for each anchor of both directions, none of them the positive.

        The answer is a function of the arguments, so that a resumed training sees what the undisturbed one saw.

        Args:
            scores: of the current batch; text i and video i belong together.
            batch_size: K.
            generator: on the CPU, at the start of this step's stream.
            device: where the answer must lie.

        Returns:
            videos [K, K'], the negative videos of each text, and texts [K, K'], the negative texts of each video; int64.
        """
