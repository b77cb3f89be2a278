"""A model made by hand whose scores and features are planted: how much they say of the truth is a knob."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import builders
import numpy as np
import torch
from torch import nn

from taco_bench.api import Clip, Step
from taco_bench.reporting import Silent


class Embed(nn.Module):
    """A video network that gives a linear map of each row."""

    def __init__(self, width: int, d: int = 16) -> None:
        super().__init__()
        self.width = d
        self.map = nn.Linear(width, d)

    def forward(self, windows: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return self.map(windows)


class PlantedModel:
    """Scores and features of clips: noise, plus ``signal`` where a step is shown.

    Args:
        clips: of each split.
        frames: rows of each clip, by id.
        signal: 0 says nothing, 10 nearly everything.
        seed: of the noise.
    """

    def __init__(self, clips: dict[str, list[Clip]], frames: dict[str, int], signal: float, seed: int = 0, shuffle: bool = False) -> None:
        self._clips, self.lengths, self.signal, self.seed, self.reporter = clips, frames, signal, seed, Silent()
        self.experiment = builders.experiment(train={"shuffle_captions": shuffle})
        labels = sorted({step.label or step.text for some in clips.values() for clip in some for step in clip.steps})
        self.place = {label: at for at, label in enumerate(labels)}
        self.asked: list[tuple[int, int]] = []

    def clips(self, split: str) -> Sequence[Clip]:
        return self._clips[split]

    def pair_scores(self, split: str) -> dict[str, np.ndarray]:
        raise AssertionError("not asked for")

    def frame_scores(self, clips: Any, texts: Sequence[str], window: int, stride: int) -> np.ndarray:
        several = [clips] if isinstance(clips, Clip) else clips
        self.asked.append((window, stride))
        draw = np.random.default_rng([self.seed, *several[0].id.encode()])
        scores = draw.normal(size=(sum(self.lengths[clip.id] for clip in several), len(texts)))
        start = 0
        for clip in several:
            for step in clip.steps:
                for k, text in enumerate(texts):
                    scores[start + step.start : start + step.end, k] += self.signal * (text == step.text)
            start += self.lengths[clip.id]
        return scores.astype(np.float32)

    def frames(self, clip: Clip) -> np.ndarray:
        draw = np.random.default_rng([self.seed, *clip.id.encode()])
        features = draw.normal(size=(self.lengths[clip.id], len(self.place) + 1))
        for step in clip.steps:
            features[step.start : step.end, self.place[step.label or step.text]] += self.signal
        return features.astype(np.float32)

    def video_network(self) -> Embed:
        torch.manual_seed(self.seed)
        return Embed(len(self.place) + 1).eval()


def random_clips(
    count: int, split: str, *, steps: int = 4, frames: int = 40, tasks: int = 3, seed: int = 0
) -> tuple[list[Clip], dict[str, int]]:
    """Clips of some tasks, whose steps lie in order with background between them, some not shown and some shown twice."""
    draw = np.random.default_rng([seed, len(split)])
    clips, lengths = [], {}
    for number in range(count):
        task = int(draw.integers(tasks))
        procedure = tuple(f"step {k} of {task}" for k in range(steps))
        ends = np.sort(draw.choice(np.arange(1, frames), 2 * steps, replace=False))
        found = [Step(procedure[k], int(ends[2 * k]), int(ends[2 * k + 1])) for k in range(steps) if k == 0 or draw.random() < 0.8]
        again = [Step(procedure[0], int(ends[-1]), frames)] if draw.random() < 0.3 else []
        name = f"{split}-{number}"
        lengths[name] = frames
        clips.append(Clip(name, split, ("a caption",), f"video-{name}", tuple(found + again), f"task {task}", procedure))
    return clips, lengths


def planted(signal: float, *, train: int = 40, test: int = 40, seed: int = 0, **options: Any) -> PlantedModel:
    shuffle = options.pop("shuffle", False)
    (known, a), (asked, b) = random_clips(train, "train", **options), random_clips(test, "test", **options)
    return PlantedModel({"train": known, "test": asked}, a | b, signal, seed, shuffle)


def plain(**changes: Any) -> SimpleNamespace:
    return SimpleNamespace(**changes)
