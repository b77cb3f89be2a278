"""A finished training made by hand, for tasks and controls: what its scores and features know of the truth is a knob."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from taco_bench.api import Clip, Step, numpy_stream
from taco_bench.config import Evaluation, Experiment, Loss, Losses, Model, Train
from taco_bench.data.windows import window_starts
from taco_bench.errors import PluginError
from taco_bench.reporting import Silent

Floats = npt.NDArray[np.float32]
Score = Literal["sentence", "token", "fusion"]
Knows = Literal["everything", "nothing", "constant", "nan"]
STEPS, TASKS = 4, 2
SIGNAL = {"everything": 60.0, "nothing": 0.0}
COUNTS = {"train": 40, "val": 18, "test": 24}
LENGTHS = (40, 28, 46, 34, 52)
"""Rows of the first clips of a split; the next ones begin anew."""
ALL: tuple[Score, ...] = ("sentence", "token", "fusion")
LOSSES: dict[Score, Loss] = {"sentence": "l1", "token": "l2", "fusion": "l3"}


def made_experiment(
    split: Literal["val", "test"] = "test", *, shuffle_captions: bool = False, scores: tuple[Score, ...] = ALL
) -> Experiment:
    """A valid experiment of components that are not there; nothing is built from it. The losses of its scores are trained, no others."""
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
        losses=Losses.model_validate({"use": tuple(LOSSES[score] for score in scores)}),
        train=Train.model_validate({**recipe, "shuffle_captions": shuffle_captions}),
        evaluation=Evaluation.model_validate({"split": split, "scores": scores}),
    )


def rows_of(clip: Clip) -> int:
    """How long a clip made by hand is."""
    return LENGTHS[int(clip.id.rpartition("-")[2]) % len(LENGTHS)]


def made_clips(split: str) -> list[Clip]:
    """Clips with steps in order and background between them. Some have two captions, some no source video of another name.

    They differ in length (:func:`rows_of`). Steps and gaps last two rows or more, so that steps that are not shown find room between them.
    """
    draw, clips = numpy_stream(0, f"contract/{split}"), []
    for number in range(COUNTS[split]):
        task = number % TASKS
        procedure = tuple(f"step {k} of {task}" for k in range(STEPS))
        ends = np.sort(draw.choice(np.arange(2, LENGTHS[number % len(LENGTHS)], 2), 2 * STEPS, replace=False)).tolist()
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
        experiment: that was trained; there are the scores that it asks for, and no others.
    """

    def __init__(self, knows: Knows, seed: int = 0, experiment: Experiment | None = None) -> None:
        self.knows, self.seed, self.reporter = knows, seed, Silent()
        self.experiment = experiment or made_experiment()
        self.asked: set[str] = set()
        self._clips = {split: made_clips(split) for split in COUNTS}
        everywhere = [clip for clips in self._clips.values() for clip in clips]
        self._texts = {text for clip in everywhere for text in (*clip.captions, *clip.procedure, *(step.text for step in clip.steps))}
        labels = {step.label or step.text for clip in everywhere for step in clip.steps}
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
        alone: dict[str, Floats] = {name: self._scores(truth, f"{split}/{name}") for name in self.experiment.evaluation.scores}
        fused: Floats = np.asarray(sum(alone.values()), np.float32)
        return {**alone, "text->video": fused, "video->text": fused.T.copy()}

    def frame_scores(self, clips: Clip | Sequence[Clip], texts: Sequence[str], window: int, stride: int) -> Floats:
        """[rows of all clips, texts]; 0 throughout where neither the sentence nor the token score was trained.

        Raises:
            IndexError: windows of more rows than the model takes.
            PluginError: a text that no clip has as caption, step or procedure.
            ValueError: a stride that leaves rows out.
        """
        several = [clips] if isinstance(clips, Clip) else clips
        ends = np.cumsum([rows_of(clip) for clip in several]).tolist()
        self._refuse(texts, ends[-1], window, stride)
        truth = np.zeros((ends[-1], len(texts)))
        for end, clip in zip(ends, several, strict=True):
            begin = end - rows_of(clip)
            for step in clip.steps:
                own = [k for k, text in enumerate(texts) if text == step.text]
                truth[begin + step.start : begin + step.end, own] = 1
        if not {"sentence", "token"} & set(self.experiment.evaluation.scores):
            return np.zeros(truth.shape, np.float32)
        return self._scores(truth, f"frames/{several[0].id}")

    def _refuse(self, texts: Sequence[str], rows: int, window: int, stride: int) -> None:
        """What a model that was trained refuses too, by the same errors."""
        window_starts(rows, window, stride)
        most = self.experiment.model.max_video_tokens
        if window > most:
            raise IndexError(f"windows of {window} rows, but the model takes at most max_video_tokens = {most}")
        unknown = [text for text in texts if text not in self._texts]
        if unknown:
            hint = "frame scores are for captions and for the texts of the data set's steps and procedures"
            raise PluginError(f"the text {unknown[0]!r} is in no clip", hint=hint)

    def frames(self, clip: Clip) -> Floats:
        """[rows, labels]."""
        truth = np.zeros((rows_of(clip), len(self._place)))
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
