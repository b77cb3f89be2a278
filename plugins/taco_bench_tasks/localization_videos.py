"""The videos that steps are placed in: clips of a split, or several of them joined end to end, with what is true of each second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from taco_bench.api import Clip, DataError, Trained, numpy_stream

Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Video:
    """A video and the steps to be placed in it, in order.

    Attributes:
        name: what its queries are resampled by.
        task: what its recall is pooled by.
        clips: end to end; usually one.
        texts: [steps].
        owners: [steps], the clip that each step is of.
        truth: [seconds, steps], where each step happens; nowhere if it is not shown.
    """

    name: str
    task: str
    clips: tuple[Clip, ...]
    texts: tuple[str, ...]
    owners: tuple[Clip, ...]
    truth: Mask

    @property
    def shown(self) -> Mask:
        """[steps], whether each is to be found."""
        return np.asarray(self.truth.any(axis=0))


@dataclass(frozen=True)
class Found:
    """The videos of a split.

    Attributes:
        videos: those that are evaluated.
        without_steps: clips that show no step.
        too_short: videos with fewer seconds than steps, which have no ordered assignment.
    """

    videos: list[Video]
    without_steps: int
    too_short: int


def find_videos(trained: Trained, split: str, join: int) -> Found:
    """The videos of a split.

    Args:
        trained: whose clips.
        split: "val" or "test".
        join: clips a video; those of one task, in an order that is the same for every training.

    Raises:
        DataError: no clip shows a step, a step is not in its clip's procedure, or no video is long enough.
    """
    clips = trained.clips(split)
    truths = {clip.id: _truth(clip, len(trained.frames(clip))) for clip in clips if clip.steps}
    stepped = [clip for clip in clips if clip.id in truths and truths[clip.id].any()]
    if not stepped:
        raise DataError(
            f"no clip of the {split} split shows a step", where="--task step-localization", hint="a data set whose clips have steps"
        )
    every = [_video(group, f"joined-{at}" if join > 1 else "", truths) for at, group in enumerate(_groups(stepped, join))]
    long = [video for video in every if len(video.truth) >= len(video.texts)]
    if not long:
        raise DataError(f"every video of the {split} split has fewer rows than steps", where="--task step-localization")
    return Found(long, len(clips) - len(stepped), len(every) - len(long))


def _truth(clip: Clip, seconds: int) -> Mask:
    """[seconds, steps]; a step of a procedure in all its segments, and each step of a clip without one in its own."""
    entries = clip.procedure or tuple(range(len(clip.steps)))
    truth = np.zeros((seconds, len(entries)), bool)
    for at, step in enumerate(clip.steps):
        columns = [k for k, entry in enumerate(entries) if entry in (step.text, at)]
        if not columns:
            hint = "the procedure must hold the text of every step"
            raise DataError(f"clip {clip.id!r} shows {step.text!r}, which is not in its procedure", where="steps", hint=hint)
        truth[step.start : step.end, columns] = True
    return truth


def _texts(clip: Clip) -> tuple[str, ...]:
    return clip.procedure or tuple(step.text for step in clip.steps)


def _groups(clips: Sequence[Clip], join: int) -> Iterator[list[Clip]]:
    """Clips of one task, ``join`` at a time."""
    if join == 1:
        yield from ([clip] for clip in clips)
        return
    by_task: dict[str, list[Clip]] = {}
    for clip in clips:
        by_task.setdefault(clip.task, []).append(clip)
    for task, own in by_task.items():
        order = numpy_stream(0, f"step-localization/join/{task}").permutation(len(own))
        yield from ([own[at] for at in order[start : start + join]] for start in range(0, len(own), join))


def _video(clips: Sequence[Clip], name: str, truths: dict[str, Mask]) -> Video:
    parts = [truths[clip.id] for clip in clips]
    truth = np.zeros((sum(map(len, parts)), sum(part.shape[1] for part in parts)), bool)
    second = step = 0
    for part in parts:
        truth[second : second + len(part), step : step + part.shape[1]] = part
        second, step = second + len(part), step + part.shape[1]
    texts = tuple(text for clip in clips for text in _texts(clip))
    owners = tuple(clip for clip in clips for _ in _texts(clip))
    return Video(name or clips[0].video or clips[0].id, clips[0].task, tuple(clips), texts, owners, truth)
