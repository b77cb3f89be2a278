"""A collapsed model: every score alike, so that only the rule for ties decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from taco_bench.api import Clip, Experiment, Reporter, Trained, VideoNetwork


class ConstantScores:
    """The trained model with 0 in the place of every score, and of every number of a frame."""

    def training(self, experiment: Experiment) -> None:
        """None: it costs nothing."""
        return

    def disguise(self, trained: Trained) -> Trained:
        """The model in disguise."""
        return _Constant(trained)


class _Constant:
    def __init__(self, trained: Trained) -> None:
        self.trained, self.experiment = trained, trained.experiment

    @property
    def seed(self) -> int:
        """That of the model."""
        return self.trained.seed

    @property
    def reporter(self) -> Reporter:
        """That of the model."""
        return self.trained.reporter

    def clips(self, split: str) -> Sequence[Clip]:
        """Those of the model."""
        return self.trained.clips(split)

    def pair_scores(self, split: str) -> Mapping[str, np.ndarray]:
        """Zeros, for the fused scores alone."""
        size = len(self.clips(split))
        return dict.fromkeys(("text->video", "video->text"), np.zeros((size, size), np.float32))

    def frame_scores(self, clips: Clip | Sequence[Clip], texts: Sequence[str], window: int, stride: int) -> np.ndarray:
        """Zeros."""
        several = [clips] if not isinstance(clips, Sequence) else clips
        return np.zeros((sum(len(self.frames(clip)) for clip in several), len(texts)), np.float32)

    def frames(self, clip: Clip) -> np.ndarray:
        """A zero a frame."""
        return np.zeros((len(self.trained.frames(clip)), 1), np.float32)

    def video_network(self) -> VideoNetwork:
        """A network that gives a zero a frame, whatever it sees; it has no weights."""
        from taco_bench_controls.blind import Blind

        return Blind()
