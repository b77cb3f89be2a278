"""Does a control land at chance? Its figures against those under random permutations of the gallery."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LEVEL = 0.999


def chance_interval(draws: Sequence[npt.ArrayLike], level: float = LEVEL) -> npt.NDArray[np.float64]:
    """The interval in which the mean over seeds lies with probability ``level`` when the scores say nothing about the pairs.

    Args:
        draws: for each seed [permutations, metrics], figures under the same permutations of the gallery.
        level: probability.

    Returns:
        [2, metrics], lower and upper end.
    """
    means = np.mean([np.asarray(seed) for seed in draws], axis=0)
    tail = (1 - level) / 2
    return np.quantile(means, [tail, 1 - tail], axis=0, method="inverted_cdf")
