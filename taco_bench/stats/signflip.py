"""The exact paired sign-flip test over seeds, and how many seeds it needs before it can say anything at all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from taco_bench.errors import UserError

MOST_SEEDS = 40
"""2^20 sums for each half of the seeds; beyond, the exact test is refused."""

TIE = 1e-9
"""Means this close, relative to the sum of absolute differences, are tied: rounding must not break ties."""

EXACT_BITS = 53
"""From here on a double is a multiple of 2^-seeds, as near as it can be."""


def sign_flip_p(differences: Sequence[float]) -> float:
    """The exact one-sided p of a positive mean: the share of all 2^n sign assignments whose mean is no lower than the one seen.

    Flipping a subset of the differences lowers their sum by twice the subset's sum, so those are the subsets with a sum of at
    most 0. They are counted by meeting in the middle: 2^(n/2) sums, not 2^n. The level is exact where rows that do not differ give
    differences that are symmetric around 0, as they do when the seeds of the two rows could be swapped.

    Args:
        differences: [seeds], better row minus worse row, paired by seed.

    Returns:
        p in [2^-n, 1]; 1 where all differences are 0.

    Raises:
        UserError: more than ``MOST_SEEDS`` seeds.
        ValueError: no seeds, or a difference that is not finite.
    """
    values = np.asarray(differences, np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(f"the sign-flip test needs finite differences, one a seed, got {differences!r}")
    if values.size > MOST_SEEDS:
        raise UserError(f"the exact sign-flip test takes up to {MOST_SEEDS} seeds, got {values.size}", hint=f"use {MOST_SEEDS} of them")
    first, second = _subset_sums(values[: values.size // 2]), _subset_sums(values[values.size // 2 :])
    tolerance = TIE * float(np.abs(values).sum())
    at_most = np.searchsorted(
        np.sort(second), tolerance - first, side="right"
    )  # [2^(n/2)] subsets of the second half for each of the first
    return float(math.ldexp(int(at_most.sum()), -values.size))


def _subset_sums(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums


def smallest_p(seeds: int) -> float:
    """The p of the best possible data: 2^-seeds."""
    return math.ldexp(1.0, -seeds)


def attainable_level(seeds: int, alpha: float) -> float:
    """The largest multiple of 2^-seeds that is at most ``alpha``: the level at which the exact test really works; 0: it never rejects."""
    return math.ldexp(math.floor(math.ldexp(alpha, seeds)), -seeds) if seeds < EXACT_BITS else alpha


def seeds_needed(comparisons: int, alpha: float = 0.05) -> int:
    """The seeds without which not even the best possible data pass Holm's first step over so many comparisons."""
    return max(1, next(seeds for seeds in range(1_000) if comparisons * smallest_p(seeds) <= alpha))
