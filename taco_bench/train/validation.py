"""The score by which the best checkpoint is chosen."""

from __future__ import annotations

from taco_bench.config import SCORE_OF, Evaluation, Experiment
from taco_bench.data.prepared import Prepared
from taco_bench.metrics import caption_owners, retrieval_metrics
from taco_bench.model.taco import TACo
from taco_bench.reporting import Silent
from taco_bench.train.scoring import pool_scores

RECALLS = ("R@1", "R@5", "R@10")


def validation_score(model: TACo, experiment: Experiment, prepared: Prepared) -> float:
    """The mean of text->video R@1, R@5 and R@10 on the validation split.

    All trained scores are summed by the protocol's defaults, whatever the experiment is evaluated on: experiments that differ in their
    evaluation alone share one training.
    """
    trained = tuple(SCORE_OF[loss] for loss in experiment.losses.use)
    evaluation = Evaluation.model_validate({"split": "val", "scores": trained})
    experiment = experiment.model_copy(update={"evaluation": evaluation})
    scores = pool_scores(model, experiment, prepared, prepared.clips["val"], Silent())
    owners = caption_owners([len(clip.captions) for clip in prepared.clips["val"]])
    metrics = retrieval_metrics(scores["text->video"], owners)
    return sum(metrics[name] for name in RECALLS) / len(RECALLS)
