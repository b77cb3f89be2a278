"""The plain sentence beside a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from taco_bench.stats.evidence import ALPHA, Evidence
from taco_bench.stats.power import MOST

GATED = "not claimed, since the primary does not hold"


def effect(value: float) -> str:
    """A signed difference: one decimal, two digits where it is small."""
    return f"{value + 0.0:+.1f}" if abs(value) >= 0.095 or value == 0 else f"{value:+.2g}"


def count(number: int, noun: str = "seed", plural: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def p_number(p: float) -> str:
    """Three decimals, and never 0."""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def p_value(p: float) -> str:
    """As :func:`p_number`, with its name: "p = 0.031", "p < 0.001"."""
    return f"p = {p_number(p)}" if p >= 0.001 else f"p {p_number(p)}"


def seen(differences: Sequence[float]) -> str:
    """The mean, and the seeds in the direction of the claim: "+1.1, 5 of 5 seeds"."""
    positive = sum(difference > 0 for difference in differences)
    return f"{effect(sum(differences) / len(differences))}, {positive} of {count(len(differences))}"


def tested(evidence: Evidence) -> str:
    """What is seen, with its p: "+1.1, 5 of 5 seeds, p = 0.031 one-sided"."""
    adjusted = f" ({p_number(evidence.adjusted)} by Holm)" if evidence.family > 1 else ""
    return f"{seen(evidence.differences)}, {p_value(evidence.p)} one-sided{adjusted}"


def reversed_(evidence: Evidence) -> str:
    """As :func:`tested`, of the other direction; its p is the one after Holm."""
    by = " by Holm" if evidence.family > 1 else ""
    return f"{seen(evidence.differences)}, {p_value(evidence.other)} one-sided in the other direction{by}"


def null(evidence: Evidence, bound: float) -> str:
    """Why the difference is none that matters."""
    interval = evidence.interval(0.9)
    if interval is None or not any(evidence.differences):
        return "exactly 0 for every seed"
    return f"90 % interval {effect(interval[0])} to {effect(interval[1])}, inside +-{bound:.2g}"


def refused(evidence: Evidence, smallest_effect: float) -> str:
    """How many seeds are missing before a p can be given at all."""
    seeds, total = len(evidence.differences), evidence.seeds_for(smallest_effect)
    over = f" by Holm over {evidence.family} comparisons" if evidence.family > 1 else ""
    are = "is" if evidence.missing == 1 else "are"
    more = f"; {enough(total)}" if total > seeds + evidence.missing else ""
    return f"{count(seeds)} cannot reach {ALPHA}{over}: {evidence.missing} more {are} needed before any p can{more}"


def underpowered(evidence: Evidence, smallest_effect: float) -> str:
    """How many seeds would do."""
    return f"{tested(evidence)}; {enough(evidence.seeds_for(smallest_effect))}"


def enough(seeds: int) -> str:
    """How many seeds in all would do: "18 seeds would do for 80 % power at the smallest effect of interest"."""
    aim = "would do for 80 % power at the smallest effect of interest"
    return f"{count(seeds)} {aim}" if seeds < MOST else f"not even {count(MOST)} {aim}"
