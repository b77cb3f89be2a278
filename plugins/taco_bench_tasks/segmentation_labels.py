"""Frames and their classes: the labels of steps that training shows, and the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from taco_bench.api import Clip, DataError, numpy_stream

Integers: TypeAlias = npt.NDArray[np.int64]

BACKGROUND = 0
UNSEEN = -1
"""The class of a label that training does not show: no frame of it can be right."""


def label_classes(clips: Sequence[Clip]) -> dict[str, int]:
    """The class of each label of the training clips, from 1 on, in the order of the alphabet.

    Raises:
        DataError: they show no step.
    """
    labels = sorted({step.label or step.text for clip in clips for step in clip.steps})
    if not labels:
        raise DataError(
            "no training clip shows a step", where="--task action-segmentation", hint="a data set whose training clips have steps"
        )
    return {label: number for number, label in enumerate(labels, 1)}


def frame_classes(clip: Clip, frames: int, classes: dict[str, int]) -> Integers:
    """[frames], the class of each frame of a clip; where steps overlap that of the later one."""
    found = np.full(frames, BACKGROUND, np.int64)
    for step in clip.steps:
        found[step.start : step.end] = classes.get(step.label or step.text, UNSEEN)
    return found


def stretched(frames: npt.NDArray[np.int64], length: int) -> Integers:
    """[length], classes read at evenly spaced times."""
    return np.asarray(frames[((np.arange(length) + 0.5) * len(frames) / length).astype(np.int64)])


def exchanged(targets: Sequence[Integers], seed: int) -> list[Integers]:
    """Each clip with the classes of another one, drawn without replacement and stretched to its length: the control's training."""
    order = numpy_stream(seed, "action-segmentation/exchanged-labels").permutation(len(targets))
    return [stretched(targets[other], len(own)) for own, other in zip(targets, order, strict=True)]
