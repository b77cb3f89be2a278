"""How a component of each kind is used: in the README of a new plugin, and in the small training that checks it."""

from __future__ import annotations

from collections.abc import Sequence

PLANTED = ("--data", "planted:holds")
SMALL = {"train": 48, "val": 8, "test": 16, "bags": 24}
"""Sizes of the planted world that a plugin is checked in."""
STEPS = 3
OPTIONS = {
    "encoder": ("--encoder", "{}"),
    "tokens": ("--tokens", "{}"),
    "token-weights": ("--token-weights", "{}"),
    "sampler": ("--sampler", "{}"),
    "text-encoder": ("--text-encoder", "{}"),
    "tagger": ("--set", "tagger={}"),
    "task": ("--task", "{}"),
    "control": ("--set", "controls={}"),
    "launcher": ("--launcher", "{}", "--seeds", "2"),
}
"""What of ``taco-bench run`` names a component of a kind; a launcher has nothing to do for one training."""
FEATURES = {
    "reader": ("features", "build", "--reader", "{}", "--from", "FOLDER", "--stream", "NAME", "--out", "STORE"),
    "extractor": ("features", "extract", "--encoder", "{}", "--videos", "FOLDER", "--out", "STORE"),
}
"""Kinds that no training has a part in: what uses them."""


def command(kind: str, name: str) -> list[str]:
    """The verb with its arguments that a first try of a component is."""
    if kind in FEATURES:
        return [part.format(name) for part in FEATURES[kind]]
    return ["run", *_of_run(kind, name)]


def small_training(kind: str, name: str, stream: str = "") -> list[str]:
    """The arguments of a training with a component that takes seconds; none where there can be no such training.

    Args:
        kind: of the component.
        name: its name.
        stream: of an encoder; one that no embedded data set has cannot be trained with.
    """
    if kind in FEATURES or (kind == "encoder" and stream not in ("planted", "frames")):
        return []
    data: Sequence[str] = ["--data", "babyai"] if stream == "frames" else _of_run(kind, name)[:2]
    made_here = data[1] == PLANTED[1]
    sizes = [part for key, value in SMALL.items() for part in ("--set", f"data.{key}={value}")] if made_here else []
    control = [] if kind == "control" else ["--no-control"]
    recipe = ["--set", "train.batch_size=8", "--set", "train.threads=1", "--steps", str(STEPS)]
    return ["run", *data, *_of_run(kind, name)[2:], *sizes, *recipe, *control, "--quiet"]


def _of_run(kind: str, name: str) -> list[str]:
    """Data set first."""
    return ["--data", name] if kind == "data" else [*PLANTED, *(part.format(name) for part in OPTIONS[kind])]
