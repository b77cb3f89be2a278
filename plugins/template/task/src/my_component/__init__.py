"""Mean reciprocal rank of the right video."""

from __future__ import annotations

import numpy as np
from taco_bench import hookimpl
from taco_bench.api import Chance, Evaluation, Trained, numpy_stream
from taco_bench.hookspecs import Register
from taco_bench.metrics import caption_owners, retrieval_ranks

COLUMN = "t2v MRR"


class MyComponent:
    """Each text among all videos of the split: 100 / rank, ranks of tied videos averaged, and the mean over the texts.

    Args:
        draws: permutations of the answers that say what chance gives.
    """

    columns = (COLUMN,)

    def __init__(self, draws: int = 1000) -> None:
        self.draws = draws

    def evaluate(self, trained: Trained) -> Evaluation:
        """The fused scores beside chance."""
        split = trained.experiment.evaluation.split
        clips = trained.clips(split)
        owners = caption_owners([len(clip.captions) for clip in clips])  # [texts] the video of each text
        scores = trained.pair_scores(split)["text->video"]  # [texts, videos]
        values = reciprocal_ranks(scores, owners)
        draw = numpy_stream(0, "my-component/permuted")  # the same for every seed
        chance = np.array([reciprocal_ranks(scores, draw.permutation(len(clips))[owners]).mean() for _ in range(self.draws)])
        asked = [clips[owner] for owner in owners]
        queries = {"clip": [clip.id for clip in asked], "video": [clip.video or clip.id for clip in asked], COLUMN: values.tolist()}
        mean = float(values.mean())
        return Evaluation(
            {"all scores": {COLUMN: mean}},
            controls={"chance": {COLUMN: float(np.mean(100 / np.arange(1, len(clips) + 1)))}},
            chance={COLUMN: Chance(mean, chance)},
            queries=queries,
            pool={"split": split, "queries": len(owners), "videos": len(clips)},
        )


def reciprocal_ranks(scores: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """[queries] 100 / rank of the positive, where ``better`` videos are above it and ``tied`` ones beside it, itself among them."""
    better, tied = retrieval_ranks(scores, positives)
    return np.asarray(100 / (better + (tied + 1) / 2))


@hookimpl
def taco_bench_tasks(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="mean reciprocal rank of the right video, in percent")
