"""What ``run`` prints in the end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from taco_bench.cli.failures import lines_of
from taco_bench.config import Experiment
from taco_bench.report.render import as_json, as_text
from taco_bench.report.rows import Table
from taco_bench.resolve import DEFAULTS
from taco_bench.store.cells import Store

if TYPE_CHECKING:
    from taco_bench.jobs.launch import Failed


@dataclass
class Outcome:
    """A finished run.

    Attributes:
        store: where everything lies.
        seeds: how many a configuration had.
        failed: the cells that are not there, and why.
        tables: each table, its file, the cells behind its results, and its first experiment.
        seconds: the whole run.
    """

    store: Store
    seeds: int
    failed: list[Failed] = field(default_factory=list)
    tables: list[tuple[Table, Path, list[Path], Experiment]] = field(default_factory=list)
    seconds: float = 0.0

    def show(self, *, quiet: bool, json_: bool) -> int:
        """Print the tables and what failed; the exit code."""
        if json_:
            click.echo(json.dumps(self._as_json(), indent=1))
        for table, path, cells, experiment in [] if json_ else self.tables:
            click.echo(as_text(table) if quiet else "\n" + as_text(table) + f"\n\ntable: {path}")
            if not quiet:
                click.echo(f"{self.seconds:.0f} s in all; cells: {self.store.root / 'cells'}")
                click.echo(f"to start from by --init: {', '.join(self._trainings(cells))}\n{next_steps(experiment, self.seeds)}")
        for told in lines_of(self.failed):
            click.echo(told, err=True)
        return 5 if self.failed else 0

    def _trainings(self, cells: list[Path]) -> list[str]:
        """The trainings behind the results, as ``--init`` takes them."""
        found = [self.store.cell(path.stem) for path in cells]
        return [f"{cell['training']} (seed {cell['seed']})" for cell in found if cell is not None]

    def _as_json(self) -> dict[str, object]:
        tables = [{**as_json(table), "cells": [str(cell) for cell in cells], "file": str(path)} for table, path, cells, _ in self.tables]
        failed = {cell.label: cell.error.lines() for cell in self.failed if cell.begun}
        waiting = [cell.label for cell in self.failed if not cell.begun]
        return {"tables": tables, "failed": failed, "not_begun": waiting, "seconds": round(self.seconds, 1)}


def next_steps(experiment: Experiment, seeds: int) -> str:
    """What to try next, given what was just run."""
    name = experiment.data["type"]
    command = "taco-bench run" if name == DEFAULTS["data"] else f"taco-bench run --data {name}"
    command += "" if experiment.task["type"] == DEFAULTS["task"] else f" --task {experiment.task['type']}"
    lines = [(f"{command} --seeds 3", "does it hold when it is trained again?")] if seeds == 1 else []
    if experiment.sampler and experiment.sampler["type"] == DEFAULTS["sampler"]:
        lines.append((f"{command} --sampler cascade --sampler random", "what the hard negatives bring"))
    lines.append((f"{command} --tokens noun,verb --tokens det,adp", "which tokens matter"))
    lines.append(("taco-bench list", "everything that can be put in its place"))
    widest = max(len(line) for line, _ in lines)
    return "\n".join(["", "try next:", *(f"  {line:<{widest}}  {why}" for line, why in lines)])
