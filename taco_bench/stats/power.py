"""What so many paired seeds can detect, and how many would do."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
import scipy  # loads its parts where they are first used

from taco_bench.stats.signflip import attainable_level, seeds_needed, smallest_p

POWER = 0.8

MOST = 10**6
"""Seeds beyond which the search gives up: no one trains as many."""


def power_at(effect: float, spread: float, seeds: int, alpha: float) -> float:
    """The chance that the exact test finds a true mean of ``effect`` when the differences are normal with that spread.

    Where only the best possible data pass, that is the chance that all differences are positive, and the t would promise too much
    (80 % for 74 % with 5 seeds); elsewhere it is modelled by the noncentral t at the level that the exact test attains.
    """
    level = attainable_level(seeds, alpha)
    if seeds < 2 or level == 0:
        return 0.0
    if level == smallest_p(seeds):
        return float(scipy.stats.norm.cdf(effect / spread) ** seeds)
    critical = scipy.stats.t.isf(level, seeds - 1)
    return float(scipy.stats.nct.sf(critical, seeds - 1, effect / spread * math.sqrt(seeds)))


def detectable_effect(differences: Sequence[float], alpha: float, power: float = POWER) -> float:
    """The smallest true mean that the exact test over these many seeds finds with probability ``power``, given their spread.

    Returns:
        infinity where the seeds cannot reach ``alpha`` or have no spread yet (one seed); 0 where all differences are equal.
    """
    seeds = len(differences)
    if seeds < 2 or attainable_level(seeds, alpha) == 0:
        return math.inf
    return spread_of(differences) * _detectable_spreads(seeds, alpha, power)


@functools.cache
def _detectable_spreads(seeds: int, alpha: float, power: float) -> float:
    """The detectable effect in units of the spread."""
    top = 1.0
    while power_at(top, 1.0, seeds, alpha) < power:
        top *= 2
    return float(scipy.optimize.brentq(lambda effect: power_at(effect, 1.0, seeds, alpha) - power, 0.0, top))


def seeds_for(effect: float, spread: float, alpha: float, power: float = POWER) -> int:
    """The fewest paired seeds with which a true mean of ``effect`` is found with probability ``power``.

    Args:
        effect: the true mean; above 0.
        spread: the standard deviation of the differences between seeds.
        alpha: one-sided level.
        power: probability.

    Returns:
        at most ``MOST``.
    """
    if not effect > 0:
        raise ValueError(f"an effect to find must be above 0, got {effect}")
    fewest = max(2, seeds_needed(1, alpha))
    if spread == 0:
        return fewest
    # a normal test with known spread needs fewer: the search starts there
    known = ((float(scipy.stats.norm.isf(alpha)) + float(scipy.stats.norm.ppf(power))) * spread / effect) ** 2
    seeds = max(fewest, math.floor(min(known, MOST)))
    while seeds < MOST and power_at(effect, spread, seeds, alpha) < power:
        seeds += 1
    return seeds


def spread_of(differences: Sequence[float]) -> float:
    """The standard deviation between seeds; exactly 0 where all differences are equal."""
    return 0.0 if max(differences) == min(differences) else float(np.std(differences, ddof=1))
