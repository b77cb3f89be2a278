"""What each query of a cell contributed to a figure, so that two rows can be compared query by query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.metrics.retrieval import credit
from taco_bench.report.rows import Cell

RECALL = re.compile(r"(\w+) R@(\d+)")


def contributions(cell: Cell, column: str) -> npt.NDArray[np.float64] | None:
    """The values [queries] whose mean is a column's figure; None where the cell does not keep them.

    A task keeps them under the column's name in its queries; recalls follow from the ranks that are kept, unless ties count by a rule
    under which a recall is no mean over queries.
    """
    queries: dict[str, list[Any]] = cell["queries"]
    if column in queries:
        return np.asarray(queries[column], np.float64)
    found = RECALL.fullmatch(column)
    if found is None or f"{found[1]} better" not in queries:
        return None
    better, tied = (np.asarray(queries[f"{found[1]} {what}"], np.int64) for what in ("better", "tied"))
    if convention(cell) == "howto100m" and (tied > 1).any():
        return None
    return 100 * credit(better, tied, int(found[2]))


def paired(better: Sequence[Cell], worse: Sequence[Cell], column: str) -> npt.NDArray[np.float64] | None:
    """The difference of two rows for each query, averaged over the seeds that both have; None where queries were not kept or differ."""
    by_seed = {cell["seed"]: cell for cell in worse}
    pairs = [(cell, by_seed[cell["seed"]]) for cell in better if cell["seed"] in by_seed]
    values = [(contributions(one, column), contributions(other, column)) for one, other in pairs]
    rows = [left - right for left, right in values if left is not None and right is not None and left.shape == right.shape]
    whole = len(rows) == len(pairs) > 0 and len({row.shape for row in rows}) == 1
    return np.mean(rows, axis=0) if whole and same_queries([cell for pair in pairs for cell in pair]) else None


def same_queries(cells: Sequence[Cell]) -> bool:
    """Whether all cells were asked the same, as far as they say what."""
    return all(cell["queries"].get("clip") == cells[0]["queries"].get("clip") for cell in cells)


def unlike(better: Sequence[Cell], worse: Sequence[Cell]) -> str:
    """Why the figures of two rows do not compare with each other; empty where they do."""
    cells = [*better, *worse]
    if not better or not worse:
        return ""
    found = [] if same_queries(cells) else [f"the rows were asked different queries ({_each(map(_queries, (better[0], worse[0])))})"]
    rules = list(dict.fromkeys(map(convention, cells)))
    return "; ".join(found + ([f"ties count by different rules ({_each(rules)})"] if len(rules) > 1 else []))


def _each(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def _queries(cell: Cell) -> object:
    return cell["pool"].get("queries", len(videos(cell)))


def convention(cell: Cell) -> str:
    """The rule for ties."""
    evaluation: dict[str, str] = cell.get("experiment", {}).get("evaluation", {})
    return evaluation.get("metric_convention", "expected")


def videos(cell: Cell) -> list[str]:
    """The source video of each query: queries of one video are drawn together."""
    queries: dict[str, list[str]] = cell["queries"]
    return queries.get("video") or queries.get("clip") or [str(i) for i in range(len(next(iter(queries.values()), [])))]


def figure(cell: Cell, column: str) -> float:
    """The cell's figure."""
    first: dict[str, float] = next(iter(cell["rows"].values()))
    return first[column]
