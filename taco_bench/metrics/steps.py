"""Recall of steps, from what was found in each video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class StepRecall(NamedTuple):
    """Recalls in percent: the unweighted mean over tasks, and each task's own."""

    mean: float
    tasks: dict[str, float]


def step_recall(correct: npt.ArrayLike, total: npt.ArrayLike, tasks: Sequence[str] | None = None) -> StepRecall:
    """Correct assignments over annotated distinct steps, pooled over the videos of a task, then the mean over tasks.

    CrossTask's own rule: Zhukov et al., CVPR 2019, 6.1; DmZhukov/CrossTask, train.py (get_recalls).

    Args:
        correct: [videos], steps that were placed on one of their seconds.
        total: [videos], distinct annotated steps; a video without any changes nothing.
        tasks: [videos], the task of each; None: one task, "".

    Raises:
        ValueError: shapes that do not fit, more correct than there are, or no annotated step at all.
    """
    return _by_task(correct, total, tasks, lambda right, of: 100.0 * float(right.sum()) / float(of.sum()))


def video_recall(correct: npt.ArrayLike, total: npt.ArrayLike, tasks: Sequence[str] | None = None) -> StepRecall:
    """The mean over videos of each video's recall, within a task, then the mean over tasks.

    As brian7685/Multimodal-Clustering-Network counts it (eval_cross.py): videos count alike, however many steps they show. Arguments and
    errors as :func:`step_recall`.
    """
    return _by_task(correct, total, tasks, lambda right, of: 100.0 * float(np.mean(right / of)))


def _by_task(
    correct: npt.ArrayLike,
    total: npt.ArrayLike,
    tasks: Sequence[str] | None,
    recall: Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], float],
) -> StepRecall:
    right, of = np.asarray(correct, np.float64), np.asarray(total, np.float64)
    names = np.asarray([""] * right.size if tasks is None else tasks, str)
    if right.ndim != 1 or not right.shape == of.shape == names.shape:
        raise ValueError(f"a number a video each: correct {right.shape}, total {of.shape}, tasks {names.shape}")
    if not ((right >= 0) & (right <= of)).all():
        raise ValueError("a video has fewer correct steps than 0, or more than it has steps")
    shown = of > 0
    if not shown.any():
        raise ValueError("no video has an annotated step")
    found = {str(task): recall(right[own], of[own]) for task in np.unique(names[shown]) if (own := shown & (names == task)).any()}
    return StepRecall(float(np.mean(list(found.values()))), found)
