"""What each query of a cell contributed to a figure, so that two rows can be compared query by query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.metrics.retrieval import credit
from taco_bench.report.rows import Cell

RECALL = re.compile(r"(\w+) R@(\d+)")


def contributions(cell: Cell, column: str) -> npt.NDArray[np.float64] | None:
    """The values [queries] whose mean is a column's figure; None where the cell does not keep them.

    A task keeps them under the column's name in its queries; recalls follow from the ranks that are kept.
    """
    queries: dict[str, list[Any]] = cell["queries"]
    if column in queries:
        return np.asarray(queries[column], np.float64)
    found = RECALL.fullmatch(column)
    if found is None or f"{found[1]} better" not in queries:
        return None
    better, tied = (np.asarray(queries[f"{found[1]} {what}"], np.int64) for what in ("better", "tied"))
    return 100 * credit(better, tied, int(found[2]))


def paired(better: Sequence[Cell], worse: Sequence[Cell], column: str) -> npt.NDArray[np.float64] | None:
    """The difference of two rows for each query, averaged over the seeds that both have; None where queries were not kept or differ."""
    by_seed = {cell["seed"]: cell for cell in worse}
    pairs = [(cell, by_seed[cell["seed"]]) for cell in better if cell["seed"] in by_seed]
    rows = []
    for one, other in pairs:
        left, right = contributions(one, column), contributions(other, column)
        if left is None or right is None or one["queries"].get("clip") != other["queries"].get("clip"):
            return None
        rows.append(left - right)
    return np.mean(rows, axis=0) if rows else None


def videos(cell: Cell) -> list[str]:
    """The source video of each query: queries of one video are drawn together."""
    queries: dict[str, list[str]] = cell["queries"]
    return queries.get("video") or queries.get("clip") or [str(i) for i in range(len(next(iter(queries.values()), [])))]


def figure(cell: Cell, column: str) -> float:
    """The cell's figure."""
    first: dict[str, float] = next(iter(cell["rows"].values()))
    return first[column]
