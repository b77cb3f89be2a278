"""What ``run`` prints in the end."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from taco_bench.cli.failures import lines_of
from taco_bench.config import Experiment
from taco_bench.jobs.words import without
from taco_bench.report.render import as_json, as_text
from taco_bench.report.rows import Table
from taco_bench.resolve import DEFAULTS
from taco_bench.store.cells import Store

if TYPE_CHECKING:
    from taco_bench.jobs.launch import Failed


WIDEST = 80
"""Columns up to which what commands are for is lined up."""


class Made(NamedTuple):
    """A table that is made.

    Attributes:
        table: the table.
        path: its file.
        cells: the files of the cells behind its results.
        experiment: its first.
        words: of the command line that ask for that experiment alone.
    """

    table: Table
    path: Path
    cells: list[Path]
    experiment: Experiment
    words: Sequence[str]


@dataclass
class Outcome:
    """A finished run.

    Attributes:
        store: where everything lies.
        seeds: how many a configuration had.
        failed: the cells that are not there, and why.
        tables: those that could be made.
        seconds: the whole run.
    """

    store: Store
    seeds: int
    failed: list[Failed] = field(default_factory=list)
    tables: list[Made] = field(default_factory=list)
    seconds: float = 0.0

    def show(self, *, quiet: bool, json_: bool) -> int:
        """Print the tables and what failed; the exit code."""
        if json_:
            click.echo(json.dumps(self._as_json(), indent=1))
        for made in [] if json_ else self.tables:
            click.echo(as_text(made.table) if quiet else "\n" + as_text(made.table) + f"\n\ntable: {made.path}")
            if not quiet:
                click.echo(f"{self.seconds:.0f} s in all; cells: {self.store.root / 'cells'}")
                click.echo(f"to start from by --init: {', '.join(self._trainings(made.cells))}")
                click.echo(next_steps(made.experiment, self.seeds, made.words))
        for told in lines_of(self.failed):
            click.echo(told, err=True)
        return 5 if self.failed else 0

    def _trainings(self, cells: list[Path]) -> list[str]:
        """The trainings behind the results, as ``--init`` takes them."""
        found = [self.store.cell(path.stem) for path in cells]
        return [f"{cell['training']} (seed {cell['seed']})" for cell in found if cell is not None]

    def _as_json(self) -> dict[str, object]:
        tables = [{**as_json(made.table), "cells": [*map(str, made.cells)], "file": str(made.path)} for made in self.tables]
        failed = {cell.label: cell.error.lines() for cell in self.failed if cell.begun}
        waiting = [cell.label for cell in self.failed if not cell.begun]
        return {"tables": tables, "failed": failed, "not_begun": waiting, "seconds": round(self.seconds, 1)}


def next_steps(experiment: Experiment, seeds: int, words: Sequence[str]) -> str:
    """What to try next, given what was just run; each line, pasted as it stands, is a command.

    Args:
        experiment: that was run.
        seeds: how many.
        words: of the command line that ask for this experiment.
    """
    lines = []
    if experiment.train.steps:
        lines += [(_run(without(words, "--seeds"), "--seeds", "3"), "does it hold when it is trained again?")] if seeds == 1 else []
        if experiment.sampler and experiment.sampler["type"] == DEFAULTS["sampler"]:
            others = without(words, "--sampler", sets=("sampler=", "sampler.type="))
            lines.append((_run(others, "--sampler", "cascade", "--sampler", "random"), "what the hard negatives bring"))
        if "l2" in experiment.losses.use:
            others = without(words, "--tokens", sets=("tokens=",))
            lines.append((_run(others, "--tokens", "noun,verb", "--tokens", "det,adp"), "which tokens matter"))
    lines.append(("taco-bench list", "everything that can be put in its place"))
    widest = min(WIDEST, max(len(line) for line, _ in lines))
    return "\n".join(["", "try next:", *(f"  {line:<{widest}}  # {why}" for line, why in lines)])  # a comment for the shell, too


def _run(words: Sequence[str], *more: str) -> str:
    return shlex.join(["taco-bench", "run", *words, *more])
