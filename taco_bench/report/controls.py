"""What a table says of its controls: they land at chance, and every result lies above."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taco_bench.report.rows import Cell
from taco_bench.stats.permutation import chance_interval
from taco_bench.store.cells import Store


def intervals(cells: Sequence[Cell], store: Store) -> dict[str, tuple[float, float, float]]:
    """By column: the mean over seeds, and the 99.9 % interval of a permuted gallery that it is held against."""
    arrays = [store.arrays(cell["id"]) for cell in cells]
    found = {}
    for column in cells[0]["chance"]:
        low, high = chance_interval([seed[f"chance {column}"] for seed in arrays])
        found[column] = (float(np.mean([cell["chance"][column] for cell in cells])), float(low), float(high))
    return found


def at_chance(label: str, cells: Sequence[Cell], store: Store) -> list[str]:
    """Whether a trained control is where a model without information lands."""
    found = intervals(cells, store)
    outside = [f"{name} {mean:.1f} outside [{low:.1f}, {high:.1f}]" for name, (mean, low, high) in found.items() if not low <= mean <= high]
    if outside:
        return [f"LEAK? the control {label!r} is not at chance (99.9 % interval of a permuted gallery): " + "; ".join(outside)]
    if not found:
        return []
    name, (mean, low, high) = next(iter(found.items()))
    rest = "and all other figures inside the 99.9 % interval of a permuted gallery"
    return [f"the control {label!r} is at chance: {name} {mean:.1f} in [{low:.1f}, {high:.1f}] {rest}"]


def stamp(results: Sequence[tuple[str, Sequence[Cell]]], store: Store, column: str = "") -> list[str]:
    """Names the rows that are not above chance.

    Args:
        results: label and cells of each row.
        store: for the arrays beside the cells.
        column: that decides; empty: the first that has an interval.
    """
    lines = []
    for label, cells in results:
        found = intervals(cells, store)
        name = column if column in found else next(iter(found), "")
        if name and found[name][0] <= found[name][2]:
            mean, _, high = found[name]
            lines.append(
                f"NOT ABOVE ITS CONTROL: {label}: {name} {mean:.1f} is inside chance, up to {high:.1f}: this row has learnt nothing"
            )
    return lines


def leaks(cells: Sequence[Cell]) -> list[str]:
    """What the splits share, as each cell records it; each line once."""
    return list(dict.fromkeys(line for cell in cells for line in cell.get("leaks", [])))
