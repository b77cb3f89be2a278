"""The table that a run ends with."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from taco_bench.config import Experiment
from taco_bench.report.controls import at_chance, leaks, stamp
from taco_bench.report.recipe import recipe
from taco_bench.report.rows import SECONDS, Cell, Row, Table, control_rows, pool_sizes, result_rows, skipped_told
from taco_bench.store.cells import Store
from taco_bench.store.identity import protocol

FACTS_A_LINE = 8
COMPARED = ("t2v R@1", "t2v R@10", "v2t R@1", "v2t R@10")


@dataclass(frozen=True)
class Group:
    """The finished cells of one experiment, a seed each."""

    label: str
    experiment: Experiment
    cells: list[Cell]


def run_table(results: Sequence[Group], controls: Sequence[Group], store: Store, reported_as: str = "") -> Table:
    """The table of a run.

    Args:
        results: the experiments, each with a cell at least.
        controls: trained controls of the first of them.
        store: for the arrays beside the cells.
        reported_as: what the paper calls the data set; empty where it has no figures on it.
    """
    first = results[0]
    table = Table(header=_header(results, reported_as))
    for group in results:
        table.rows += result_rows(group.label, group.cells)
    for control in controls:
        row = result_rows(f"{control.label} ({len(control.cells)} trained the same way)", control.cells)[0]
        table.rows.append(Row(row.label, row.values, "control"))
        table.footer += at_chance(control.label, control.cells, store)
    table.rows += control_rows(first.cells)
    table.footer += stamp([(group.label, group.cells) for group in results], [(c.label, c.cells) for c in controls], store)
    table.footer += _costs(results) + _equal_seconds([row for row in table.rows if row.kind == "result"])
    table.footer += leaks([cell for group in results for cell in group.cells])
    return table


def _header(results: Sequence[Group], reported_as: str) -> list[str]:
    experiment, cell = results[0].experiment, results[0].cells[0]
    pool, name = cell["pool"], experiment.data["type"]
    seeds = ", ".join(str(cell["seed"]) for cell in results[0].cells)
    header = [
        f"{name}, {experiment.task['type']}, {pool['split']} split: {pool_sizes(cell)}{skipped_told(cell)}",
        f"seeds {seeds}",
    ]
    header += cell.get("remarks", [])
    facts = [_facts(group) for group in results]
    shared = {key: value for key, value in facts[0].items() if all(other.get(key) == value for other in facts)}
    header += [", ".join(f"{key} {value}" for key, value in part) for part in _parts(list(shared.items()))]
    for group, own in zip(results, facts, strict=True):
        different = [f"{key} {value}" for key, value in own.items() if key not in shared]
        header += [f"{group.label}: " + ", ".join(different)] if different else []
    if not reported_as:
        header.append("not a data set of the paper: these figures stand on their own")
    return header


def _parts(facts: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    return [facts[start : start + FACTS_A_LINE] for start in range(0, len(facts), FACTS_A_LINE)]


def _facts(group: Group) -> dict[str, str]:
    """The recipe, with how many queries are tied."""
    ties = [row["t2v ties"] for cell in group.cells if "t2v ties" in (row := cell["rows"].get("all scores", {}))]
    rule, *rest = recipe(group.cells[0]).items()
    return dict([rule, *([("queries tied", f"{np.mean(ties):.1f} %")] if ties else []), *rest])


def _costs(results: Sequence[Group]) -> list[str]:
    lines = []
    for group in results:
        costs: list[dict[str, Any]] = [cell["cost"] for cell in group.cells]
        pairs = costs[0]["fusion_pairs_per_step"]
        lines.append(
            f"cost of {group.label}: {np.mean([c['seconds'] for c in costs]):.0f} s training ({pairs:.0f} pairs a step through fusion), "
            f"{np.mean([c['evaluation_seconds'] for c in costs]):.0f} s evaluation, {costs[0]['parameters'] / 1e6:.2f} M parameters, "
            f"{group.cells[0]['hardware']}"
        )
    return lines


def _equal_seconds(rows: Sequence[Row]) -> list[str]:
    """The differences between results of which one was trained for no longer than the other; not of one that was not trained here."""
    lines = []
    names = [name for row in rows[:1] for name in row.values if name in COMPARED] or [name for row in rows[:1] for name in row.values]
    for longer, shorter in itertools.permutations(rows, 2):
        seconds, given = shorter.mean(SECONDS), longer.mean(SECONDS)
        if 0 < seconds <= given:
            differences = ", ".join(f"{name} {shorter.mean(name) - longer.mean(name):+.1f}" for name in names if name != SECONDS)
            lines.append(f"given no more seconds ({seconds:.0f}, and {given:.0f}), {shorter.label} against {longer.label}: {differences}")
    return lines


def choices(task: str) -> list[str]:
    """The free choices of a task's protocol card, a line each, for the table's file."""
    card = protocol(task)
    lines = [f"{choice['point']}: {choice['ours']} (paper: {choice['paper']})" for choice in card.get("choice", [])]
    return [f"protocol {task}, version {card['version']}; where the paper leaves a choice:", *lines] if lines else []
