"""``taco-bench plan``: what a suite still needs, and its price, before anything is trained."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from taco_bench.cli.options import CONTROL, EXPERIMENT, LAUNCH, launcher_of, with_options

if TYPE_CHECKING:
    from taco_bench.jobs.price import Price
    from taco_bench.jobs.states import State
    from taco_bench.store.cells import Store
    from taco_bench.suites.expand import Expanded

EXAMPLES = """\b
Examples:
  taco-bench plan paper/table3 --seeds 5
  taco-bench plan paper/table3 --set train.learning_rate=0.01
"""


@click.command(epilog=EXAMPLES)
@click.argument("suite")
@with_options(EXPERIMENT, LAUNCH, CONTROL)
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_obj
def command(obj: dict[str, Any], /, suite: str, *, as_json: bool, **options: Any) -> None:
    """Say which cells of SUITE are done, missing, stale (and why) or failed, and what the rest will cost. Trains nothing."""
    from taco_bench.cli.looking import looked_at
    from taco_bench.cli.suites import expanded, own_file
    from taco_bench.jobs.states import states_of
    from taco_bench.plugins import load_plugins
    from taco_bench.report.undecidable import decidable
    from taco_bench.reporting import Silent
    from taco_bench.store.ledger import asked, refuse_namesake

    store = looked_at(options["results"])
    plugins = load_plugins(obj["third_party"])
    tables = expanded(suite, options, plugins, Silent())
    for table in tables:
        if path := own_file(table):
            refuse_namesake(store, table.title, path)
    found = [(table, states_of(table.every, store, asked(store, table.title), plugins, table.options)) for table in tables]
    if as_json:
        records = [_json(table, states) for table, states in found]
        click.echo(json.dumps(records[0] if len(records) == 1 else records, indent=1))
    for table, states in [] if as_json else found:
        head, rest = [*_head(table), *decidable(table)], [*_reasons(states), *_sum(states, store, plugins, options)]
        click.echo("\n".join([*head, "", _tabulated(table, states), "", *rest, ""]))


def _head(table: Expanded) -> list[str]:
    from taco_bench.report.suite_header import untested
    from taco_bench.report.undecidable import undecidable
    from taco_bench.stats.reasons import count

    return [f"{table.title}, {count(len(table.seeds))}", *undecidable(table), *untested(table)]


def _tabulated(table: Expanded, states: Sequence[State]) -> str:
    from tabulate import tabulate

    from taco_bench.jobs.price import total
    from taco_bench.jobs.states import STATES

    body: list[list[Any]] = []
    for line in table.every:
        own = {job.cell for job in line.jobs}
        found = [state for state in states if state.job.cell in own]
        counts = Counter(state.state for state in found)
        price = total([state.price for state in found])
        row = [line.label, *(counts.get(state) or "" for state in STATES)]
        body.append(
            [*row, _seconds(price.seconds), _gib(price.gib), _bytes(price.disk)]
            if not line.not_run
            else [f"{line.label}  (NOT RUN: {line.not_run})"]
        )
    return str(tabulate(body, headers=["", *STATES, "time", "memory", "disk"], disable_numparse=True))


def _reasons(states: Sequence[State]) -> list[str]:
    """Why cells are stale or failed, each reason once."""
    from taco_bench.stats.reasons import count

    found: dict[str, int] = {}
    for state in states:
        for why in state.why:
            found[f"{state.state}: {why}"] = found.get(f"{state.state}: {why}", 0) + 1
    return [f"{why} ({count(number, 'cell')})" for why, number in found.items()]


def _sum(states: Sequence[State], store: Store, plugins: Any, options: dict[str, Any]) -> list[str]:
    from taco_bench.api import Load
    from taco_bench.jobs.price import total
    from taco_bench.stats.reasons import count

    todo = [state for state in states if state.state != "done"]
    if not states:
        return ["no row can be run"]
    if not todo:
        return ["all cells are there; `taco-bench table` prints them"]
    unknown = sum(state.price is None for state in todo)
    price = total([state.price for state in todo])
    train = todo[0].job.experiment.train
    load = Load(len({state.job.training for state in todo}), train.threads, train.device == "cuda")
    workers = plugins.build("launcher", launcher_of(options)).workers(load)
    new = len({state.job.training for state in todo if store.training(state.job.training) is None})
    lines = [f"{count(len(todo), 'cell')} to make, {count(new, 'training')} among them, by {count(workers, 'worker')}"]
    if unknown < len(todo):
        alone = " for training alone" if price.elsewhere else ""  # what data and evaluation hold beside it, finished cells tell
        lines[0] += (
            f": about {_seconds(price.seconds / workers)}, {_gib(price.gib) or 'unknown'} a worker{alone}, {_bytes(price.disk)} on disk"
        )
    have, them = ("has", "it") if unknown == 1 else ("have", "them")
    if unknown:
        lines.append(f"{count(unknown, 'cell')} {have} no price yet: nothing like {them} has been measured here")
    return lines + _doubts([state.price for state in todo if state.price is not None])


def _doubts(prices: Sequence[Price]) -> list[str]:
    """What prices leave out, or take from elsewhere."""
    from taco_bench.stats.reasons import count

    elsewhere = next((price.elsewhere for price in prices if price.elsewhere), "")
    lines = [f"steps are priced as measured on {elsewhere}: none of this kind was made here yet"] if elsewhere else []
    unpriced = sum(price.evaluation is None for price in prices)
    return [*lines, f"without the evaluation of {count(unpriced, 'cell')}: none on these data was made here yet"] if unpriced else lines


def _seconds(value: float) -> str:
    if not value:
        return ""
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def _gib(value: float | None) -> str:
    return f"{value:.1f} GiB" if value else ""


def _bytes(value: float) -> str:
    return f"{value / 2**20:.0f} MiB" if value else ""


def _json(table: Expanded, states: Sequence[State]) -> dict[str, Any]:
    cells = [
        {
            "row": state.line.name,
            "seed": state.job.seed,
            "cell": state.job.cell,
            "training": state.job.training,
            "state": state.state,
            "why": list(state.why),
            "seconds": state.price.seconds if state.price else None,
            "bytes": state.price.disk if state.price else None,
            "gib": state.price.gib if state.price else None,
        }
        for state in states
    ]
    not_run = {line.name: line.not_run for line in table.every if line.not_run}
    return {"title": table.title, "warnings": _head(table)[1:], "cells": cells, "not_run": not_run}
