"""The claims of a suite, judged from its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from taco_bench.report.queries import figure, paired, unlike, videos
from taco_bench.report.rows import Cell, start_of
from taco_bench.stats.intervals import cluster_bootstrap
from taco_bench.stats.verdicts import Comparison, Verdict, judge
from taco_bench.suites.published import published
from taco_bench.suites.schema import Claim, Suite

Cells = Mapping[str, Sequence[Cell]]


@dataclass(frozen=True)
class Judged:
    """A claim with what the cells say of it.

    Attributes:
        claim: of the suite.
        verdict: word, reason, p, seed interval, detectable effect.
        query_interval: 95 %, over source videos, at the seeds that were trained; None where queries were not kept, or come from one video.
        paper_effect: the paper's own difference on this data set; None where it has none.
        differences: by seed.
    """

    claim: Claim
    verdict: Verdict
    query_interval: tuple[float, float] | None
    paper_effect: float | None
    differences: dict[int, float]


def judge_claims(suite: Suite, data: str, cells: Cells, not_run: Mapping[str, str], failed: Mapping[str, str]) -> list[Judged]:
    """A verdict on each claim of a suite.

    Args:
        suite: whose claims.
        data: name of the data set.
        cells: the finished cells of each row.
        not_run: why a row has no cells.
        failed: why a row's cells failed.
    """
    differences = [_differences(claim, suite.metric, cells) for claim in suite.claims]
    comparisons = [
        _comparison(suite, claim, data, found, cells, not_run, failed) for claim, found in zip(suite.claims, differences, strict=True)
    ]
    return [
        Judged(claim, verdict, _query_interval(claim, suite.metric, cells), suite.paper_effect(claim, data), found)
        for claim, verdict, found in zip(suite.claims, judge(comparisons), differences, strict=True)
    ]


def _differences(claim: Claim, metric: str, cells: Cells) -> dict[int, float]:
    """By seed: the better row's figure minus the worse one's."""
    worse = {cell["seed"]: figure(cell, metric) for cell in cells.get(claim.worse, ())}
    better = {cell["seed"]: figure(cell, metric) for cell in cells.get(claim.better, ())}
    return {seed: better[seed] - worse[seed] for seed in sorted(better) if seed in worse}


def _comparison(
    suite: Suite,
    claim: Claim,
    data: str,
    differences: Mapping[int, float],
    cells: Cells,
    not_run: Mapping[str, str],
    failed: Mapping[str, str],
) -> Comparison:
    def of_rows(reasons: Mapping[str, str]) -> str:
        return "; ".join(f"{suite.row(name).label}: {reasons[name]}" for name in (claim.better, claim.worse) if reasons.get(name))

    return Comparison(
        claim.name,
        list(differences.values()) or None,
        claim.primary,
        suite.smallest(claim, data),
        target=suite.paper is not None and all(suite.row(name).paper_row for name in (claim.better, claim.worse)),
        not_comparable=tuple(dict.fromkeys(_fields(suite, claim, data, cells))),
        unlike=unlike(cells.get(claim.better, ()), cells.get(claim.worse, ())),
        not_run=of_rows(not_run) if not differences else "",
        failed=of_rows(failed) if not differences else "",
    )


def _fields(suite: Suite, claim: Claim, data: str, cells: Cells) -> list[str]:
    """On a data set of the paper: the fields of the protocol in which a row's cells differ from what the paper states."""
    if suite.paper is None:
        return []
    found = []
    for name in (claim.better, claim.worse):
        row = suite.row(name).paper_row
        stated = published(suite.paper).protocol_of(row, data) if row else {}
        for cell in list(cells.get(name, ()))[:1]:
            ours = {**cell["experiment"], "pool": cell["pool"], "start": start_of(cell)}
            found += [f"{key} {value}, the paper's {stated[key]}" for key in stated if (value := _at(ours, key)) not in (None, stated[key])]
    return found


def _at(tree: Any, dotted: str) -> Any:
    """A value by its dotted key; None where there is none."""
    for part in dotted.split("."):
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree


def _query_interval(claim: Claim, metric: str, cells: Cells) -> tuple[float, float] | None:
    better, worse = cells.get(claim.better, ()), cells.get(claim.worse, ())
    values = paired(better, worse, metric)
    if values is None or len(set(found := videos(better[0]))) < 2:  # one video drawn anew is the same again
        return None
    return cluster_bootstrap(values, found)
