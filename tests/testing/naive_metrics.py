"""The first-party tasks' metrics, computed the slow and obvious way."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from taco_bench.api import Evaluation
from taco_bench.testing import MadeTraining


def retrieval_figures(trained: MadeTraining) -> dict[str, float]:
    """Ranks by sorting; a video's captions count by the best of them. No scores are tied here."""
    clips = trained.clips("test")
    owner = [at for at, clip in enumerate(clips) for _ in clip.captions]
    scores = trained.pair_scores("test")["text->video"].tolist()
    best = [[max(scores[text][video] for text in range(len(owner)) if owner[text] == other) for other in range(len(clips))] for video in range(len(clips))]  # fmt: skip  # noqa: E501
    ranks = {
        "t2v": [1 + sum(score > row[owner[text]] for score in row) for text, row in enumerate(scores)],
        "v2t": [1 + sum(score > row[video] for score in row) for video, row in enumerate(best)],
    }
    found = {f"{short} MedR": float(median(places)) for short, places in ranks.items()}
    for short, places in ranks.items():
        found |= {f"{short} R@{k}": 100 * sum(place <= k for place in places) / len(places) for k in (1, 5, 10)}
    return found


def step_figures(trained: MadeTraining) -> dict[str, float]:
    """The best increasing placement by trying where the last step goes, shorter problems first; recall pooled a task."""
    right: dict[str, int] = {}
    shown: dict[str, int] = {}
    for clip in trained.clips("test"):
        logits = trained.frame_scores(clip, clip.procedure, 32, 16).astype(float).tolist()
        logs = [[x - max(row) - math.log(sum(math.exp(y - max(row)) for y in row)) for x in row] for row in logits]
        for step, second in enumerate(placed(logs)):
            spans = [(s.start, s.end) for s in clip.steps if s.text == clip.procedure[step]]
            shown[clip.task] = shown.get(clip.task, 0) + bool(spans)
            right[clip.task] = right.get(clip.task, 0) + any(start <= second < end for start, end in spans)
    return {"recall": 100 * sum(right[task] / shown[task] for task in shown) / len(shown)}


def placed(scores: list[list[float]]) -> list[int]:
    """The second of each step, strictly increasing, with the largest sum of scores."""
    best: dict[int, tuple[float, list[int]]] = {-1: (0.0, [])}  # by the second of the last step
    for step in range(len(scores[0])):
        best = {
            second: max((total + scores[second][step], [*seconds, second]) for last, (total, seconds) in best.items() if last < second)
            for second in range(step, len(scores))
        }
    return max(best.values())[1]


def frame_figures(trained: MadeTraining, found: Evaluation) -> dict[str, float]:
    """Each frame's label against the clip's steps; what was predicted, only the task knows."""
    names: list[Any] = found.arrays["classes"].tolist()
    said = [names[number] for number in found.arrays["predicted"].tolist()]
    truth = []
    for clip in trained.clips("test"):
        labels = ["background"] * len(trained.frames(clip))
        for step in clip.steps:
            labels[step.start : step.end] = [step.text] * (step.end - step.start)
        truth += labels
    pairs = list(zip(said, truth, strict=True))
    steps = [(a, b) for a, b in pairs if b != "background"]
    return {
        "accuracy": 100 * sum(a == b for a, b in pairs) / len(pairs),
        "accuracy without background": 100 * sum(a == b for a, b in steps) / len(steps),
    }
