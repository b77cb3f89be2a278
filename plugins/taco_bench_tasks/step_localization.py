"""Action step localization, as CrossTask asks for it (P 5.2): every step of a video's procedure on one second, in order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from taco_bench.api import Chance, Evaluation, Trained, UserError
from taco_bench.metrics import ordered_assignment
from taco_bench_tasks.localization_controls import chance_draws, order_alone, order_spread, reordered_hits, uniform_placement
from taco_bench_tasks.localization_pool import COLUMNS, Pool, none_left
from taco_bench_tasks.localization_videos import Found, Video, find_videos
from taco_bench_tasks.windows import window_problems

if TYPE_CHECKING:
    from taco_bench.api import Clip, Experiment

Positive = Annotated[int, Field(gt=0)]
Floats = npt.NDArray[np.float64]


class StepLocalization:
    """Places the steps of each test video's procedure, in order, where the trained scores of seconds and step texts are highest.

    Nothing is trained on steps. A second is a row of the clip's features. The score of a second and a step is the log-softmax over the
    video's steps of the trained scores without fusion.

    Args:
        window: rows that go through the video module at once.
        stride: rows from one window to the next; scores are averaged where windows overlap.
        runs: over which recalls are averaged, each on test videos of its own.
        left_out: random test videos of each task that a run leaves out.
        join: test clips of one task that are joined end to end to one video; 1: none, the published protocols.
    """

    def __init__(
        self,
        window: Positive = 32,
        stride: Positive = 16,
        runs: Positive = 1,
        left_out: Annotated[int, Field(ge=0)] = 0,
        join: Positive = 1,
    ) -> None:
        self.window, self.stride, self.runs, self.left_out, self.join = window, stride, runs, left_out, join

    columns = tuple(COLUMNS)

    def problems(self, experiment: Experiment) -> list[UserError]:
        """Windows that do not fit, and scores that say nothing of a second."""
        found = window_problems(experiment, self.window, {"stride": self.stride})
        if experiment.losses.use and not {"sentence", "token"} & set(experiment.evaluation.scores):
            what = "seconds are scored without the fusion module, and neither the sentence nor the token score is in use"
            found.append(UserError(what, where="--task step-localization", hint="add l1 or l2 to --losses, and its score to --scores"))
        return found

    def clip_problems(self, clips: Sequence[Clip]) -> list[UserError]:
        """Tasks of which a run would leave out every video; a video that is too short for its steps is found when features are read."""
        counts = Counter(clip.task for clip in clips if clip.steps)
        videos = {task: math.ceil(count / self.join) for task, count in sorted(counts.items())}
        return [none_left(task, count, self.left_out) for task, count in videos.items() if self.left_out and count <= self.left_out]

    def evaluate(self, trained: Trained) -> Evaluation:
        """Recall, pooled a task and a video at a time, beside what comes of not looking."""
        split = trained.experiment.evaluation.split
        videos = find_videos(trained, split, self.join)
        pool = Pool(videos.videos, self.runs, self.left_out)
        placed, hits, reordered = [], [], []
        with trained.reporter.bar("videos with steps", len(pool.videos)) as advance:
            for at, video in enumerate(pool.videos):
                scores = self._scores(trained, video)
                placed.append(ordered_assignment(scores))
                hits.append(_hits(video, placed[-1]))
                reordered.append(reordered_hits(scores, video, at))
                advance()
        found = Evaluation({"all scores": pool.row(hits)}, self._controls(pool), pool=self._pool(split, pool, videos))
        found.queries = _queries(pool, hits)
        found.arrays = {"second": np.concatenate([p[v.shown] for p, v in zip(placed, pool.videos, strict=True)]).astype(np.int32)}
        draws = chance_draws(pool, reordered)
        rows = found.rows["all scores"]
        found.chance = {column: Chance(rows[column], draws[column], "step texts permuted within each video") for column in rows}
        return found

    def _scores(self, trained: Trained, video: Video) -> Floats:
        """[seconds, steps], the log-softmax over the steps in each second."""
        logits = trained.frame_scores(video.clips, video.texts, self.window, self.stride).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))

    def _controls(self, pool: Pool) -> dict[str, dict[str, float]]:
        uniform = pool.row([_hits(video, uniform_placement(*video.truth.shape)) for video in pool.videos])
        likely = pool.contributions([(order_alone(*video.truth.shape) * video.truth).sum(axis=0) for video in pool.videos])
        expected = {column: float(values.mean()) for column, values in likely.items()}
        return {"uniform placement": uniform, f"order alone (expected; one draw ±{order_spread(pool):.1f})": expected}

    def _pool(self, split: str, pool: Pool, found: Found) -> dict[str, object]:
        counts: dict[str, object] = {"split": split, "queries": len(pool.owner), "videos": len(pool.videos)}
        optional = {
            "tasks": len(np.unique(pool.tasks)) if any(pool.tasks) else 0,
            "clips joined to a video": self.join if self.join > 1 else 0,
            "runs": self.runs if self.left_out else 0,
            "videos a task left out of each run": self.left_out,
            "videos left out, with fewer rows than steps": found.too_short,
            "clips left out, without steps": found.without_steps,
        }
        return counts | {name: count for name, count in optional.items() if count}


def _hits(video: Video, placed: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """[steps], which are placed on one of their seconds."""
    return np.asarray(video.truth[placed, np.arange(len(placed))])


def _queries(pool: Pool, hits: list[npt.NDArray[np.bool_]]) -> dict[str, list[object]]:
    """One a step that is to be found."""
    steps = [(video, k, bool(hit[k])) for video, hit in zip(pool.videos, hits, strict=True) for k in np.flatnonzero(video.shown)]
    return {
        "clip": [video.owners[k].id for video, k, _ in steps],
        "video": [video.name for video, _, _ in steps],
        "task": [video.task for video, _, _ in steps],
        "text": [video.texts[k] for video, k, _ in steps],
        "correct": [int(correct) for _, _, correct in steps],
        **{column: values.tolist() for column, values in pool.contributions(hits).items()},
    }
