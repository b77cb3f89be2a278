"""Trained in the same way on shuffled captions: whatever such a model finds at test time has leaked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taco_bench.api import Experiment, Trained


class ShuffledCaptions:
    """The captions are permuted over the training clips, so that none belongs to its video but by chance.

    A task that learns from labels of the training clips permutes those as well where ``train.shuffle_captions`` is set.
    """

    def training(self, experiment: Experiment) -> Experiment:
        """The experiment with shuffled captions."""
        return experiment.shuffled()

    def disguise(self, trained: Trained) -> None:
        """Nothing: it trains."""
        return
