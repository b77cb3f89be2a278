"""Verdicts on the claims of a table: each is a comparison of two rows, one of them primary, all one-sided in the paper's direction.

The primary is tested at 0.05; only where it HOLDS are the secondaries that were run tested, by Holm at 0.05 (gatekeeping). The chance
of any false HOLDS in a table is therefore at most 0.05. REVERSED is the same procedure in the other direction at 0.025, and the gate
applies to it too: a secondary can be REVERSED only beneath a primary that HOLDS. So where the primary's rows are equal, the chance of
any false claim is that of one on the primary alone: 0.05 for HOLDS and 0.025 for REVERSED, which exclude each other, 0.075 in all,
and less with few seeds (0.031 with 5, which cannot show a reversal; 0.063 with 6). Both levels are given by the rules; a bound of
0.05 on both words together would leave nothing for REVERSED.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from taco_bench.errors import UserError
from taco_bench.stats import reasons
from taco_bench.stats.evidence import ALPHA, Evidence, gather
from taco_bench.stats.intervals import paired_t_interval

REVERSED_ALPHA = 0.025

WORDS = (
    "NOT RUN", "FAILED", "NO TARGET", "NOT COMPARABLE", "HOLDS", "REVERSED", "NULL", "UNDERPOWERED", "LEANS", "INCONCLUSIVE",
)  # fmt: skip
"""In the order in which they are decided."""


@dataclass(frozen=True)
class Comparison:
    """A claim of a table: one row is better than another.

    Args:
        name: what is compared.
        differences: [seeds], better row minus worse row, paired by seed; None: not run.
        primary: tested first and undiluted; one a table.
        smallest_effect: the smallest difference of interest, fixed before anything is run.
        target: False where the paper has no such row.
        not_comparable: names of the protocol fields that differ from the paper's.
        unlike: why its rows do not compare with each other, such as other queries.
        not_run: why it was not run.
        failed: why it failed.
    """

    name: str
    differences: Sequence[float] | None
    primary: bool
    smallest_effect: float
    target: bool = True
    not_comparable: tuple[str, ...] = ()
    unlike: str = ""
    not_run: str = ""
    failed: str = ""

    @property
    def tested(self) -> bool:
        """Whether it can be judged by its seeds."""
        return _barred(self) is None


@dataclass(frozen=True)
class Verdict:
    """What the seeds say of a comparison.

    Args:
        name: of the comparison.
        word: one of ``WORDS``.
        reason: one sentence for a table.
        seeds: paired seeds at hand.
        mean: mean difference; None without seeds.
        p: exact one-sided p in the direction of the claim; None where it is not tested, or the seeds cannot reach the level.
        p_adjusted: by Holm over the secondaries that were tested; of the primary ``p`` itself.
        interval: 95 % paired-t interval over seeds; None below 2 seeds.
        detectable: the effect found with 80 % power; infinite where the seeds cannot reach the level, None where it is not tested.
        smallest_effect: of the comparison.
        seeds_needed: seeds in all that would do, of an UNDERPOWERED one; None elsewhere.
    """

    name: str
    word: str
    reason: str
    seeds: int
    mean: float | None
    p: float | None
    p_adjusted: float | None
    interval: tuple[float, float] | None
    detectable: float | None
    smallest_effect: float
    seeds_needed: int | None


def judge(comparisons: Sequence[Comparison]) -> list[Verdict]:
    """A verdict on each comparison of one table, in the order given.

    Raises:
        UserError: more than one primary; or, of a comparison that is tested, a difference that is not finite or a smallest effect
            that is not above 0.
    """
    _check(comparisons)
    evidence = _evidence(comparisons)
    gate = any(comparison.primary and _claim(found) == "HOLDS" for comparison, found in zip(comparisons, evidence, strict=True))
    return [
        _untested(comparison) if found is None else _tested(comparison, found, opened=comparison.primary or gate)
        for comparison, found in zip(comparisons, evidence, strict=True)
    ]


def _check(comparisons: Sequence[Comparison]) -> None:
    primaries = [comparison.name for comparison in comparisons if comparison.primary]
    if len(primaries) > 1:
        raise UserError(f"a table has one primary comparison, got {len(primaries)}", where=", ".join(primaries))
    for comparison in comparisons:
        if comparison.tested and not 0 < comparison.smallest_effect < math.inf:
            raise UserError(f"the smallest effect of interest must be above 0, got {comparison.smallest_effect}", where=comparison.name)
        if not all(map(math.isfinite, comparison.differences or ())):
            raise UserError("a difference between paired seeds is not a finite number", where=comparison.name)


def _evidence(comparisons: Sequence[Comparison]) -> list[Evidence | None]:
    """The primary in a family of its own, the secondaries in theirs; None for those that are not tested."""
    found: list[Evidence | None] = [None] * len(comparisons)
    for primary in (True, False):
        places = [place for place, comparison in enumerate(comparisons) if comparison.tested and comparison.primary is primary]
        for place, evidence in zip(places, gather([comparisons[place].differences or () for place in places]), strict=True):
            found[place] = evidence
    return found


def _barred(comparison: Comparison) -> tuple[str, str] | None:
    """The word and reason of a comparison that no seed decides."""
    if comparison.failed:
        return "FAILED", comparison.failed
    if comparison.not_run or not comparison.differences:
        return "NOT RUN", comparison.not_run or "no seed has both rows"
    if not comparison.target:
        return "NO TARGET", "the paper has no such row"
    fields = ", ".join(comparison.not_comparable)
    found = [comparison.unlike] * bool(comparison.unlike) + [f"not the paper's: {fields}"] * bool(fields)
    return ("NOT COMPARABLE", "; ".join(found)) if found else None


def _untested(comparison: Comparison) -> Verdict:
    word, reason = _barred(comparison) or ("", "")
    values = list(comparison.differences or ())
    mean = sum(values) / len(values) if values else None
    interval = paired_t_interval(values) if len(values) > 1 else None
    return Verdict(comparison.name, word, reason, len(values), mean, None, None, interval, None, comparison.smallest_effect, None)


def _tested(comparison: Comparison, evidence: Evidence, *, opened: bool) -> Verdict:
    word = _word(comparison, evidence, opened=opened)
    given = evidence.missing == 0
    return Verdict(
        name=comparison.name,
        word=word,
        reason=_reason(word, comparison, evidence, opened=opened),
        seeds=len(evidence.differences),
        mean=evidence.mean,
        p=evidence.p if given else None,
        p_adjusted=evidence.adjusted if given else None,
        interval=evidence.interval(),
        detectable=evidence.detectable,
        smallest_effect=comparison.smallest_effect,
        seeds_needed=evidence.seeds_for(comparison.smallest_effect) if word == "UNDERPOWERED" else None,
    )


def _claim(evidence: Evidence | None) -> str:
    """What the test says before the gate."""
    if evidence is None:
        return ""
    if evidence.adjusted <= ALPHA:
        return "HOLDS"
    return "REVERSED" if evidence.other <= REVERSED_ALPHA else ""


def _word(comparison: Comparison, evidence: Evidence, *, opened: bool) -> str:
    if opened and _claim(evidence):
        return _claim(evidence)
    narrow, bound = evidence.interval(0.9), comparison.smallest_effect / 2
    if narrow is not None and -bound <= narrow[0] and narrow[1] <= bound:
        return "NULL"
    if evidence.detectable > comparison.smallest_effect:
        return "UNDERPOWERED"
    return "LEANS" if evidence.mean > 0 else "INCONCLUSIVE"


def _reason(word: str, comparison: Comparison, evidence: Evidence, *, opened: bool) -> str:
    if word == "REVERSED":
        return reasons.reversed_(evidence)
    if word == "NULL":
        return reasons.null(evidence, comparison.smallest_effect / 2)
    if evidence.missing:
        return reasons.refused(evidence, comparison.smallest_effect)
    if not opened and _claim(evidence):
        return f"{reasons.tested(evidence)}; {reasons.GATED}"
    return reasons.underpowered(evidence, comparison.smallest_effect) if word == "UNDERPOWERED" else reasons.tested(evidence)
