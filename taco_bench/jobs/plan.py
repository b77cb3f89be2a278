"""Which cells a run needs, and which of them are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from taco_bench.config import Experiment
from taco_bench.data.prepared import Prepared
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
        training: id.
        cell: id.
    """

    experiment: Experiment
    seed: int
    label: str
    training: str
    cell: str


def job_of(label: str, experiment: Experiment, prepared: Prepared, seed: int, plugins: Plugins) -> Job:
    """The job of one experiment and seed, with its ids."""
    training = id_of(training_parts(experiment, seed, prepared.fingerprints | {"tagger": prepared.tagger}, plugins))
    return Job(experiment, seed, f"{label}, seed {seed}", training, id_of(cell_parts(experiment, training, plugins)))


def missing(jobs: Sequence[Job], store: Store) -> list[Job]:
    """The jobs whose cells are not in the store."""
    return [job for job in jobs if store.cell(job.cell) is None]
