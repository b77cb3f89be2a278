"""Intervals: over seeds (would it hold if trained again?) and over queries (would it hold on other queries?)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats


def paired_t_interval(differences: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Student's interval of the mean of paired differences; a point where they are all equal.

    Args:
        differences: [seeds], at least two.
        level: probability.
    """
    values = np.asarray(differences, np.float64)
    if values.size < 2:
        raise ValueError(f"an interval over seeds needs at least 2, got {values.size}")
    half = stats.t.isf((1 - level) / 2, values.size - 1) * values.std(ddof=1) / np.sqrt(values.size)
    return float(values.mean() - half), float(values.mean() + half)
