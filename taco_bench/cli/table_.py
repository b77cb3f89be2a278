"""``taco-bench table``: a suite's table from the cells that are there."""

from __future__ import annotations

from typing import Any

import click

from taco_bench.cli.options import CONTROL, EXPERIMENT, with_options


@click.command()
@click.argument("suite")
@with_options(EXPERIMENT, CONTROL)
@click.option(
    "--format", "format_", type=click.Choice(["text", "md", "csv", "tex", "json"]), default="text", show_default=True, help="Its form."
)
@click.pass_obj
def command(obj: dict[str, Any], /, suite: str, *, format_: str, **options: Any) -> None:
    """Print the table of SUITE from the cells that are there; nothing is trained. The same store gives the same bytes."""
    from taco_bench.cli.looking import looked_at
    from taco_bench.cli.suites import expanded
    from taco_bench.jobs.states import failures_of
    from taco_bench.plugins import load_plugins
    from taco_bench.report.formats import csv_of, json_of, text_of
    from taco_bench.report.run_table import choices
    from taco_bench.report.suite_table import suite_table
    from taco_bench.reporting import Silent
    from taco_bench.suites.made import as_made

    store = looked_at(options["results"])
    tables = [as_made(table, store) for table in expanded(suite, options, load_plugins(obj["third_party"]), Silent())]
    made = [suite_table(table, store, failures_of(table.every, store)) for table in tables]
    notes = choices(tables[0].suite.task) if format_ == "md" else []
    if format_ == "json":
        click.echo(json_of(*made))
    for table in made if format_ != "json" else []:
        click.echo(csv_of(table) if format_ == "csv" else text_of(table, format_, notes), nl=False)
