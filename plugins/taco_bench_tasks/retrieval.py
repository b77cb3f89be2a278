"""Text-video retrieval (P 4.3, 5.1): both directions, each score alone, and what chance gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from taco_bench.api import Chance, Clip, Evaluation, Trained, numpy_stream
from taco_bench.metrics import best_caption_scores, caption_owners, chance_metrics, metrics_of_ranks, permuted_recalls, retrieval_ranks

DIRECTIONS = {"text->video": "t2v", "video->text": "v2t"}
PERMUTATIONS = 10_000
"""Draws of the permuted gallery; enough for the ends of a 99.9 % interval."""

CutOffs = Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(min_length=1)]
Ranks = tuple[np.ndarray, np.ndarray]
"""[queries] strictly better items, and items tied with the right one, itself among them."""


class Retrieval:
    """Every test caption among all videos of the split, and each video among the captions of each: the best of them counts.

    Args:
        ks: cut-offs of the recalls.
    """

    def __init__(self, ks: CutOffs = (1, 5, 10)) -> None:
        self.ks = tuple(dict.fromkeys(ks))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its rows."""
        one = np.ones(1, np.int64)
        return tuple(f"{short} {name}" for short in DIRECTIONS.values() for name in metrics_of_ranks(one - 1, one, self.ks))

    def evaluate(self, trained: Trained) -> Evaluation:
        """Metrics of the fused scores, of each trained score alone, and of chance."""
        settings = trained.experiment.evaluation
        clips = trained.clips(settings.split)
        owners = caption_owners([len(clip.captions) for clip in clips])
        positives = {"t2v": owners, "v2t": np.arange(len(clips))}
        scores = dict(trained.pair_scores(settings.split))
        fused = _queries_first({direction: scores.pop(direction) for direction in DIRECTIONS}, owners)
        ranks = {short: retrieval_ranks(matrix, positives[short]) for short, matrix in fused.items()}
        pool = {"split": settings.split, "queries": len(owners), "videos": len(clips), "fusion pairs": _rule(settings, len(owners))}
        found = Evaluation({"all scores": self._row(ranks, settings.metric_convention)}, pool=pool)
        for name, matrix in scores.items():
            alone = _queries_first({"text->video": matrix, "video->text": matrix.T}, owners)
            row = {short: retrieval_ranks(each, positives[short]) for short, each in alone.items()}
            found.rows[f"{name} score"] = self._row(row, settings.metric_convention)
        found.controls["chance"] = {f"{short} {k}": v for short in fused for k, v in chance_metrics(len(clips), self.ks).items()}
        for short, matrix in fused.items():
            self._chance(matrix, positives[short], ranks[short], short, found)
        _keep(found, ranks, [clips[owner] for owner in owners])
        return found

    def _row(self, ranks: Mapping[str, Ranks], convention: str) -> dict[str, float]:
        rule: Any = "howto100m" if convention == "howto100m" else "expected"
        return {f"{short} {k}": v for short, both in ranks.items() for k, v in metrics_of_ranks(*both, self.ks, rule).items()}

    def _chance(self, matrix: np.ndarray, positives: np.ndarray, ranks: Ranks, short: str, found: Evaluation) -> None:
        """Recalls by the expected rule, whatever the table's, beside those under permutations: one stream, so the same for all seeds."""
        draws = permuted_recalls(matrix, PERMUTATIONS, numpy_stream(0, "permuted-gallery"), self.ks, positives)
        recalls = metrics_of_ranks(*ranks, self.ks)
        for column, k in enumerate(self.ks):
            found.chance[f"{short} R@{k}"] = Chance(recalls[f"R@{k}"], draws[:, column])


def _queries_first(matrices: Mapping[str, np.ndarray], owners: np.ndarray) -> dict[str, np.ndarray]:
    """t2v [texts, videos], and v2t [videos, videos] with the best of each video's captions, from matrices with their queries first."""
    return {"t2v": matrices["text->video"], "v2t": best_caption_scores(matrices["video->text"], owners)}


def _keep(found: Evaluation, ranks: Mapping[str, Ranks], asked: list[Clip]) -> None:
    """The queries are the texts; ranks of videos are kept beside them where each video has one text, else as arrays."""
    found.queries |= {"clip": [clip.id for clip in asked], "video": [clip.video or clip.id for clip in asked]}
    for short, (better, tied) in ranks.items():
        if len(better) == len(asked):
            found.queries |= {f"{short} better": better.tolist(), f"{short} tied": tied.tolist()}
        else:
            found.arrays |= {f"{short} better": better, f"{short} tied": tied}


def _rule(settings: Any, size: int) -> str:
    """Which pairs went through the fusion module."""
    if "fusion" not in settings.scores:
        return ""
    shortlisted = size > settings.shortlist_above and settings.scores != ("fusion",)
    return f"the best {settings.shortlist} of each query by the other scores" if shortlisted else "all"
