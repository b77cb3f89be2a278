"""A third party's plugin: a tiny synthetic data set with faults on request, and its encoder. Tests install copies of this file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from taco_bench import hookimpl
from taco_bench.api import Clip, sha256_of

COLOURS = ("red", "green", "blue", "yellow", "purple")
THINGS = ("ball", "box", "key", "door")
ACTIONS = ("pick up", "open", "push", "go to")
WIDTH = 8

PRESET = {
    "encoder": "dots",
    "text_encoder.type": "tiny",
    "text_encoder.width": 16,
    "text_encoder.layers": 1,
    "text_encoder.heads": 2,
    "tagger": "wordlist",
    "sampler.hard_negatives": 2,
    "model.width": 16,
    "model.heads": 2,
    "model.feedforward": 32,
    "model.dropout": 0.1,
    "model.max_video_tokens": 4,
    "model.max_text_tokens": 12,
    "train.steps": 4,
    "train.batch_size": 8,
    "train.learning_rate": 0.001,
    "train.threads": 1,
}


class Small:
    """A few clips: the features say which of 80 sentences belongs to them.

    Args:
        train: clips in the training split.
        test: clips in the test split.
        fault: what is wrong with the features of clip test-3.
    """

    streams = ("dots",)

    def __init__(
        self,
        train: Annotated[int, Field(ge=0)] = 40,
        test: Annotated[int, Field(ge=0)] = 16,
        fault: Literal["", "nan", "wide", "flat", "empty", "missing", "huge"] = "",
    ) -> None:
        self.sizes, self.fault = {"train": train, "val": 12, "test": test}, fault

    def clips(self) -> Sequence[Clip]:
        counted = [(split, i) for split, size in self.sizes.items() for i in range(size)]
        return [Clip(f"{split}-{i}", split, self._captions(i)[: None if split == "train" else 1]) for split, i in counted]

    @staticmethod
    def _captions(i: int) -> tuple[str, ...]:
        colour, thing, action = COLOURS[i % 5], THINGS[i % 4], ACTIONS[i // 20 % 4]
        return (f"{action} the {colour} {thing}", f"the {colour} {thing}, {action} it") if i % 3 else (f"{action} the {colour} {thing}",)

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        rng = np.random.default_rng(sum(map(ord, clip.id)))
        frames = rng.normal(size=(2 + len(clip.id) % 3, WIDTH)).astype(np.float32)
        frames[:, hash_of(clip.captions[0])] += 3
        if clip.id == "test-3":
            frames = self._faulty(frames)
        return frames * 1e30 if self.fault == "huge" and clip.split == "train" else frames

    def _faulty(self, frames: np.ndarray) -> np.ndarray:
        if self.fault == "missing":
            raise KeyError("test-3")
        if self.fault == "nan":
            frames[1, 2] = np.nan
        return {"wide": np.tile(frames, 2), "flat": frames[0], "empty": frames[:0]}.get(self.fault, frames)

    def files(self) -> list[Path]:
        return []

    def fingerprints(self) -> dict[str, str]:
        return {"captions": sha256_of(*(caption for clip in self.clips() for caption in clip.captions))}


def hash_of(caption: str) -> int:
    return sum(map(ord, caption)) % WIDTH


class Smaller(Small):
    """As ``small``, with ten test clips."""

    def __init__(self) -> None:
        super().__init__(test=10)


class Dots:
    """The array as it is."""

    stream = "dots"
    width = WIDTH

    def encode(self, frames: np.ndarray) -> np.ndarray:
        return frames


@hookimpl
def taco_bench_datasets(register):
    register("small", Small, summary="a few synthetic clips", preset=PRESET)
    register("smaller", Smaller, summary="fewer synthetic clips", preset=PRESET)


@hookimpl
def taco_bench_encoders(register):
    register("dots", Dots, summary="eight numbers")
