"""A trained model whose answers are dealt to other questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from taco_bench import hookimpl
from taco_bench.api import Clip, Trained, numpy_stream
from taco_bench.hookspecs import Register

if TYPE_CHECKING:
    from taco_bench.api import Experiment


class MyComponent:
    """The scores of each text are another text's: what is still found is found by chance."""

    def training(self, experiment: Experiment) -> None:
        """None: it costs nothing."""
        return

    def disguise(self, trained: Trained) -> Trained:
        """The model with its answers dealt anew."""
        return Dealt(trained)


class Dealt:
    """In all but its scores the model itself."""

    def __init__(self, trained: Trained) -> None:
        self._trained = trained

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trained, name)

    def pair_scores(self, split: str) -> Mapping[str, np.ndarray]:
        """The rows of the fused scores in another order."""
        scores = self._trained.pair_scores(split)
        return {name: scores[name][self._order(len(scores[name]))] for name in ("text->video", "video->text")}

    def frame_scores(self, clips: Clip | Sequence[Clip], texts: Sequence[str], window: int, stride: int) -> np.ndarray:
        """The frames in another order."""
        scores = self._trained.frame_scores(clips, texts, window, stride)
        return np.asarray(scores[self._order(len(scores))])

    def frames(self, clip: Clip) -> np.ndarray:
        """The frames in another order."""
        frames = self._trained.frames(clip)
        return np.asarray(frames[self._order(len(frames))])

    def _order(self, count: int) -> np.ndarray:
        return numpy_stream(self._trained.seed, "my-component/order").permutation(count)


@hookimpl
def taco_bench_controls(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="a trained model whose answers are dealt to other questions")
