"""The metrics, as the protocols define them."""

from taco_bench.metrics.retrieval import (
    chance_metrics,
    metrics_of_ranks,
    permuted_recalls,
    retrieval_metrics,
    retrieval_ranks,
)

__all__ = ["chance_metrics", "metrics_of_ranks", "permuted_recalls", "retrieval_metrics", "retrieval_ranks"]
