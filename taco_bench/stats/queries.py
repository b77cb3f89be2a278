"""What so many test queries can detect: would the difference be there on other queries?"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from taco_bench.stats.intervals import cluster_sums

FACTOR = 2.8
"""1.96 + 0.84: the two-sided 5 % point of the normal law and its 80 % point."""


def detectable_over_queries(differences: npt.ArrayLike, clusters: npt.ArrayLike) -> float:
    """The true mean difference that a paired comparison over these queries finds with 80 % power at the two-sided 5 % level.

    With one query a video and one seed it is 2.8 sqrt(discordant share / n): of n paired answers only those that one row has right and
    the other wrong carry information, so their share is the variance of a difference where nothing differs (McNemar, Psychometrika
    1947; the power by Lachin, Statistics in Medicine 1992). At 1,000 queries, 10 % discordant, it is 2.8 points. Two things are
    generalised: of answers averaged over seeds the mean square takes the place of the share, which is the same for one seed; and the
    queries of one video are one draw, so squares are taken of the sums over videos.

    Args:
        differences: [queries], credit of one row minus the other's, averaged over the paired seeds; in points.
        clusters: [queries], the video of each query; at least two videos.

    Returns:
        in points, at least 0; 0 where no query parts the rows.
    """
    sums, sizes = cluster_sums(differences, clusters)
    return FACTOR * math.sqrt(float(np.square(sums).sum())) / int(sizes.sum())
