"""Text-video retrieval (P 4.3, 5.1): both directions, each score alone, and what chance gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from taco_bench.api import Chance, Evaluation, Trained, numpy_stream
from taco_bench.metrics import chance_metrics, metrics_of_ranks, permuted_recalls, retrieval_ranks

DIRECTIONS = {"text->video": "t2v", "video->text": "v2t"}
PERMUTATIONS = 10_000
"""Draws of the permuted gallery; enough for the ends of a 99.9 % interval."""
KS = (1, 5, 10)


class Retrieval:
    """Each test caption among all videos of the split, and each video among all captions."""

    def evaluate(self, trained: Trained) -> Evaluation:
        """Metrics of the fused scores, of each trained score alone, and of chance."""
        settings = trained.experiment.evaluation
        clips = trained.clips(settings.split)
        scores = dict(trained.pair_scores(settings.split))
        fused = {direction: scores.pop(direction) for direction in DIRECTIONS}
        found = Evaluation(
            {}, pool={"split": settings.split, "queries": len(clips), "videos": len(clips), "fusion pairs": _rule(settings, len(clips))}
        )
        found.rows["all scores"] = self._row(fused, settings.metric_convention, found)
        for name, matrix in scores.items():
            found.rows[f"{name} score"] = self._row(_both(matrix), settings.metric_convention)
        found.controls["chance"] = {f"{short} {k}": v for short in DIRECTIONS.values() for k, v in chance_metrics(len(clips), KS).items()}
        found.queries |= {"clip": [clip.id for clip in clips], "video": [clip.video or clip.id for clip in clips]}
        for direction, short in DIRECTIONS.items():
            self._chance(fused[direction], short, found)
        return found

    @staticmethod
    def _chance(matrix: np.ndarray, short: str, found: Evaluation) -> None:
        """Recalls by the expected rule, whatever the table's, beside those under permutations: one stream, so the same for all seeds."""
        draws = permuted_recalls(matrix, PERMUTATIONS, numpy_stream(0, "permuted-gallery"), KS)
        recalls = metrics_of_ranks(found.queries[f"{short} better"], found.queries[f"{short} tied"], KS)
        for column, k in enumerate(KS):
            found.chance[f"{short} R@{k}"] = Chance(recalls[f"R@{k}"], draws[:, column])

    @staticmethod
    def _row(matrices: dict[str, np.ndarray], convention: str, keep: Evaluation | None = None) -> dict[str, float]:
        row: dict[str, float] = {}
        for direction, short in DIRECTIONS.items():
            better, tied = retrieval_ranks(matrices[direction])
            metrics = metrics_of_ranks(better, tied, KS, "howto100m" if convention == "howto100m" else "expected")
            row |= {f"{short} {name}": value for name, value in metrics.items()}
            if keep is not None:
                keep.queries |= {f"{short} better": better.tolist(), f"{short} tied": tied.tolist()}
        return row


def _rule(settings: Any, size: int) -> str:
    """Which pairs went through the fusion module."""
    if "fusion" not in settings.scores:
        return ""
    shortlisted = size > settings.shortlist_above and settings.scores != ("fusion",)
    return f"the best {settings.shortlist} of each query by the other scores" if shortlisted else "all"


def _both(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """One matrix [texts, videos] for both directions, queries first."""
    return {"text->video": matrix, "video->text": matrix.T}
