"""From what was found to recalls, over all runs; every recall is also a weighted mean over the steps that are to be found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from taco_bench.api import UserError, numpy_stream
from taco_bench.metrics import StepRecall, step_recall, video_recall
from taco_bench_tasks.localization_videos import Video

Floats: TypeAlias = npt.NDArray[np.float64]

COLUMNS: dict[str, Callable[..., StepRecall]] = {"recall": step_recall, "recall per video": video_recall}


class Pool:
    """The steps that are to be found, one query each, video by video.

    Args:
        videos: evaluated.
        runs: over which recalls are averaged.
        left_out: random videos of each task that a run leaves out, the same for every training.

    Raises:
        UserError: a run would leave all videos of a task out.
    """

    def __init__(self, videos: Sequence[Video], runs: int, left_out: int) -> None:
        self.videos = list(videos)
        self.tasks = np.array([video.task for video in videos], str)
        self.total = np.array([video.shown.sum() for video in videos])
        self.owner = np.repeat(np.arange(len(videos)), self.total)  # [queries], the video of each
        self.kept = np.stack([self._run(run, left_out) for run in range(runs)])  # [runs, videos]

    def _run(self, run: int, left_out: int) -> npt.NDArray[np.bool_]:
        kept = np.ones(len(self.videos), bool)
        for task in np.unique(self.tasks) if left_out else ():
            own = np.flatnonzero(self.tasks == task)
            if left_out >= len(own):
                raise none_left(str(task), len(own), left_out)
            kept[numpy_stream(0, f"step-localization/left-out/{task}", run).permutation(own)[:left_out]] = False
        return kept

    def row(self, hits: Sequence[npt.NDArray[np.bool_]]) -> dict[str, float]:
        """The recalls in percent.

        Args:
            hits: of each video [steps], which were placed right.
        """
        correct = np.array([int(hit.sum()) for hit in hits])
        return {
            column: float(np.mean([recall(correct[kept], self.total[kept], self.tasks[kept]).mean for kept in self.kept]))
            for column, recall in COLUMNS.items()
        }

    @cached_property
    def weights(self) -> dict[str, Floats]:
        """By column [queries]: what finding each counts, so that the mean over queries is the recall."""
        queries, found = len(self.owner), {}
        for column in COLUMNS:
            each = [self._shares(kept, per_video=column != "recall")[self.owner] for kept in self.kept]
            found[column] = 100 * queries * np.mean(each, axis=0)
        return found

    def _shares(self, kept: npt.NDArray[np.bool_], *, per_video: bool) -> Floats:
        """[videos], the share of the recall of one run that a step of each has."""
        shares = np.zeros(len(self.videos))
        tasks = np.unique(self.tasks[kept])
        for task in tasks:
            own = kept & (self.tasks == task)
            steps = self.total[own]
            shares[own] = 1 / (len(tasks) * (own.sum() * steps if per_video else steps.sum()))
        return shares

    def contributions(self, hits: Sequence[npt.NDArray[np.generic]]) -> dict[str, Floats]:
        """By column [queries], of the steps that are shown, whose mean is the recall; ``hits`` as in :meth:`row`, or how likely each is."""
        found = np.concatenate([np.asarray(hit, np.float64)[video.shown] for hit, video in zip(hits, self.videos, strict=True)])
        return {column: weights * found for column, weights in self.weights.items()}


def none_left(task: str, videos: int, left_out: int) -> UserError:
    """Of a run that leaves out all videos of a task."""
    what = f"leaving out {left_out} videos leaves none of the {videos} of task {task!r}"
    return UserError(what, where="task.left_out", hint=f"--set task.left_out={videos - 1} or fewer")
