"""From predicted frames to figures, and what comes of the predictions when they change videos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from taco_bench.api import numpy_stream
from taco_bench.metrics import edit_score, frame_accuracy, segment_f1
from taco_bench_tasks.segmentation_labels import BACKGROUND, Integers

Floats: TypeAlias = npt.NDArray[np.float64]

DRAWS = 10_000
FEWEST = 7
"""Classes from which permutations can judge: one in 7! leaves all classes where they are and is as right as the head itself, which is
less than the one in 2,000 above the 99.9 % interval; of 6 classes one in 720 is, so that no head, however good, would lie above."""
OVERLAPS = (10, 25, 50)
COLUMNS = ("accuracy", "accuracy without background", "edit", *(f"F1@{overlap}" for overlap in OVERLAPS))


def figures(predicted: Sequence[Integers], targets: Sequence[Integers]) -> dict[str, float]:
    """A row of the table, in percent; the accuracies over the frames of all videos together."""
    accuracy = frame_accuracy(np.concatenate(predicted), np.concatenate(targets), BACKGROUND)
    return {
        "accuracy": accuracy["accuracy"],
        "accuracy without background": accuracy["accuracy_without_background"],
        "edit": float(np.mean([edit_score(guess, truth, BACKGROUND) for guess, truth in zip(predicted, targets, strict=True)])),
        **{f"F1@{overlap}": segment_f1(predicted, targets, overlap / 100, BACKGROUND) for overlap in OVERLAPS},
    }


def contributions(predicted: Sequence[Integers], targets: Sequence[Integers]) -> dict[str, list[float]]:
    """By column [videos], whose mean is the figure; of F1, which is no mean over videos, there are none."""
    steps = [truth != BACKGROUND for truth in targets]
    right = [guess == truth for guess, truth in zip(predicted, targets, strict=True)]
    scale = 100 * len(targets)
    every = scale / sum(map(len, targets)) * np.array([r.sum() for r in right])
    shown = scale / sum(int(s.sum()) for s in steps) * np.array([(r & s).sum() for r, s in zip(right, steps, strict=True)])
    edit = [edit_score(guess, truth, BACKGROUND) for guess, truth in zip(predicted, targets, strict=True)]
    return {"accuracy": every.tolist(), "accuracy without background": shown.tolist(), "edit": edit}


def too_few_classes(targets: Sequence[Integers]) -> str:
    """Why the true classes are too few for :func:`permuted_accuracies` to say what chance is; empty where they are enough."""
    count = len(np.unique(np.concatenate(targets)))
    return f"{count} classes are too few to judge by permutation, which needs {FEWEST}" if count < FEWEST else ""


def permuted_accuracies(predicted: Sequence[Integers], targets: Sequence[Integers]) -> dict[str, Floats]:
    """By column [draws]: the accuracies when the frames of each true class have the predictions for those of another, drawn at random.

    A head that learnt from labels without meaning still gives like frames like classes, so that whole classes are right or wrong by luck.
    Permutations of single videos or frames know nothing of that luck; these do. The same permutations for every training.
    """
    guess, truth = np.concatenate(predicted), np.concatenate(targets)
    names, own, sizes = np.unique(truth, return_inverse=True, return_counts=True)
    said = np.zeros((len(names), len(names)))  # [of which true class, as which class], the share of its frames
    columns = np.searchsorted(names, guess)
    known = names[np.minimum(columns, len(names) - 1)] == guess
    np.add.at(said, (own[known], columns[known]), 1)
    said /= sizes[:, None]
    draw, every = numpy_stream(0, "action-segmentation/chance"), np.arange(len(names))
    orders = np.stack([draw.permutation(len(names)) for _ in range(DRAWS)])
    right = said[orders, every] * sizes  # [draws, classes], frames
    shown = names != BACKGROUND
    return {
        "accuracy": 100 * right.sum(axis=1) / len(truth),
        "accuracy without background": 100 * right[:, shown].sum(axis=1) / sizes[shown].sum(),
    }
