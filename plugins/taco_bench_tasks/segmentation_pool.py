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
OVERLAPS = (10, 25, 50)


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


def permuted_accuracies(predicted: Sequence[Integers], targets: Sequence[Integers]) -> dict[str, Floats]:
    """By column [draws]: the accuracies when each video is given the predictions for another, stretched to its length.

    The same permutations for every training.
    """
    lengths = np.array([len(guess) for guess in predicted])
    starts, values = np.cumsum(lengths) - lengths, np.concatenate(predicted)
    right = np.empty((2, len(targets), len(targets)))  # [columns, of video i the predictions, for video j]: right frames
    for j, truth in enumerate(targets):
        places = ((np.arange(len(truth)) + 0.5) / len(truth) * lengths[:, None]).astype(np.int64)  # [i, frames of j]
        same = values[starts[:, None] + places] == truth
        right[:, :, j] = same.sum(axis=1), same[:, truth != BACKGROUND].sum(axis=1)
    draw, videos = numpy_stream(0, "action-segmentation/chance"), np.arange(len(targets))
    orders = [draw.permutation(len(targets)) for _ in range(DRAWS)]
    totals = sum(map(len, targets)), sum(int((truth != BACKGROUND).sum()) for truth in targets)
    return {
        column: 100 * np.array([counts[order, videos].sum() for order in orders]) / total
        for column, counts, total in zip(("accuracy", "accuracy without background"), right, totals, strict=True)
    }
