"""What the paired seeds say of comparisons that are tested together: the primary alone, or the secondaries by Holm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from taco_bench.stats.holm import holm
from taco_bench.stats.intervals import paired_t_interval
from taco_bench.stats.power import detectable_effect, seeds_for, spread_of
from taco_bench.stats.signflip import sign_flip_p, smallest_p

ALPHA = 0.05
"""One-sided level of a claim, family-wise over the comparisons tested together."""


@dataclass(frozen=True)
class Evidence:
    """One comparison within its family.

    Args:
        differences: [seeds], better row minus worse row.
        p: exact one-sided p of a positive mean.
        adjusted: ``p`` by Holm over the family.
        other: p of a negative mean, by Holm over the family.
        family: number of comparisons tested together.
        missing: seeds without which not even the best possible data pass; above 0, p is refused.
    """

    differences: tuple[float, ...]
    p: float
    adjusted: float
    other: float
    family: int
    missing: int

    @property
    def mean(self) -> float:
        """The mean difference."""
        return float(np.mean(self.differences))

    @property
    def level(self) -> float:
        """Holm's first step: the level that the comparison can count on."""
        return ALPHA / self.family

    @property
    def detectable(self) -> float:
        """The effect found with 80 % power at that level."""
        return detectable_effect(self.differences, self.level)

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """The paired-t interval; None with one seed."""
        return paired_t_interval(self.differences, level) if len(self.differences) > 1 else None

    def seeds_for(self, effect: float) -> int:
        """The seeds in all that would do: enough to reach the level, and to find ``effect`` with 80 % power where a spread is known."""
        reach = len(self.differences) + self.missing
        return reach if len(self.differences) < 2 else max(reach, seeds_for(effect, spread_of(self.differences), self.level))


def gather(family: Sequence[Sequence[float]]) -> list[Evidence]:
    """The evidence on comparisons that are tested together, in their order.

    Args:
        family: differences [seeds] of each; the numbers of seeds may differ.
    """
    p = [sign_flip_p(differences) for differences in family]
    other = holm([sign_flip_p([-value for value in differences]) for differences in family])
    missing = [_missing([len(differences) for differences in family], index) for index in range(len(family))]
    rows = zip(family, p, holm(p), other, missing, strict=True)
    return [Evidence(tuple(map(float, row[0])), row[1], row[2], row[3], len(family), row[4]) for row in rows]


def _missing(seeds: list[int], index: int) -> int:
    """How many more seeds a comparison needs before its best possible p, among the best possible ones of its family, passes Holm."""
    more = 0
    while holm([smallest_p(count + more * (place == index)) for place, count in enumerate(seeds)])[index] > ALPHA:
        more += 1
    return more
