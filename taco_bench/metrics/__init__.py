"""The metrics, as the protocols define them."""

from taco_bench.metrics.assignment import ordered_assignment
from taco_bench.metrics.frames import frame_accuracy
from taco_bench.metrics.retrieval import (
    chance_metrics,
    metrics_of_ranks,
    permuted_recalls,
    retrieval_metrics,
    retrieval_ranks,
)
from taco_bench.metrics.segments import edit_score, segment_f1, segments_of
from taco_bench.metrics.steps import StepRecall, step_recall, video_recall

__all__ = [
    "StepRecall",
    "chance_metrics",
    "edit_score",
    "frame_accuracy",
    "metrics_of_ranks",
    "ordered_assignment",
    "permuted_recalls",
    "retrieval_metrics",
    "retrieval_ranks",
    "segment_f1",
    "segments_of",
    "step_recall",
    "video_recall",
]
