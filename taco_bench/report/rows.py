"""The rows of a table: cells averaged over their seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Cell = dict[str, Any]
SECONDS = "train s"
"""The column of training seconds, without evaluation."""


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        label: what was trained, or the control's name.
        values: per column one figure a seed; one figure for controls that have no seeds.
        kind: "result", "part" of the result above, or "control".
    """

    label: str
    values: dict[str, list[float]]
    kind: str = "result"

    def mean(self, column: str) -> float:
        """The mean over the seeds."""
        return float(np.mean(self.values[column]))


@dataclass
class Table:
    """What a table shows.

    Attributes:
        rows: results with their parts, then controls.
        header: lines above it.
        footer: lines below it.
    """

    rows: list[Row] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    footer: list[str] = field(default_factory=list)


def result_rows(label: str, cells: Sequence[Cell]) -> list[Row]:
    """The row of an experiment, then one for each of its parts, from the cells of all its seeds."""
    names = list(cells[0]["rows"])
    rows = [Row(label if i == 0 else name, _gather(cells, "rows", name), "part" if i else "result") for i, name in enumerate(names)]
    rows[0].values[SECONDS] = [cell["cost"]["seconds"] for cell in cells]
    return rows[:1] if len(rows) == 2 else rows  # one score alone is the result itself


def control_rows(cells: Sequence[Cell]) -> list[Row]:
    """The controls that cost nothing; the same for every cell of a task and a split."""
    return [Row(name, {column: [value] for column, value in row.items()}, "control") for name, row in cells[0]["controls"].items()]


def start_of(cell: Cell) -> dict[str, Any]:
    """The configuration of the training that a cell's starts from; empty where it starts from scratch."""
    start = ((cell.get("parts") or {}).get("training") or {}).get("start") or {}
    return dict(start.get("configuration", {}))


def _gather(cells: Sequence[Cell], part: str, name: str) -> dict[str, list[float]]:
    return {column: [cell[part][name][column] for cell in cells] for column in cells[0][part][name]}


def pool_sizes(cell: Cell) -> str:
    """What was evaluated, in numbers: "500 queries, 500 videos"; where it is parts of videos, "3350 queries, 3350 clips of 436 videos"."""
    counts = {name: value for name, value in cell["pool"].items() if name not in ("split", "fusion pairs")}
    told = {name: f"{value} {_one(name) if value == 1 else name}" for name, value in counts.items()}
    clips, videos = ({*cell.get("queries", {}).get(name, ())} for name in ("clip", "video"))
    if len(videos) < len(clips) == counts.get("videos"):
        told["videos"] = f"{len(clips)} clips of {len(videos)} {_one('videos') if len(videos) == 1 else 'videos'}"
    return ", ".join(told.values())


def skipped_told(cell: Cell) -> str:
    """Which clips have no features: "; 322 clips without features skipped: test 322 of 3350"; empty where all have."""
    splits = ", ".join(f"{split} {count} of {size}" for split, (count, size) in cell.get("left_out", {}).items())
    return f"; {len(cell['skipped'])} clips without features skipped{': ' + splits if splits else ''}" if cell["skipped"] else ""


def _one(plural: str) -> str:
    """The name of one of a pool's entries, as tasks name them: "queries", "videos"."""
    return plural.removesuffix("ies") + "y" if plural.endswith("ies") else plural.removesuffix("s")
