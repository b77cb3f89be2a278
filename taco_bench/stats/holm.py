"""Holm's step-down correction for several comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given; rejecting those at most alpha keeps the chance of any false rejection at alpha.

    The smallest is multiplied by their number m, the next by m - 1 and so on; none is below one before it, none above 1.
    """
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(factors * np.asarray(p, np.float64)[order]))
    return adjusted.tolist()
