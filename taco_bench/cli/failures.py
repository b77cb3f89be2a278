"""Cells that are not there after the work, told: those that failed one by one, those that were never begun in a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taco_bench.jobs.launch import Failed


def lines_of(cells: Iterable[Failed]) -> list[str]:
    """The lines for stderr; none where all is well."""
    cells = list(cells)
    lines: list[str] = []
    for cell in cells:
        first, *rest = cell.error.lines()
        lines += [f"failed: {cell.label}: {first}", *rest] if cell.begun else []
    waiting = [cell.label for cell in cells if not cell.begun]
    if waiting:
        lines.append(f"not begun: {len(waiting)} cells, as the run was stopped before; the same command goes on: {'; '.join(waiting)}")
    return lines
