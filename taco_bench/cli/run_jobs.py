"""What ``run`` does once its options are read: resolve, prepare, train what is missing, make the tables."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from taco_bench.cli.run_output import Made, Outcome
from taco_bench.cli.working import complain, make
from taco_bench.config import Experiment
from taco_bench.jobs.devices import resolve_device
from taco_bench.jobs.facts import facts_of
from taco_bench.jobs.plan import Line, control_lines, line_of, unique_jobs
from taco_bench.plugins import Plugins, load_plugins
from taco_bench.report.files import save_table
from taco_bench.report.render import as_text
from taco_bench.report.run_table import Group, choices, run_table
from taco_bench.reporting import Reporter
from taco_bench.resolve import resolve
from taco_bench.resources import results_root
from taco_bench.store.cells import Store
from taco_bench.store.identity import id_of
from taco_bench.suites.published import reported_as
from taco_bench.suites.starts import Starts


def run(
    points: Sequence[tuple[str, dict[str, Any]]],
    shared: tuple[dict[str, Any], list[dict[str, Any]]],
    seeds: Sequence[int],
    reporter: Reporter,
    *,
    third_party: bool,
    results: str | None,
    launcher: dict[str, Any],
    fail_fast: bool,
    force: bool,
    words: Sequence[Sequence[str]],
) -> Outcome:
    """Run the grid; ``words`` holds of each point those of the command line that ask for it alone."""
    started = time.monotonic()
    plugins = load_plugins(third_party)
    complain(plugins, reporter)
    store = Store(results_root(results))
    starts = Starts(store, plugins, reporter.say)
    tables = list(_by_table(_lines(points, shared, seeds, plugins, reporter, starts)))
    controls = [_controls(lines[0], seeds, plugins, starts) for lines in tables]
    store.check_writable()
    every = [line for lines in [*tables, *controls] for line in lines]
    how = {"third_party": third_party, "fail_fast": fail_fast, "force": force}
    failed = make(unique_jobs(every), plugins, store, reporter, launcher, **how, words=words[0])
    outcome = Outcome(store=store, seeds=len(seeds), failed=list(failed.values()))
    for lines, trained in zip(tables, controls, strict=True):
        _add_table(outcome, lines, trained, plugins, words)
    outcome.seconds = time.monotonic() - started
    return outcome


def _lines(
    points: Sequence[tuple[str, dict[str, Any]]],
    shared: tuple[dict[str, Any], list[dict[str, Any]]],
    seeds: Sequence[int],
    plugins: Plugins,
    reporter: Reporter,
    starts: Starts,
) -> list[Line]:
    config, above = shared
    experiments = [(label, resolve_device(resolve([config, raw, *above], plugins, reporter.say))) for label, raw in points]
    return [
        line_of(str(at), label or _describe(experiment), experiment, facts_of(experiment, plugins), seeds, plugins, starts)
        for at, (label, experiment) in enumerate(experiments)
    ]


def _describe(experiment: Experiment) -> str:
    parts = ["+".join(loss.upper() for loss in experiment.losses.use)]
    parts += [experiment.sampler["type"]] if experiment.sampler else []
    parts += ["+".join(_spelt(spec) for spec in experiment.tokens)] if experiment.tokens else []
    return ", ".join(parts)


def _spelt(spec: dict[str, Any]) -> str:
    """A component as it is written on the command line, with its first option."""
    return ":".join([spec["type"], *(str(value) for value in list(spec.values())[1:2])])


def _controls(line: Line, seeds: Sequence[int], plugins: Plugins, starts: Starts) -> list[Line]:
    """The trained controls of a table: its first row's."""
    assert line.experiment is not None
    return control_lines(line, facts_of(line.experiment, plugins), seeds, plugins, starts)


def _by_table(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines of each table: figures on one data set, task and split."""

    def key(line: Line) -> str:
        assert line.experiment is not None
        return json.dumps([line.experiment.data, line.experiment.task, line.experiment.evaluation.split], sort_keys=True)

    order = list(dict.fromkeys(key(line) for line in lines))
    for _, group in itertools.groupby(sorted(lines, key=lambda line: order.index(key(line))), key):
        yield list(group)


def _add_table(outcome: Outcome, lines: Sequence[Line], controls: Sequence[Line], plugins: Plugins, words: Sequence[Sequence[str]]) -> None:
    """Make the table of some lines from the store, and save it; none where no cell is there."""
    store = outcome.store
    made = [(line, group) for line in lines if (group := _group(line, store)).cells]
    if not made:
        return
    results = [group for _, group in made]
    trained = [replace(_group(line, store), label=line.name.rpartition("/")[2].replace("-", " ")) for line in controls]
    data = results[0].experiment.data
    table = run_table(results, [group for group in trained if group.cells], store, reported_as(plugins.get("data", data["type"]), data))
    cells = [cell["id"] for group in results for cell in group.cells]
    text = as_text(table, "github", choices(results[0].experiment.task["type"]))
    path = save_table(store, "run-" + id_of({"cells": sorted(cells)}), {"md": text})
    asked_with = words[int(made[0][0].name)]  # the name of a row is the number of its point
    outcome.tables.append(Made(table, path, [store.cell_file(cell) for cell in cells], results[0].experiment, asked_with))


def _group(line: Line, store: Store) -> Group:
    assert line.experiment is not None
    found = (store.cell(job.cell) for job in line.jobs)
    return Group(line.label, line.experiment, [cell for cell in found if cell])
