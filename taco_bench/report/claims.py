"""The claims of a suite, judged from its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from taco_bench.report.comparable import Departures, departures
from taco_bench.report.queries import figure, paired, unlike, videos
from taco_bench.report.rows import Cell
from taco_bench.stats.intervals import cluster_bootstrap
from taco_bench.stats.queries import detectable_over_queries
from taco_bench.stats.verdicts import Comparison, Verdict, judge
from taco_bench.suites.expand import Expanded
from taco_bench.suites.schema import Claim

Cells = Mapping[str, Sequence[Cell]]


@dataclass(frozen=True)
class Judged:
    """A claim with what the cells say of it.

    Attributes:
        claim: of the suite.
        verdict: word, reason, p, seed interval, detectable effect.
        query_interval: 95 %, over source videos, at the seeds that were trained; None where queries were not kept, or come from one video.
        query_detectable: the difference that would be found on that many other queries with 80 % power; None as above.
        paper_effect: the paper's own difference on this data set; None where it has none, or where the rows do not compare with it.
        differences: by seed.
    """

    claim: Claim
    verdict: Verdict
    query_interval: tuple[float, float] | None
    query_detectable: float | None
    paper_effect: float | None
    differences: dict[int, float]


def judge_claims(table: Expanded, cells: Cells, not_run: Mapping[str, str], failed: Mapping[str, str]) -> list[Judged]:
    """A verdict on each claim of a suite.

    Args:
        table: the suite on a data set.
        cells: the finished cells of each row.
        not_run: why a row has no cells.
        failed: why a row's cells failed.
    """
    suite, departing = table.suite, departures(table.suite, table.reported_as, cells)
    differences = [_differences(claim, suite.metric, cells) for claim in suite.claims]
    comparisons = [
        _comparison(table, claim, found, cells, departing, not_run, failed) for claim, found in zip(suite.claims, differences, strict=True)
    ]
    return [
        _judged(table, claim, verdict, cells, found)
        for claim, verdict, found in zip(suite.claims, judge(comparisons), differences, strict=True)
    ]


def _judged(table: Expanded, claim: Claim, verdict: Verdict, cells: Cells, differences: dict[int, float]) -> Judged:
    effect = None if verdict.word == "NOT COMPARABLE" else table.suite.paper_effect(claim, table.reported_as)
    return Judged(claim, verdict, *_over_queries(claim, table.suite.metric, cells), effect, differences)


def _differences(claim: Claim, metric: str, cells: Cells) -> dict[int, float]:
    """By seed: the better row's figure minus the worse one's."""
    worse = {cell["seed"]: figure(cell, metric) for cell in cells.get(claim.worse, ())}
    better = {cell["seed"]: figure(cell, metric) for cell in cells.get(claim.better, ())}
    return {seed: better[seed] - worse[seed] for seed in sorted(better) if seed in worse}


def _comparison(
    table: Expanded,
    claim: Claim,
    differences: Mapping[int, float],
    cells: Cells,
    departing: Departures,
    not_run: Mapping[str, str],
    failed: Mapping[str, str],
) -> Comparison:
    suite = table.suite

    def of_rows(reasons: Mapping[str, str]) -> str:
        return "; ".join(f"{suite.row(name).label}: {reasons[name]}" for name in (claim.better, claim.worse) if reasons.get(name))

    return Comparison(
        claim.name,
        list(differences.values()) or None,
        claim.primary,
        suite.smallest(claim, table.data, table.reported_as),
        target=claim not in suite.without_target,
        not_comparable=tuple(dict.fromkeys(_fields(claim, departing))),
        unlike=unlike(cells.get(claim.better, ()), cells.get(claim.worse, ())),
        not_run=of_rows(not_run) if not differences else "",
        failed=of_rows(failed) if not differences else "",
    )


def _fields(claim: Claim, departing: Departures) -> list[str]:
    """The fields in which one of a claim's rows departs from the paper's protocol."""
    return [field for name in (claim.better, claim.worse) for field in departing.get(name, ())]


def _over_queries(claim: Claim, metric: str, cells: Cells) -> tuple[tuple[float, float] | None, float | None]:
    """The interval over queries, and what they can detect."""
    better, worse = cells.get(claim.better, ()), cells.get(claim.worse, ())
    values = paired(better, worse, metric)
    if values is None or len(set(found := videos(better[0]))) < 2:  # one video drawn anew is the same again
        return None, None
    return cluster_bootstrap(values, found), detectable_over_queries(values, found)
