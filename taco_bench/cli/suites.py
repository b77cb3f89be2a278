"""What the verbs on suites share: from their options to suites on data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taco_bench.cli.options import once, seeds_of, shared
from taco_bench.cli.words import words_of
from taco_bench.errors import UserError
from taco_bench.plugins import Plugins
from taco_bench.reporting import Reporter
from taco_bench.resolve import DEFAULTS
from taco_bench.resources import registry_root, results_root
from taco_bench.store.cells import Store
from taco_bench.store.ledger import ask, file_name
from taco_bench.suites.expand import Expanded, expand
from taco_bench.suites.load import load_suite
from taco_bench.suites.starts import Starts

if TYPE_CHECKING:
    from taco_bench.report.suite_table import SuiteTable

SEEDS = 5


def expanded(name: str, options: dict[str, Any], plugins: Plugins, reporter: Reporter) -> list[Expanded]:
    """A suite on each data set that is asked for."""
    suite = load_suite(name)
    sets: Sequence[str] = options["data"] or (DEFAULTS["data"],)
    for task in (suite.on(data.partition(":")[0]).task for data in sets):
        if options["task"] and options["task"] != (task,):
            raise UserError(f"{suite.name} is about the task {task}", where="--task", hint="leave it out")
    below, above = shared(options)
    starts = Starts(Store(results_root(options["results"])), plugins, reporter.say)
    layers, seeds, words = [once(options), *above], seeds_of(options, SEEDS), words_of(options, "data")
    return [replace(expand(suite, data, [below], layers, seeds, plugins, reporter.say, starts), options=words) for data in sets]


def note(tables: Sequence[Expanded], store: Store) -> None:
    """Write down which cells the tables ask for, so that they are known again when something has changed."""
    for table in tables:
        rows = {line.name: {job.seed: job.cell for job in line.jobs} for line in table.every if line.jobs}
        trainings = {job.cell: job.training for line in table.every for job in line.jobs}
        ask(store, table.title, rows, trainings=trainings, suite=own_file(table), options=table.asked_with, words=table.options)


def own_file(table: Expanded) -> Path | None:
    """The file of a suite that is the user's own; None for one that is shipped."""
    path = table.suite.path
    return None if path.is_relative_to(registry_root()) else path


def save(table: SuiteTable, store: Store, task: str) -> str:
    """Save a table in every form; the path of the Markdown."""
    from taco_bench.report.files import save_table
    from taco_bench.report.formats import csv_of, json_of, text_of
    from taco_bench.report.run_table import choices

    name = file_name(table.title)
    forms = {"md": text_of(table, "md", choices(task)), "csv": csv_of(table), "tex": text_of(table, "tex"), "json": json_of(table) + "\n"}
    return str(save_table(store, name, forms))
