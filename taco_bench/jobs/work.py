"""One job: train unless the training is there, evaluate, save."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from taco_bench.api import Clip, DataError, Evaluation, PluginError, Task, Trained, sha256_of
from taco_bench.config import Experiment, Model
from taco_bench.data.prepared import Prepared
from taco_bench.guard import name_of
from taco_bench.jobs.plan import Job
from taco_bench.jobs.sizes import measured_sizes, record_of
from taco_bench.jobs.starts import seen_by_starts
from taco_bench.leakage import find_leaks
from taco_bench.model.taco import TACo
from taco_bench.plugins import Plugins
from taco_bench.reporting import Named, Reporter
from taco_bench.sources import core_hashes
from taco_bench.starts_seen import not_compared, world_now
from taco_bench.store.cells import Store
from taco_bench.store.seen import save_seen, seen_by
from taco_bench.store.versions import RECORDED
from taco_bench.text.vocabulary import tokenizer_text
from taco_bench.train.checkpoint import load_weights, save_weights
from taco_bench.train.device import describe_device, set_up
from taco_bench.train.frames import FrameScores, WindowEncoder, joined_frames
from taco_bench.train.loop import Training, new_model
from taco_bench.train.scoring import pool_scores
from taco_bench.train.start import Start
from taco_bench.train.validation import validation_score


class TrainedModel:
    """A finished training, as tasks see it (:class:`taco_bench.api.Trained`)."""

    def __init__(self, model: TACo, experiment: Experiment, prepared: Prepared, reporter: Reporter, seed: int) -> None:
        self.model, self.experiment, self.prepared, self.reporter, self.seed = model, experiment, prepared, reporter, seed
        self._frame_scores = FrameScores(model, experiment, prepared)

    def clips(self, split: str) -> Sequence[Clip]:
        """The clips of a split."""
        return self.prepared.clips[split]

    def pair_scores(self, split: str) -> Mapping[str, np.ndarray]:
        """The score matrices of a split."""
        return pool_scores(self.model, self.experiment, self.prepared, self.clips(split), self.reporter)

    def frame_scores(self, clips: Clip | Sequence[Clip], texts: Sequence[str], window: int, stride: int) -> np.ndarray:
        """The scores of frames and texts."""
        return self._frame_scores([clips] if isinstance(clips, Clip) else clips, texts, window, stride)

    def frames(self, clip: Clip) -> np.ndarray:
        """The features of a clip."""
        return joined_frames(self.prepared, [clip])

    def video_network(self) -> WindowEncoder:
        """A copy of the video module."""
        return WindowEncoder(self.model.video)


def work(
    job: Job, prepared: Prepared, plugins: Plugins, store: Store, reporter: Reporter, may_save: Callable[[], None] = lambda: None
) -> None:
    """Make one cell.

    Args:
        job: what to make.
        prepared: its data.
        plugins: for its components.
        store: where it goes.
        reporter: shows the progress.
        may_save: called before anything finished is saved; raises where it must not be.

    Raises:
        DataError: what it starts from has seen what is evaluated.
        TrainingError: a loss is not finite.
    """
    experiment = job.experiment
    seen, unknown = seen_by_starts(job, store)
    leaks = [leak.told() for leak in find_leaks(experiment, prepared, plugins, seen)]
    leaks += [*not_compared(experiment, prepared, plugins, seen), *unknown]
    model, training = _trained(job, prepared, plugins, store, reporter, may_save)
    sizes = record_of(measured_sizes(experiment, prepared, model, training["cost"]["fusion_pairs_per_step"]))
    started = time.perf_counter()
    found = _evaluated(TrainedModel(model, experiment, prepared, Named(reporter, job.label), job.seed), plugins)
    record = {
        "training": job.training,
        "seed": job.seed,
        "experiment": experiment.model_dump(mode="json"),
        "rows": found.rows,
        "controls": found.controls,
        "chance": {column: chance.value for column, chance in found.chance.items()},
        "chance_of": next((chance.of for chance in found.chance.values()), ""),
        "no_chance": found.no_chance,
        "pool": found.pool,
        "queries": found.queries,
        "parts": job.parts,
        "asked_by": job.asked_by,
        "sources": core_hashes(),
        "leaks": leaks,
        "data": prepared.fingerprints,
        "tagger": prepared.tagger,
        "skipped": prepared.skipped,
        "left_out": prepared.left_out,
        "remarks": prepared.remarks,
        "splits": {split: _split_hash(clips) for split, clips in prepared.clips.items() if clips},
        "versions": versions(experiment, plugins),
        "hardware": describe_device(experiment),
        "cost": {**training["cost"], "sizes": sizes, "evaluation_seconds": round(time.perf_counter() - started, 2)},
    }
    draws = {f"chance {column}": chance.draws for column, chance in found.chance.items()}
    may_save()
    store.save_cell(job.cell, record, found.arrays | draws)


def _split_hash(clips: Sequence[Clip]) -> str:
    """The number of clips and the beginning of the SHA-256 of their ids, in order: the same wherever the same clips are used."""
    return f"{len(clips)} clips, {sha256_of(*(clip.id for clip in clips))[:16]}"


def _evaluated(trained: TrainedModel, plugins: Plugins) -> Evaluation:
    """What the task finds, with the controls that are evaluated in the place of the model."""
    task: Task = plugins.build("task", trained.experiment.task)
    found = task.evaluate(trained)
    for spec in trained.experiment.controls:
        control = plugins.build("control", spec)
        disguised = control.disguise(trained)
        if disguised is not None:
            found.controls[spec["type"].replace("-", " ")] = _control_row(task, disguised, name_of(control))
    return found


def _control_row(task: Task, disguised: Trained, control: str) -> dict[str, float]:
    """The first row of a model in disguise.

    Raises:
        PluginError: its scores cannot be evaluated, as the model's own could.
    """
    try:
        return next(iter(task.evaluate(disguised).rows.values()))
    except DataError as error:
        what = f"the control {control} gave scores that cannot be evaluated: {error.what}"
        raise PluginError(what, where=error.where, hint="disguise() gives finite scores in the shapes of the model's own") from error


def _trained(
    job: Job, prepared: Prepared, plugins: Plugins, store: Store, reporter: Reporter, may_save: Callable[[], None]
) -> tuple[TACo, dict[str, Any]]:
    """The model of a job and the record of its training."""
    record = store.training(job.training)
    if record is not None:
        device = set_up(job.experiment)
        model = new_model(job.experiment, job.seed, prepared, device)
        load_weights(store.weights(job.training), model)
        return model.eval(), record

    def validate(model: TACo) -> float:
        score = validation_score(model, job.experiment, prepared)
        may_save()  # the best weights are kept next
        return score

    folder = store.training_folder(job.training)
    training = Training(job.experiment, job.seed, prepared, plugins, folder, validate, _start(job, store))
    model = training.run(reporter, job.label)
    may_save()
    save_seen(
        store.seen(job.training),
        seen_by(prepared.clips["train"] if job.experiment.train.steps else [], world_now(job.experiment, prepared, plugins)),
    )
    tokenizer = tokenizer_text(prepared.text_encoder)
    save_weights(store.weights(job.training), model, tokenizer)
    record = {
        "seed": job.seed,
        "configuration": job.experiment.training(),
        "start": job.start,
        "parts": job.parts["training"],  # for those that start from it
        "vocabulary": sha256_of(tokenizer)[:16],
        "cost": training.cost(),
        "spent": training.progress.spent,
        "curve": training.progress.curve,
    }
    store.save_training(job.training, record)
    return model, record


def _start(job: Job, store: Store) -> Start | None:
    """The training that a job starts from; it is there, since the data were prepared with its tokenizer."""
    if not job.start:
        return None
    return Start(store.weights(job.start), Model.model_validate(job.parts["training"]["start"]["configuration"]["model"]))


def versions(experiment: Experiment, plugins: Plugins) -> dict[str, str]:
    """Versions of the libraries and of every distribution that a component comes from."""
    found = {name: version(name) for name in RECORDED}
    for kind, spec in experiment.components():
        component = plugins.get(kind, spec["type"])
        found[component.distribution] = component.version
    return found
