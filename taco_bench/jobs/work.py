"""One job: train unless the training is there, evaluate, save."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np

from taco_bench.api import Clip, Task
from taco_bench.config import Experiment
from taco_bench.data.prepared import Prepared
from taco_bench.jobs.plan import Job
from taco_bench.model.taco import TACo
from taco_bench.plugins import Plugins
from taco_bench.reporting import Named, Reporter
from taco_bench.store.cells import Store
from taco_bench.train.checkpoint import load_weights, save_weights
from taco_bench.train.device import describe_device, set_up
from taco_bench.train.loop import Training, new_model
from taco_bench.train.scoring import pool_scores
from taco_bench.train.validation import validation_score

RECORDED = ("taco-bench", "torch", "transformers", "tokenizers", "numpy", "mmengine", "spacy")
"""Distributions whose versions each cell records."""


class TrainedModel:
    """A finished training, as tasks see it (:class:`taco_bench.api.Trained`)."""

    def __init__(self, model: TACo, experiment: Experiment, prepared: Prepared, reporter: Reporter) -> None:
        self.model, self.experiment, self.prepared, self.reporter = model, experiment, prepared, reporter

    def clips(self, split: str) -> Sequence[Clip]:
        """The clips of a split."""
        return self.prepared.clips[split]

    def pair_scores(self, split: str) -> Mapping[str, np.ndarray]:
        """The score matrices of a split."""
        return pool_scores(self.model, self.experiment, self.prepared, self.clips(split), self.reporter)


def work(job: Job, prepared: Prepared, plugins: Plugins, store: Store, reporter: Reporter) -> None:
    """Make one cell.

    Raises:
        TrainingError: a loss is not finite.
    """
    experiment = job.experiment
    model, training = _trained(job, prepared, plugins, store, reporter)
    task: Task = plugins.build("task", experiment.task)
    started = time.perf_counter()
    found = task.evaluate(TrainedModel(model, experiment, prepared, Named(reporter, job.label)))
    record = {
        "training": job.training,
        "seed": job.seed,
        "experiment": experiment.model_dump(mode="json"),
        "rows": found.rows,
        "controls": found.controls,
        "chance": {column: chance.value for column, chance in found.chance.items()},
        "pool": found.pool,
        "queries": found.queries,
        "data": prepared.fingerprints,
        "tagger": prepared.tagger,
        "skipped": prepared.skipped,
        "versions": versions(experiment, plugins),
        "hardware": describe_device(experiment),
        "cost": {**training["cost"], "evaluation_seconds": round(time.perf_counter() - started, 2)},
    }
    draws = {f"chance {column}": chance.draws for column, chance in found.chance.items()}
    store.save_cell(job.cell, record, found.arrays | draws)


def _trained(job: Job, prepared: Prepared, plugins: Plugins, store: Store, reporter: Reporter) -> tuple[TACo, dict[str, Any]]:
    """The model of a job and the record of its training."""
    record = store.training(job.training)
    if record is not None:
        device = set_up(job.experiment)
        model = new_model(job.experiment, job.seed, prepared, device)
        load_weights(store.weights(job.training), model)
        return model.eval(), record
    validate = partial(validation_score, experiment=job.experiment, prepared=prepared)
    training = Training(job.experiment, job.seed, prepared, plugins, store.training_folder(job.training), validate)
    model = training.run(reporter, job.label)
    save_weights(store.weights(job.training), model)
    record = {"seed": job.seed, "configuration": job.experiment.training(), "cost": training.cost()}
    store.save_training(job.training, record)
    return model, record


def versions(experiment: Experiment, plugins: Plugins) -> dict[str, str]:
    """Versions of the libraries and of every distribution that a component comes from."""
    found = {name: version(name) for name in RECORDED}
    for kind, spec in experiment.components():
        component = plugins.get(kind, spec["type"])
        found[component.distribution] = component.version
    return found
