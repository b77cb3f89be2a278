"""Retrieval: recall at k, median and mean rank, by counting, with an explicit rule for ties.

A query whose positive has b strictly better videos and shares its score with t videos (itself among them) has credit
clip((k - b) / t, 0, 1) at k: the chance that it is among the first k when ties are broken at random. The convention "howto100m" is
that of the public code of the field (antoine77340/howto100m, metrics.py), which lists a tied query once for each tied position.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from taco_bench.errors import DataError

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Integers: TypeAlias = npt.NDArray[np.int64]
Convention = Literal["expected", "howto100m"]

CELLS_AT_A_TIME = 1_000_000
"""Scores compared at once: what fits a cache, whatever the size of the pool."""


def retrieval_metrics(
    scores: npt.ArrayLike,
    positives: npt.ArrayLike | None = None,
    ks: Sequence[int] = (1, 5, 10),
    convention: Convention = "expected",
) -> dict[str, float]:
    """Recall at each k, median and mean rank of a score matrix.

    Args:
        scores: [queries, videos], higher is better; 16-bit floats are refused, since their rounding makes ties.
        positives: [queries], the index of each query's video; None: the diagonal.
        ks: cut-offs.
        convention: how tied scores count; see the module.

    Returns:
        "R@k" in percent for each k, "MedR" and "MeanR" (1 is best), and "ties", the share of queries whose positive is tied, in percent.

    Raises:
        DataError: a score is NaN (the query is named), or the matrix has 16-bit floats.
        ValueError: shapes that do not fit.
    """
    better, tied = retrieval_ranks(scores, positives)
    return metrics_of_ranks(better, tied, ks, convention)


def retrieval_ranks(scores: npt.ArrayLike, positives: npt.ArrayLike | None = None) -> tuple[Integers, Integers]:
    """For each query the number of strictly better videos, and of videos tied with the positive (itself among them).

    Args and errors as :func:`retrieval_metrics`.
    """
    matrix, own = _checked(scores, positives)
    better, tied = np.empty(len(matrix), np.int64), np.empty(len(matrix), np.int64)
    for rows in _row_blocks(matrix):
        block = matrix[rows]
        positive = block[np.arange(len(block)), own[rows]][:, None]
        undefined = np.isnan(block.max(axis=1))  # a maximum is NaN where any of its row is
        if undefined.any():
            query = rows.start + int(undefined.argmax())
            raise DataError(f"the score matrix has a NaN for query {query}", hint="look for NaN in its features or in the training")
        better[rows] = _true(block > positive)
        tied[rows] = _true(block == positive)
    return better, tied


def _true(cells: npt.NDArray[np.bool_]) -> list[int]:
    """How many of each row are True; numpy counts one row several times faster than along an axis."""
    return [int(np.count_nonzero(row)) for row in cells]


def _checked(scores: npt.ArrayLike, positives: npt.ArrayLike | None) -> tuple[Floats, Integers]:
    matrix = np.asarray(scores)
    if matrix.dtype == np.float16:
        raise DataError("ranking needs scores in float32 or better; float16 rounds distinct scores to ties")
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(f"scores must be [queries, videos] and not empty, got shape {matrix.shape}")
    own = np.arange(len(matrix)) if positives is None else np.asarray(positives, np.int64)
    if own.shape != (len(matrix),) or own.min() < 0 or own.max() >= matrix.shape[1]:
        raise ValueError(f"positives must be one video index a query; scores have shape {matrix.shape}")
    return matrix, own


def _row_blocks(matrix: Floats) -> Iterator[slice]:
    rows = max(1, CELLS_AT_A_TIME // matrix.shape[1])
    return (slice(start, min(start + rows, len(matrix))) for start in range(0, len(matrix), rows))


def metrics_of_ranks(
    better: npt.ArrayLike, tied: npt.ArrayLike, ks: Sequence[int] = (1, 5, 10), convention: Convention = "expected"
) -> dict[str, float]:
    """The metrics of :func:`retrieval_metrics` from the counts of :func:`retrieval_ranks`."""
    b, t = np.asarray(better, np.int64), np.asarray(tied, np.int64)
    if convention == "howto100m":
        # a query tied with t - 1 others appears t times, once at each of its positions
        positions = np.concatenate([np.arange(first, first + many) for first, many in zip(b, t, strict=True)]) + 1
        recalls = {f"R@{k}": 100 * float(np.mean(positions <= k)) for k in ks}
    else:
        positions = b + (t + 1) / 2  # the expected position
        recalls = {f"R@{k}": 100 * float(credit(b, t, k).mean()) for k in ks}
    return {**recalls, "MedR": float(np.median(positions)), "MeanR": float(np.mean(positions)), "ties": 100 * float(np.mean(t > 1))}


def credit(better: Integers, tied: Integers, k: int) -> npt.NDArray[np.float64]:
    """The share of a hit at k that each query earns: clip((k - b) / t, 0, 1)."""
    return np.clip((k - better) / tied, 0.0, 1.0)


def chance_metrics(videos: int, ks: Sequence[int] = (1, 5, 10)) -> dict[str, float]:
    """What a random order of ``videos`` gives on average, exactly: R@k = k / videos, and ranks of (videos + 1) / 2."""
    middle = (videos + 1) / 2
    return {**{f"R@{k}": 100 * min(1.0, k / videos) for k in ks}, "MedR": middle, "MeanR": middle, "ties": 0.0}


def permuted_recalls(
    scores: npt.ArrayLike,
    draws: int,
    generator: np.random.Generator,
    ks: Sequence[int] = (1, 5, 10),
    positives: npt.ArrayLike | None = None,
) -> npt.NDArray[np.float64]:
    """R@k of a score matrix under random permutations of the gallery: where an uninformed model lands.

    Args:
        scores: [queries, videos].
        draws: number of permutations.
        generator: of the permutations.
        ks: cut-offs.
        positives: [queries], as in :func:`retrieval_metrics`; None: the diagonal of a square matrix.

    Returns:
        [draws, len(ks)], in percent.
    """
    matrix, own = _checked(scores, positives)
    size = matrix.shape[1]
    if positives is None and len(matrix) != size:
        raise ValueError(f"a gallery is permuted in a square matrix, got shape {matrix.shape}")
    hits = np.zeros((size, size, len(ks)), np.float32)  # [videos, videos, ks]: of a video's queries, were that other video the positive
    for query, row in enumerate(matrix):
        ordered = np.sort(row)
        above = np.searchsorted(ordered, row, side="right")
        better, tied = size - above, above - np.searchsorted(ordered, row, side="left")
        hits[own[query]] += np.stack([credit(better, tied, k) for k in ks], axis=-1).astype(np.float32)
    rows = np.arange(size)
    sums = [hits[rows, generator.permutation(size)].sum(axis=0, dtype=np.float64) for _ in range(draws)]
    return 100 * (np.stack(sums) / len(matrix))
