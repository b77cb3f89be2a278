"""A collapsed model: every score alike, so that only the rule for ties decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from taco_bench.api import Clip, Experiment, Trained


class ConstantScores:
    """The trained model with 0 in the place of every score."""

    def training(self, experiment: Experiment) -> None:
        """None: it costs nothing."""
        return

    def disguise(self, trained: Trained) -> Trained:
        """The model in disguise."""
        return _Constant(trained)


class _Constant:
    def __init__(self, trained: Trained) -> None:
        self.trained, self.experiment = trained, trained.experiment

    def clips(self, split: str) -> Sequence[Clip]:
        """Those of the model."""
        return self.trained.clips(split)

    def pair_scores(self, split: str) -> Mapping[str, np.ndarray]:
        """Zeros, for the fused scores alone."""
        clips = self.clips(split)
        zeros = np.zeros((sum(len(clip.captions) for clip in clips), len(clips)), np.float32)
        return {"text->video": zeros, "video->text": zeros.T}
