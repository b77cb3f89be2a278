"""The metrics, as the protocols define them."""

from taco_bench.metrics.captions import best_caption_scores, caption_owners
from taco_bench.metrics.retrieval import (
    chance_metrics,
    metrics_of_ranks,
    permuted_recalls,
    retrieval_metrics,
    retrieval_ranks,
)

__all__ = [
    "best_caption_scores",
    "caption_owners",
    "chance_metrics",
    "metrics_of_ranks",
    "permuted_recalls",
    "retrieval_metrics",
    "retrieval_ranks",
]
