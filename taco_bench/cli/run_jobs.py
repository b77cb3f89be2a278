"""What ``run`` does once its options are read: resolve, prepare, train what is missing, print the table."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import click

from taco_bench.config import Experiment
from taco_bench.data.prepared import Prepared, prepare
from taco_bench.errors import UserError
from taco_bench.jobs.plan import Job, job_of, missing
from taco_bench.jobs.pool import work_off
from taco_bench.plugins import Plugins, load_plugins
from taco_bench.report.render import as_json as table_json
from taco_bench.report.render import as_text
from taco_bench.report.run_table import Group, choices, run_table
from taco_bench.reporting import Reporter
from taco_bench.resolve import resolve
from taco_bench.resources import results_root
from taco_bench.store.cells import Store
from taco_bench.store.identity import id_of
from taco_bench.train.device import resolve_device

Line = tuple[str, Experiment, Prepared]


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
    as_json: bool,
    quiet: bool,
) -> int:
    """Run the grid; the exit code."""
    started = time.monotonic()
    plugins = load_plugins(third_party)
    for failure in plugins.failures:
        reporter.say(f"plugin {failure.distribution} failed to load ({failure.reason}); `taco-bench plugins doctor` says more")
    config, *above = shared
    experiments = [(label, resolve_device(resolve([config, raw, *above], plugins, reporter.say))) for label, raw in points]
    store = Store(results_root(results))
    store.check_writable()
    lines = [(label or _describe(experiment), experiment, prepare(experiment, plugins, reporter)) for label, experiment in experiments]
    controls = [(f"{label}, shuffled captions", experiment.shuffled(), prepared) for label, experiment, prepared in lines[:1] if control]
    jobs = {(label, seed): job_of(label, e, prepared, seed, plugins) for label, e, prepared in [*lines, *controls] for seed in seeds}
    failed = _work(list(jobs.values()), [*lines, *controls], plugins, store, reporter, force=force, third_party=third_party)
    _print_table(lines, controls, jobs, seeds, store, time.monotonic() - started, as_json=as_json, quiet=quiet)
    for label, error in failed.items():
        click.echo("\n".join([f"failed: {label}: {error.lines()[0]}", *error.lines()[1:]]), err=True)
    return 5 if failed else 0


def _describe(experiment: Experiment) -> str:
    parts = ["+".join(loss.upper() for loss in experiment.losses.use)]
    parts += [experiment.sampler["type"]] if experiment.sampler else []
    parts += ["+".join(spec["type"] for spec in experiment.tokens)] if experiment.tokens else []
    return ", ".join(parts)


def _work(
    jobs: Sequence[Job], lines: Sequence[Line], plugins: Plugins, store: Store, reporter: Reporter, *, force: bool, third_party: bool
) -> dict[str, UserError]:
    unique = list({job.cell: job for job in jobs}.values())
    if force:
        for job in unique:
            store.forget(job.training, job.cell)
    todo = missing(unique, store)
    if len(todo) < len(unique):
        reporter.say(f"{len(unique) - len(todo)} of {len(unique)} cells are there already (--force trains them again)")
    by_experiment = {experiment.model_dump_json(): prepared for _, experiment, prepared in lines}
    prepared = {job.training: by_experiment[job.experiment.model_dump_json()] for job in todo}
    return work_off(todo, prepared, plugins, store, reporter, third_party=third_party)


def _print_table(
    lines: Sequence[Line],
    controls: Sequence[Line],
    jobs: dict[tuple[str, int], Job],
    seeds: Sequence[int],
    store: Store,
    seconds: float,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    def group(line: Line) -> Group:
        found = [store.cell(jobs[line[0], seed].cell) for seed in seeds]
        return Group(line[0], line[1], [cell for cell in found if cell])

    results = [found for found in map(group, lines) if found.cells]
    if not results:
        return
    table = run_table(results, group(controls[0]) if controls else None, store)
    markdown = as_text(table, "github", choices(results[0].experiment.task["type"]))
    path = store.save_table("run-" + id_of({"cells": sorted(job.cell for job in jobs.values())}), markdown)
    cells = [str(store.cell_file(cell["id"])) for found in results for cell in found.cells]
    if as_json:
        click.echo(json.dumps({**table_json(table), "cells": cells, "table": str(path), "seconds": round(seconds, 1)}, indent=1))
        return
    if quiet:
        click.echo(as_text(table))
        return
    click.echo("\n" + as_text(table))
    click.echo(f"\n{seconds:.0f} s in all; table: {path}; cells: {store.root / 'cells'}")
    click.echo(_next_steps(results[0].experiment, len(seeds)))


def _next_steps(experiment: Experiment, seeds: int) -> str:
    """What to try next, given what was just run."""
    other = "random" if not experiment.sampler or experiment.sampler["type"] != "random" else "cascade"
    lines = ["", "try next:"]
    if seeds == 1:
        lines.append("  taco-bench run --seeds 3                       does it hold when it is trained again?")
    lines.append(f"  taco-bench run --sampler cascade --sampler {other:<7} the cascade beside another sampler" if other == "random" else "")
    lines.append("  taco-bench run --tokens noun --tokens det,adp  which tokens matter")
    lines.append("  taco-bench list                                everything else that can be put in its place")
    return "\n".join(line for line in lines if line or line == lines[0])
