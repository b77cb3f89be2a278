"""Intervals: over seeds (would it hold if trained again?) and over queries (would it hold on other queries?)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import scipy  # loads scipy.stats where it is first used: it takes a second, and plans need none of it

CELLS_AT_A_TIME = 1_000_000
"""Videos drawn at once; bounds the memory, and is part of what makes the interval repeat."""


def paired_t_interval(differences: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Student's interval of the mean of paired differences; a point where they are all equal.

    Args:
        differences: [seeds], at least two.
        level: probability.
    """
    values = np.asarray(differences, np.float64)
    if values.size < 2:
        raise ValueError(f"an interval over seeds needs at least 2, got {values.size}")
    half = scipy.stats.t.isf((1 - level) / 2, values.size - 1) * values.std(ddof=1) / np.sqrt(values.size)
    return float(values.mean() - half), float(values.mean() + half)


def cluster_bootstrap(
    values: npt.ArrayLike, clusters: npt.ArrayLike, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """The interval of the mean over queries when the videos that they belong to are drawn anew.

    A video comes with all its queries, so the mean is a ratio: the sum over the drawn videos by the number of their queries. The ends
    are quantiles of the drawn means, further out than the level by Student's factor for the effective number of videos (the number
    of equally large ones): of the usual kinds the one that covers best on hits and misses, see benchmarks/coverage.py.

    Args:
        values: [queries], or [seeds, queries], which is averaged over seeds first.
        clusters: [queries], the video of each query; at least two videos.
        level: probability.
        draws: number of bootstrap samples.
        seed: of the draws; the same gives the same interval.
    """
    sums, sizes = cluster_sums(values, clusters)
    generator = np.random.default_rng(seed)
    means = np.concatenate([sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1) for drawn in _drawn(len(sums), draws, generator)])
    low, high = np.quantile(means, _tails(sizes, level))
    return float(low), float(high)


def cluster_sums(values: npt.ArrayLike, clusters: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """For each video the sum over its queries [videos] and their number [videos].

    Args:
        values: as :func:`cluster_bootstrap`.
        clusters: as there.
    """
    table, labels = np.atleast_2d(np.asarray(values, np.float64)), np.asarray(clusters)
    if table.ndim != 2 or labels.shape != table.shape[1:]:
        raise ValueError(f"each query needs its video: values have shape {np.shape(values)}, clusters {labels.shape}")
    if not np.isfinite(table).all():
        raise ValueError("a value of a query is not a finite number")
    _, own, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        raise ValueError(f"drawing videos anew needs at least 2, got {len(sizes)}")
    return np.bincount(own, table.mean(axis=0)).astype(np.float64), sizes.astype(np.int64)


def _drawn(videos: int, draws: int, generator: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    rows = max(1, CELLS_AT_A_TIME // videos)
    for start in range(0, draws, rows):
        yield generator.integers(0, videos, (min(rows, draws - start), videos))  # [draws, videos]


def _tails(sizes: npt.NDArray[np.int64], level: float) -> npt.NDArray[np.float64]:
    """The two quantiles to take: those of the normal law at Student's ends, where few videos or unequal ones make the draws too narrow."""
    effective = float(sizes.sum()) ** 2 / float(sizes @ sizes)
    end = math.sqrt(effective / (effective - 1)) * float(scipy.stats.t.isf((1 - level) / 2, effective - 1))
    return np.asarray([scipy.stats.norm.cdf(-end), scipy.stats.norm.cdf(end)])
