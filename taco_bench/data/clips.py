"""Checks on what a data set gives: nothing below the data set has to look at it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from taco_bench.api import Clip
from taco_bench.errors import DataError

SPLITS = ("train", "val", "test")


def check_clips(clips: Sequence[Clip], data: str) -> None:
    """Check ids, captions and splits; whether splits share anything is another question (:mod:`taco_bench.leakage`).

    Raises:
        DataError: an id twice in a split, a caption or step without text, a step that does not last, or an unknown split; names the clip.
    """
    counts = Counter((clip.split, clip.id) for clip in clips)
    for clip in clips:
        if (count := counts[clip.split, clip.id]) > 1:
            raise DataError(f"the id {clip.id!r} occurs {count} times", where=data, hint="give each clip an id of its own")
        if clip.split not in SPLITS:
            raise DataError(f"clip {clip.id!r} has the split {clip.split!r}", where=data, hint="splits are train, val and test")
        if not clip.captions or not all(caption.strip() for caption in clip.captions):
            raise DataError(f"clip {clip.id!r} has an empty caption", where=data, hint="give it a caption or leave the clip out")
        _check_steps(clip, data)


def _check_steps(clip: Clip, data: str) -> None:
    for step in clip.steps:
        if not step.text.strip() or not 0 <= step.start < step.end:
            what = f"clip {clip.id!r} has the step {step.text!r} in rows [{step.start}, {step.end})"
            raise DataError(what, where=data, hint="a step has a text, and ends after it starts: mend it or leave it out")
    if not all(text.strip() for text in clip.procedure):
        raise DataError(f"clip {clip.id!r} has a procedure with an empty step", where=data, hint="give each step a text")


def check_split(clips: Sequence[Clip], data: str, split: str) -> None:
    """Check that a split that is evaluated has clips.

    Raises:
        DataError: it has none.
    """
    if not any(clip.split == split for clip in clips):
        raise DataError(f"the {split} split has 0 clips", where=data, hint="--set evaluation.split=val or test, whichever has clips")


def check_size(clips: Sequence[Clip], data: str, batch_size: int, negatives: int | None) -> None:
    """Check that the training split is large enough for the batches.

    Raises:
        DataError: it is empty, or smaller than K, or than K' + 1.
    """
    size = sum(clip.split == "train" for clip in clips)
    if not size:
        hint = "start from another training: --init TRAINING --steps 0; or --set an option of the data set that gives it other splits"
        raise DataError("the data set, as it is set, has no training clips", where=data, hint=hint)
    if size < batch_size:
        smaller = max(2, size)
        hint = f"--set train.batch_size={smaller}"
        if negatives is not None and smaller <= negatives < batch_size - 1:  # the new batch must hold K' negatives too
            hint += f" --set sampler.hard_negatives={smaller - 1}"
        raise DataError(f"the training split has {size} clips, but a batch has {batch_size} (K)", where=data, hint=hint)
    if negatives is not None and size < negatives + 1:
        raise DataError(
            f"the training split has {size} clips, but {negatives} negatives an anchor (K') need at least {negatives + 1}",
            where=data,
            hint="--set sampler.hard_negatives=N with a smaller N, or a larger data set",
        )
