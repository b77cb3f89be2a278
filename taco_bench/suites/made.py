"""On which device the cells of a table were made: a table that was made on a GPU can be read where there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

from taco_bench.jobs.plan import Job, Line
from taco_bench.store.cells import Store
from taco_bench.store.identity import id_of
from taco_bench.store.ledger import asked
from taco_bench.suites.expand import Expanded

DEVICES = ("cpu", "cuda")
PRECISIONS = ("float32", "bfloat16")
Place = tuple[str, str]
"""A device and a precision."""


def as_made(table: Expanded, store: Store) -> Expanded:
    """The table on the device, and in the precision, that most of its cells were made in.

    "auto" is replaced by what this machine offers before ids are made, so a cell that another machine made has another id. Where the
    user left the device to the machine, the ids of every other device are made as well, and one device is taken for the whole table:
    the one with most cells, then the one that was asked for last, as the ledger says, then this machine's. Rows are never mixed.

    Args:
        table: as this machine would make it.
        store: looked at, never written.
    """
    job = next((job for line in table.lines for job in line.jobs), None)
    if job is None or not table.automatic:
        return table
    here = (job.experiment.train.device, job.experiment.train.precision)
    devices = DEVICES if "device" in table.automatic else here[:1]
    precisions = PRECISIONS if "precision" in table.automatic else here[1:]
    places = [here, *(place for place in product(devices, precisions) if place not in (here, ("cpu", "bfloat16")))]
    last = {cells[-1] for seeds in asked(store, table.title).values() for cells in seeds.values() if cells}

    def score(place: Place) -> tuple[int, int]:
        cells = {_on(job, place).cell for line in table.every for job in line.jobs}
        return sum(store.looks_whole(cell) for cell in cells), len(cells & last)

    best = max(places, key=score)
    if best == here or not score(best)[0]:
        return table
    lines, controls = (_all(lines, lambda job: _on(job, best)) for lines in (table.lines, table.controls))
    pinned = ("--device", best[0]) if best[0] != here[0] else ("--set", f"train.precision={best[1]}")
    return replace(table, lines=lines, controls=controls, options=(*table.options, *pinned))


def _all(lines: tuple[Line, ...], change: Callable[[Job], Job]) -> tuple[Line, ...]:
    return tuple(replace(line, jobs=tuple(map(change, line.jobs))) for line in lines)


def _on(job: Job, place: Place) -> Job:
    """The same cell made elsewhere: device and precision are parts of its configuration."""
    there = {"device": place[0], "precision": place[1]}
    experiment = job.experiment.model_copy(update={"train": job.experiment.train.model_copy(update=there)})
    configuration = job.parts["training"]["configuration"]
    training = {**job.parts["training"], "configuration": {**configuration, "train": {**configuration["train"], **there}}}
    parts = {**job.parts, "training": training, "cell": {**job.parts["cell"], "training": id_of(training)}}
    return Job(experiment, job.seed, job.label, parts)
