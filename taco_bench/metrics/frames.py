"""Accuracy of frames in action segmentation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def frame_accuracy(predicted: npt.ArrayLike, target: npt.ArrayLike, background: int = 0) -> dict[str, float]:
    """The share of frames whose class is right, in percent, over the frames of all videos together.

    coin-dataset/code, README; background counts, so that predicting it everywhere has the accuracy of its share.

    Args:
        predicted: [frames], classes.
        target: [frames], the true ones.
        background: the class that stands for no step.

    Returns:
        "accuracy", and "accuracy_without_background" over the frames whose true class is a step; NaN where there are none.

    Raises:
        ValueError: shapes that do not fit, or no frame.
    """
    guess, truth = np.asarray(predicted), np.asarray(target)
    if guess.ndim != 1 or guess.shape != truth.shape or not truth.size:
        raise ValueError(f"a class a frame: predicted has shape {guess.shape}, target {truth.shape}")
    right, step = guess == truth, truth != background
    return {
        "accuracy": 100.0 * float(right.mean()),
        "accuracy_without_background": 100.0 * float(right[step].mean()) if step.any() else float("nan"),
    }
