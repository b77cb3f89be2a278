"""A finished training made by hand, for tasks and controls: what its scores and features know of the truth is a knob."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from taco_bench.api import Clip, Step, numpy_stream
from taco_bench.config import Evaluation, Experiment, Losses, Model, Train
from taco_bench.reporting import Silent

Floats = npt.NDArray[np.float32]
Knows = Literal["everything", "nothing", "constant", "nan"]
ROWS, STEPS, TASKS = 40, 4, 2
SIGNAL = {"everything": 60.0, "nothing": 0.0}
COUNTS = {"train": 40, "val": 18, "test": 24}


def made_experiment(split: Literal["val", "test"] = "test", *, shuffle_captions: bool = False) -> Experiment:
    """A valid experiment of components that are not there; nothing is built from it."""
    made: Any = {"type": "made"}
    recipe: Any = {"steps": 10, "batch_size": 4, "threads": 1, "device": "cpu", "precision": "float32", "warmup_steps": 0}
    return Experiment(
        data=made,
        encoder=(made,),
        text_encoder=made,
        tagger=made,
        tokens=(made,),
        token_weights=made,
        sampler=made,
        task=made,
        model=Model.model_validate({"width": 16, "heads": 2, "feedforward": 32}),
        losses=Losses.model_validate({}),
        train=Train.model_validate({**recipe, "shuffle_captions": shuffle_captions}),
        evaluation=Evaluation.model_validate({"split": split, "scores": ("sentence", "token", "fusion")}),
    )


def made_clips(split: str) -> list[Clip]:
    """Clips with steps in order and background between them. Some have two captions, some no source video of another name."""
    draw, clips = numpy_stream(0, f"contract/{split}"), []
    for number in range(COUNTS[split]):
        task = number % TASKS
        procedure = tuple(f"step {k} of {task}" for k in range(STEPS))
        ends = np.sort(draw.choice(np.arange(1, ROWS), 2 * STEPS, replace=False)).tolist()
        steps = tuple(Step(procedure[k], ends[2 * k], ends[2 * k + 1]) for k in range(STEPS) if k == 0 or draw.random() < 0.8)
        captions = tuple(f"caption {c} of {split} {number}" for c in range(1 + (number % 4 == 0)))
        video = "" if number % 5 == 0 else f"video {split} {number}"
        clips.append(Clip(f"{split}-{number}", split, captions, video, steps, f"task {task}", procedure))
    return clips


class MadeTraining:
    """A finished training, as a task sees it (:class:`taco_bench.api.Trained`).

    Args:
        knows: "everything": the truth stands out of the noise; "nothing": noise alone; "constant": every score and feature is 0;
            "nan": as everything, with one NaN in each matrix of scores and array of features.
        seed: of the training; scores and features do not depend on it.
        experiment: that was trained.
    """

    def __init__(self, knows: Knows, seed: int = 0, experiment: Experiment | None = None) -> None:
        self.knows, self.seed, self.reporter = knows, seed, Silent()
        self.experiment = experiment or made_experiment()
        self.asked: set[str] = set()
        self._clips = {split: made_clips(split) for split in COUNTS}
        labels = {step.label or step.text for clips in self._clips.values() for clip in clips for step in clip.steps}
        self._place = {label: at for at, label in enumerate(sorted(labels))}

    def clips(self, split: str) -> Sequence[Clip]:
        """The clips of a split; which were asked for is kept in ``asked``."""
        self.asked.add(split)
        return self._clips[split]

    def pair_scores(self, split: str) -> dict[str, Floats]:
        """Matrices [texts, videos], and [videos, texts] for "video->text"."""
        clips = self._clips[split]
        owner = np.repeat(np.arange(len(clips)), [len(clip.captions) for clip in clips])
        truth = (owner[:, None] == np.arange(len(clips))).astype(float)
        alone = {name: self._scores(truth, f"{split}/{name}") for name in ("sentence", "token", "fusion")}
        fused: Floats = np.asarray(sum(alone.values()), np.float32)
        return {**alone, "text->video": fused, "video->text": fused.T.copy()}

    def frame_scores(self, clips: Clip | Sequence[Clip], texts: Sequence[str], window: int, stride: int) -> Floats:
        """[rows of all clips, texts]."""
        several = [clips] if isinstance(clips, Clip) else clips
        truth = np.zeros((ROWS * len(several), len(texts)))
        for at, clip in enumerate(several):
            for step in clip.steps:
                own = [k for k, text in enumerate(texts) if text == step.text]
                truth[at * ROWS + step.start : at * ROWS + step.end, own] = 1
        return self._scores(truth, f"frames/{several[0].id}")

    def frames(self, clip: Clip) -> Floats:
        """[rows, labels]."""
        truth = np.zeros((ROWS, len(self._place)))
        for step in clip.steps:
            truth[step.start : step.end, self._place[step.label or step.text]] = 1
        return np.asarray(self._scores(truth, f"features/{clip.id}") / 10, np.float32)

    def video_network(self) -> nn.Module:
        """A linear map of each row, the same each time."""
        return _Network(len(self._place))

    def _scores(self, truth: npt.NDArray[np.float64], stream: str) -> Floats:
        if self.knows == "constant":
            return np.zeros(truth.shape, np.float32)
        noise = numpy_stream(0, f"contract/{stream}").normal(size=truth.shape)
        found = np.asarray(SIGNAL.get(self.knows, SIGNAL["everything"]) * truth + noise, np.float32)
        if self.knows == "nan":
            found[0, 0] = np.nan
        return found


class _Network(nn.Module):
    def __init__(self, labels: int, width: int = 16) -> None:
        super().__init__()
        self.width, self.map = width, nn.Linear(labels, width)
        draw = numpy_stream(0, "contract/network").normal(size=(width, labels)) / labels**0.5
        self.map.weight.data = torch.from_numpy(np.asarray(draw, np.float32))
        self.map.bias.data.zero_()
        self.eval()

    def forward(self, windows: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """[windows, rows, width]."""
        found: torch.Tensor = self.map(windows)
        return found


def with_start(experiment: Experiment, start: str) -> Experiment:
    """The experiment, begun from another training."""
    changes: dict[str, Any] = {"train": experiment.train.model_copy(update={"init": start})}
    return experiment.model_copy(update=changes)
