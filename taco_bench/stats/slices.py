"""Where a row wins: the difference between two rows on parts of the queries, over the videos and corrected for the number of parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from taco_bench.stats.holm import holm
from taco_bench.stats.intervals import cluster_bootstrap, cluster_sums
from taco_bench.stats.signflip import TIE

FEWEST_QUERIES = 30
FEWEST_VIDEOS = 20
"""Smaller slices are left out: their intervals do not cover, and each would cost the others power."""

ROWS = 500
"""Sign assignments drawn at once."""


@dataclass(frozen=True)
class Slice:
    """The difference between two rows on some of the queries.

    Args:
        name: of the slice.
        queries: in the slice.
        clusters: videos that they belong to.
        mean: mean difference.
        interval: 95 %, over the videos.
        p: two-sided, by flipping the sign of videos.
        p_adjusted: by Holm over all slices.
    """

    name: str
    queries: int
    clusters: int
    mean: float
    interval: tuple[float, float]
    p: float
    p_adjusted: float


def slice_differences(a: npt.ArrayLike, b: npt.ArrayLike, clusters: npt.ArrayLike, slices: Mapping[str, npt.ArrayLike]) -> list[Slice]:
    """The difference a - b on each slice that has enough queries and videos.

    Args:
        a: [queries], credit of each query in one row, averaged over the paired seeds.
        b: [queries], in the other.
        clusters: [queries], the video of each query.
        slices: for each name the queries that belong to it, a boolean mask [queries].
    """
    difference, videos = np.asarray(a, np.float64) - np.asarray(b, np.float64), np.asarray(clusters)
    masks = {name: np.asarray(mask, bool) for name, mask in slices.items()}
    found = [_slice(name, difference[mask], videos[mask]) for name, mask in masks.items() if _enough(videos[mask])]
    return [replace(part, p_adjusted=p) for part, p in zip(found, holm([part.p for part in found]), strict=True)]


def _enough(videos: npt.NDArray[np.generic]) -> bool:
    return len(videos) >= FEWEST_QUERIES and len(np.unique(videos)) >= FEWEST_VIDEOS


def too_small(clusters: npt.ArrayLike, slices: Mapping[str, npt.ArrayLike]) -> dict[str, tuple[int, int]]:
    """The slices that :func:`slice_differences` leaves out, with their numbers of queries and of videos."""
    videos = np.asarray(clusters)
    parts = {name: videos[np.asarray(mask, bool)] for name, mask in slices.items()}
    return {name: (len(part), len(np.unique(part))) for name, part in parts.items() if not _enough(part)}


def _slice(name: str, difference: npt.NDArray[np.float64], videos: npt.NDArray[np.generic]) -> Slice:
    sums, sizes = cluster_sums(difference, videos)
    p = cluster_sign_flip_p(sums)
    return Slice(name, int(sizes.sum()), len(sizes), float(difference.mean()), cluster_bootstrap(difference, videos), p, p)


def cluster_sign_flip_p(sums: npt.ArrayLike, draws: int = 10_000, seed: int = 0) -> float:
    """The two-sided p of a sum over videos whose signs are drawn at random; the data count as one of the draws.

    Args:
        sums: [videos], summed difference of each; its sign could as well be the other where the two rows do not differ.
        draws: number of sign assignments.
        seed: of the draws.
    """
    values = np.asarray(sums, np.float64)
    seen, tie = abs(values.sum()), TIE * np.abs(values).sum()
    generator, extreme = np.random.default_rng(seed), 0
    for start in range(0, draws, ROWS):
        flips = generator.integers(0, 2, (min(ROWS, draws - start), len(values)), dtype=np.int8)  # [draws, videos]
        extreme += int((np.abs((1 - 2 * flips) @ values) >= seen - tie).sum())
    return (extreme + 1) / (draws + 1)
