"""Ids: a hash of all that can change a figure."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from typing import Any

from taco_bench.atomic import sha256_of
from taco_bench.config import Experiment
from taco_bench.plugins import Plugins
from taco_bench.resources import registry_file
from taco_bench.sources import core_hash, source_hash

TRAINING_KINDS = ("data", "encoder", "text-encoder", "tagger", "tokens", "token-weights", "sampler")


@cache
def protocol(task: str) -> dict[str, Any]:
    """The protocol card of a task; empty for tasks of third parties."""
    from taco_bench.errors import UserError

    try:
        return tomllib.loads(registry_file(f"protocols/{task}.toml").read_text(encoding="utf-8"))
    except UserError:
        return {}


def training_parts(
    experiment: Experiment, seed: int, fingerprints: dict[str, str], plugins: Plugins, start: dict[str, Any] | None = None
) -> dict[str, Any]:
    """All that a training's id hashes, part by part.

    Args:
        experiment: what is trained.
        seed: of the training.
        fingerprints: of the data.
        plugins: for the sources of the components.
        start: the parts of the training that it starts from, whole: the chain is part of the id, and a change in it can be named.
    """
    sources = {
        f"{kind} {spec['type']}": source_hash(plugins.get(kind, spec["type"]).factory)
        for kind, spec in experiment.components()
        if kind in TRAINING_KINDS
    }
    configuration = experiment.training()
    for option in plugins.get("data", experiment.data["type"]).locations:
        del configuration["data"][option]  # the fingerprints say what lies there
    own = {"configuration": configuration, "seed": seed, "core": core_hash(), "components": sources, "data": fingerprints}
    return own if start is None else {**own, "start": start}


def chain_of(training: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of every training that a training goes back to, the nearest first."""
    start = training.get("start")
    return [] if start is None else [start, *chain_of(start)]


def cell_parts(experiment: Experiment, training: str, plugins: Plugins) -> dict[str, Any]:
    """All that a cell's id hashes, part by part."""
    task = experiment.task["type"]
    controls = {
        f"control {spec['type']}": {**spec, "source": source_hash(plugins.get("control", spec["type"]).factory)}
        for spec in experiment.controls
        if plugins.build("control", spec).training(experiment) is None  # evaluated beside every model
    }
    return {
        "training": training,
        "task": experiment.task,
        "evaluation": experiment.evaluation.model_dump(mode="json"),
        "source": source_hash(plugins.get("task", task).factory),
        "protocol": protocol(task).get("version", 0),
        "controls": controls,
    }


def id_of(parts: dict[str, Any]) -> str:
    """The id that the parts make: 16 hexadecimal digits."""
    return sha256_of(json.dumps(parts, sort_keys=True, separators=(",", ":")))[:16]
