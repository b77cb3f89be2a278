"""Cells to be made: their ids, and what the store says of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from taco_bench.config import Experiment
from taco_bench.jobs.facts import Facts
from taco_bench.jobs.starts import StartsOf, starts_for
from taco_bench.plugins import Plugins
from taco_bench.store.cells import Store
from taco_bench.store.identity import cell_parts, id_of, training_parts


@dataclass(frozen=True)
class Job:
    """One cell to be made.

    Attributes:
        experiment: device and precision resolved.
        seed: of the training.
        label: for people.
        parts: all that its ids hash, part by part: "training" and "cell".
        asked_by: table and row of each place that it is made for, so that ledgers can be made again from cells.
    """

    experiment: Experiment
    seed: int
    label: str
    parts: dict[str, Any]
    asked_by: tuple[tuple[str, str], ...] = ()

    @cached_property
    def training(self) -> str:
        """Id of the training."""
        return id_of(self.parts["training"])

    @cached_property
    def start(self) -> str:
        """Id of the training that it starts from; empty where there is none."""
        start = self.parts["training"].get("start")
        return "" if start is None else id_of(start)

    @cached_property
    def cell(self) -> str:
        """Id of the cell."""
        return id_of(self.parts["cell"])


@dataclass(frozen=True)
class Line:
    """A row to be made: one experiment, a job a seed.

    Attributes:
        name: unique in its table.
        label: as the table shows it.
        experiment: None where it is not run.
        jobs: a seed each; empty where it is not run.
        not_run: why not.
        control_of: for a trained control, the name of the row it controls.
    """

    name: str
    label: str
    experiment: Experiment | None
    jobs: tuple[Job, ...] = ()
    not_run: str = ""
    control_of: str = ""


def job_of(label: str, experiment: Experiment, facts: Facts, seed: int, plugins: Plugins, start: dict[str, Any] | None = None) -> Job:
    """The job of one experiment and seed; ``start`` holds the parts of the training that it starts from."""
    training = training_parts(experiment, seed, facts.fingerprints | {"tagger": facts.tagger}, plugins, start)
    parts = {"training": training, "cell": cell_parts(experiment, id_of(training), plugins)}
    return Job(experiment, seed, f"{label}, seed {seed}", parts)


def line_of(
    name: str,
    label: str,
    experiment: Experiment,
    facts: Facts,
    seeds: Sequence[int],
    plugins: Plugins,
    starts: StartsOf | None = None,
) -> Line:
    """The row of an experiment over all seeds.

    Args:
        name: of the row.
        label: as the table shows it.
        experiment: of the row.
        facts: of its data.
        seeds: a job each.
        plugins: for the components.
        starts: finds the training that it starts from.

    Raises:
        ConfigError: it cannot start from there.
    """
    found = starts_for(experiment, seeds, starts)
    first = job_of(label, experiment, facts, seeds[0], plugins, found[0])
    return Line(name, label, experiment, tuple(_with_seed(first, label, seed, start) for seed, start in zip(seeds, found, strict=True)))


def _with_seed(job: Job, label: str, seed: int, start: dict[str, Any] | None) -> Job:
    """The same cell of another seed: all but the seed and the start is shared, so nothing is hashed twice."""
    training = {**job.parts["training"], "seed": seed, **({} if start is None else {"start": start})}
    return Job(
        job.experiment, seed, f"{label}, seed {seed}", {"training": training, "cell": {**job.parts["cell"], "training": id_of(training)}}
    )


def control_lines(line: Line, facts: Facts, seeds: Sequence[int], plugins: Plugins, starts: StartsOf | None = None) -> list[Line]:
    """The controls of a row that are trained, a line each; arguments as of :func:`line_of`."""
    assert line.experiment is not None
    found = []
    for spec in line.experiment.controls:
        experiment = plugins.build("control", spec).training(line.experiment)
        if experiment is not None:
            name = spec["type"]
            label = f"{line.label}, {name}"
            made = line_of(f"{line.name}/{name}", label, experiment, facts, seeds, plugins, starts)
            found.append(Line(made.name, label, experiment, made.jobs, control_of=line.name))
    return found


def unique_jobs(lines: Sequence[Line]) -> list[Job]:
    """The jobs of all lines; a cell that several share once."""
    return list({job.cell: job for line in lines for job in line.jobs}.values())


def jobs_of(tables: Iterable[tuple[str, Sequence[Line]]]) -> list[Job]:
    """The jobs of several tables, by title, each once; they know which rows they are made for."""
    rows: dict[str, list[tuple[str, str]]] = {}
    jobs: dict[str, Job] = {}
    for title, lines in tables:
        for line in lines:
            for job in line.jobs:
                jobs[job.cell] = job
                rows.setdefault(job.cell, []).append((title, line.name))
    return [replace(job, asked_by=tuple(rows[cell])) for cell, job in jobs.items()]


def missing(jobs: Sequence[Job], store: Store) -> list[Job]:
    """The jobs whose cells are not in the store."""
    return [job for job in jobs if not store.has(job.cell)]
