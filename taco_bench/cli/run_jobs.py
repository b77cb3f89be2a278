"""What ``run`` does once its options are read: resolve, prepare, train what is missing, make the tables."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from taco_bench.cli.run_output import Outcome
from taco_bench.config import Experiment
from taco_bench.data.prepared import Prepared, prepare
from taco_bench.errors import UserError
from taco_bench.jobs.plan import Job, job_of, missing
from taco_bench.jobs.pool import work_off
from taco_bench.plugins import Plugins, load_plugins
from taco_bench.report.render import as_text
from taco_bench.report.run_table import Group, choices, run_table
from taco_bench.reporting import Reporter
from taco_bench.resolve import resolve
from taco_bench.resources import results_root
from taco_bench.store.cells import Store
from taco_bench.store.identity import id_of
from taco_bench.train.device import resolve_device


@dataclass(frozen=True)
class Line:
    """One experiment of a run, with a job a seed."""

    label: str
    experiment: Experiment
    prepared: Prepared
    jobs: list[Job]


def run(
    points: Sequence[tuple[str, dict[str, Any]]],
    shared: Sequence[dict[str, Any]],
    seeds: Sequence[int],
    reporter: Reporter,
    *,
    third_party: bool,
    results: str | None,
    control: bool,
    force: bool,
) -> Outcome:
    """Run the grid."""
    started = time.monotonic()
    plugins = load_plugins(third_party)
    for failure in plugins.failures:
        reporter.say(f"plugin {failure.distribution} failed to load ({failure.reason}); `taco-bench plugins doctor` says more")
    config, *above = shared
    experiments = [(label, resolve_device(resolve([config, raw, *above], plugins, reporter.say))) for label, raw in points]
    store = Store(results_root(results))
    store.check_writable()
    lines = []
    for label, experiment in experiments:
        lines.append(_line(label or _describe(experiment), experiment, prepare(experiment, plugins, reporter), seeds, plugins))
    tables = [(group, _shuffled(group[0], seeds, plugins) if control else None) for group in _by_table(lines)]
    every = [*lines, *(shuffled for _, shuffled in tables if shuffled)]
    failed = _work(every, plugins, store, reporter, force=force, third_party=third_party)
    outcome = Outcome(store=store, seeds=len(seeds), failed=failed)
    for group, shuffled in tables:
        _add_table(outcome, group, shuffled)
    outcome.seconds = time.monotonic() - started
    return outcome


def _describe(experiment: Experiment) -> str:
    parts = ["+".join(loss.upper() for loss in experiment.losses.use)]
    parts += [experiment.sampler["type"]] if experiment.sampler else []
    parts += ["+".join(_spelt(spec) for spec in experiment.tokens)] if experiment.tokens else []
    return ", ".join(parts)


def _spelt(spec: dict[str, Any]) -> str:
    """A component as it is written on the command line, with its first option."""
    return ":".join([spec["type"], *(str(value) for value in list(spec.values())[1:2])])


def _line(label: str, experiment: Experiment, prepared: Prepared, seeds: Sequence[int], plugins: Plugins) -> Line:
    return Line(label, experiment, prepared, [job_of(label, experiment, prepared, seed, plugins) for seed in seeds])


def _shuffled(line: Line, seeds: Sequence[int], plugins: Plugins) -> Line:
    """The control of a table: its first experiment, trained in the same way on shuffled captions."""
    return _line(f"{line.label}, shuffled captions", line.experiment.shuffled(), line.prepared, seeds, plugins)


def _by_table(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines of each table: figures on one data set, task and split."""

    def key(line: Line) -> str:
        return json.dumps([line.experiment.data, line.experiment.task, line.experiment.evaluation.split], sort_keys=True)

    order = list(dict.fromkeys(key(line) for line in lines))
    for _, group in itertools.groupby(sorted(lines, key=lambda line: order.index(key(line))), key):
        yield list(group)


def _work(
    lines: Sequence[Line], plugins: Plugins, store: Store, reporter: Reporter, *, force: bool, third_party: bool
) -> dict[str, UserError]:
    unique = list({job.cell: job for line in lines for job in line.jobs}.values())
    if force:
        for job in unique:
            store.forget(job.training, job.cell)
    todo = missing(unique, store)
    if len(todo) < len(unique):
        reporter.say(f"{len(unique) - len(todo)} of {len(unique)} cells are there already (--force trains them again)")
    prepared = {job.training: line.prepared for line in lines for job in line.jobs}
    return work_off(todo, prepared, plugins, store, reporter, third_party=third_party)


def _add_table(outcome: Outcome, lines: Sequence[Line], shuffled: Line | None) -> None:
    """Make the table of some lines from the store, and save it; none where no cell is there."""
    store = outcome.store
    results = [group for group in (_group(line, store) for line in lines) if group.cells]
    if not results:
        return
    table = run_table(results, _group(shuffled, store) if shuffled else None, store)
    cells = [cell["id"] for group in results for cell in group.cells]
    text = as_text(table, "github", choices(results[0].experiment.task["type"]))
    path = store.save_table("run-" + id_of({"cells": sorted(cells)}), text)
    outcome.tables.append((table, path, [store.cell_file(cell) for cell in cells], results[0].experiment))


def _group(line: Line, store: Store) -> Group:
    found = (store.cell(job.cell) for job in line.jobs)
    return Group(line.label, line.experiment, [cell for cell in found if cell])
