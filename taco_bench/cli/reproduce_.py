"""``taco-bench reproduce``: every cell of a suite, its table, and a verdict on each claim."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from taco_bench.cli.options import EXPERIMENT, OUTPUT, WORK, launcher_of, reporter_of, with_options

if TYPE_CHECKING:
    from taco_bench.report.suite_table import SuiteTable

EXAMPLES = """\b
Examples:
  taco-bench reproduce paper/table3
  taco-bench reproduce paper/table3 --data planted:holds --seeds 8
  taco-bench reproduce extra/negatives --workers 4
  taco-bench reproduce my-suite.toml --data my-data
"""


@click.command(epilog=EXAMPLES)
@click.argument("suite")
@with_options(EXPERIMENT, WORK, OUTPUT)
@click.pass_obj
def command(obj: dict[str, Any], /, suite: str, **options: Any) -> int:
    """Make every cell of SUITE (`taco-bench list suites`, or a file of yours), its table, and a verdict on each of its claims.

    Cells that are there are not made again; killed at any moment, the same command goes on. Several may share a results folder.
    """
    started = time.monotonic()
    with reporter_of(options) as reporter:
        from taco_bench.cli.failures import lines_of
        from taco_bench.cli.suites import expanded, note, save
        from taco_bench.cli.working import complain, make
        from taco_bench.jobs.plan import jobs_of
        from taco_bench.jobs.states import failures_of
        from taco_bench.plugins import load_plugins
        from taco_bench.report.formats import json_of, text_of
        from taco_bench.report.suite_table import suite_table
        from taco_bench.report.undecidable import undecidable
        from taco_bench.resources import results_root
        from taco_bench.store.cells import Store

        plugins = load_plugins(obj["third_party"])
        complain(plugins, reporter)
        store = Store(results_root(options["results"]))
        tables = expanded(suite, options, plugins, reporter)
        for line in dict.fromkeys(line for table in tables for line in undecidable(table)):
            reporter.say(line)
        store.check_writable()
        note(tables, store)
        failed = make(
            jobs_of((table.title, table.every) for table in tables),
            plugins,
            store,
            reporter,
            launcher_of(options),
            third_party=obj["third_party"],
            fail_fast=options["fail_fast"],
            force=options["force"],
            words=tables[0].options,
        )
    made = [suite_table(table, store, failures_of(table.every, store)) for table in tables]
    paths = [save(table, store, tables[0].suite.task) for table in made]
    if options["as_json"]:
        click.echo(json_of(*made))
    for table, path in [] if options["as_json"] else zip(made, paths, strict=True):
        click.echo(
            text_of(table) if options["quiet"] else f"\n{text_of(table)}\ntable: {path} (and .csv, .tex, .json)", nl=not options["quiet"]
        )
    if not options["quiet"] and not options["as_json"]:
        click.echo(f"{time.monotonic() - started:.0f} s in all; {_further(made)}")
    for told in lines_of(failed.values()):
        click.echo(told, err=True)
    return 5 if failed else 0


def _further(made: Sequence[SuiteTable]) -> str:
    """Where to look next: at a cell where there is one, else at why there is none."""
    title = next((table.title for table in made if any(row.cells for row in table.rows)), "")
    if title:
        return f"any cell says where it comes from: taco-bench explain {title}:ROW"
    return "there is no cell: the reasons stand below the table; another --data may have what its rows need (taco-bench list data)"
