"""What a table says of its controls: they land at chance, and every result lies above."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taco_bench.report.rows import Cell
from taco_bench.stats.permutation import chance_interval
from taco_bench.store.cells import Store

Row = tuple[str, Sequence[Cell]]
"""A label and the cells of all seeds."""


def intervals(cells: Sequence[Cell], store: Store) -> dict[str, tuple[float, float, float]]:
    """By column: the mean over seeds, and the 99.9 % interval of chance that it is held against."""
    arrays = [store.arrays(cell["id"]) for cell in cells]
    found = {}
    for column in cells[0]["chance"]:
        low, high = chance_interval([seed[f"chance {column}"] for seed in arrays])
        found[column] = (float(np.mean([cell["chance"][column] for cell in cells])), float(low), float(high))
    return found


def at_chance(label: str, cells: Sequence[Cell], store: Store, planned: int = 0) -> list[str]:
    """Whether a trained control is where a model without information lands.

    Args:
        label: of the control.
        cells: of its seeds.
        store: for the arrays beside the cells.
        planned: seeds that there should be.
    """
    found = intervals(cells, store)
    if not found:
        why = cells[0].get("no_chance") or "the task says nothing of chance"
        return [f"the control {label!r} could not be held against chance: {why}"]
    of = f"99.9 % interval of {cells[0].get('chance_of') or 'a permuted gallery'}"  # cells of before say nothing
    over = f" over {len(cells)} of {planned} seeds" if len(cells) < planned else ""
    outside = [f"{name} {mean:.1f} outside [{low:.1f}, {high:.1f}]" for name, (mean, low, high) in found.items() if not low <= mean <= high]
    if outside:
        return [f"LEAK? the control {label!r} is not at chance{over} ({of}): " + "; ".join(outside)]
    name, (mean, low, high) = next(iter(found.items()))
    rest = f"and all other figures inside the {of}"
    return [f"the control {label!r} is at chance{over}: {name} {mean:.1f} in [{low:.1f}, {high:.1f}] {rest}"]


def stamp(results: Sequence[Row], controls: Sequence[Row], store: Store, column: str = "") -> list[str]:
    """Names the rows that do not beat their controls: trained ones, those evaluated beside them, and chance.

    Args:
        results: label and cells of each row.
        controls: label and cells of each trained control.
        store: for the arrays beside the cells.
        column: that decides, higher is better; empty: the first of the row.
    """
    lines = []
    for label, cells in results:
        name = column or next(iter(next(iter(cells[0]["rows"].values()))))
        mean = _mean(cells, name)
        beaten = [(other, _mean(found, name)) for other, found in controls if found]
        beaten += [(other, row[name]) for other, row in cells[0]["controls"].items() if name in row]
        found = intervals(cells, store).get(name)
        beaten += [("chance, up to", found[2])] if found else []
        unbeaten = [f"{other} {value:.1f}" for other, value in beaten if mean <= value]
        if cells[0].get("no_chance"):
            lines.append(f"not held against chance: {label}: {cells[0]['no_chance']}")
        if unbeaten:
            lines.append(f"NOT ABOVE ITS CONTROL: {label}: {name} {mean:.1f}, but " + ", ".join(unbeaten))
    return lines


def _mean(cells: Sequence[Cell], column: str) -> float:
    return float(np.mean([next(iter(cell["rows"].values()))[column] for cell in cells]))


def leaks(cells: Sequence[Cell]) -> list[str]:
    """What the splits share, as each cell records it; each line once."""
    return list(dict.fromkeys(line for cell in cells for line in cell.get("leaks", [])))
