"""Action segmentation, as COIN asks for it (P 5.2): the class of every frame, from the video module alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from taco_bench.api import Chance, DataError, Evaluation, Trained, UserError
from taco_bench_tasks.segmentation_labels import BACKGROUND, UNSEEN, Integers, exchanged, frame_classes, label_classes
from taco_bench_tasks.segmentation_pool import COLUMNS, contributions, figures, permuted_accuracies, too_few_classes
from taco_bench_tasks.windows import window_problems

if TYPE_CHECKING:
    from taco_bench.api import Clip, Experiment

Positive = Annotated[int, Field(gt=0)]
PositiveReal = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ActionSegmentation:
    """Trains a linear head on the video module's tokens to tell the steps of training clips, and names each frame of the test clips.

    The classes are the labels of steps that training shows, and the background. Where captions are shuffled in training, as in a control,
    the training clips exchange their labels too.

    Args:
        video_encoder: "fine-tuned": a copy of the video module is trained with the head; "frozen": the head alone.
        window: rows that go through the video module at once.
        stride: rows from one window to the next in testing; logits are averaged where windows overlap.
        train_stride: rows from one window to the next in training.
        epochs: over the training windows.
        steps: of the head's optimizer at most, which bounds its time (--steps is of the training before it); none: all of the epochs.
        learning_rate: of Adam.
        clip_norm: the gradient's norm is clipped to this.
        batch_size: windows a step.
    """

    def __init__(
        self,
        video_encoder: Literal["fine-tuned", "frozen"] = "fine-tuned",
        window: Positive = 32,
        stride: Positive = 16,
        train_stride: Positive = 8,
        epochs: Positive = 8,
        steps: Positive | None = None,
        learning_rate: PositiveReal = 5e-5,
        clip_norm: PositiveReal = 2.0,
        batch_size: Positive = 16,
    ) -> None:
        self.video_encoder, self.window, self.stride, self.train_stride = video_encoder, window, stride, train_stride
        self.steps = steps
        self.epochs, self.learning_rate, self.clip_norm, self.batch_size = epochs, learning_rate, clip_norm, batch_size

    columns = COLUMNS

    def problems(self, experiment: Experiment) -> list[UserError]:
        """Windows that do not fit."""
        return window_problems(experiment, self.window, {"stride": self.stride, "train_stride": self.train_stride})

    def evaluate(self, trained: Trained) -> Evaluation:
        """Accuracy of frames, edit score and F1, beside what one class everywhere gives."""
        from taco_bench_tasks.segmentation_head import Segmenter

        split = trained.experiment.evaluation.split
        train, test = trained.clips("train"), trained.clips(split)
        classes = label_classes(train)
        known, targets = ([self._targets(trained, clip, classes) for clip in clips] for clips in (train, test))
        if all((truth == BACKGROUND).all() for truth in targets):
            raise DataError(f"no clip of the {split} split shows a step", where="--task action-segmentation")
        segmenter = Segmenter(trained, self, len(classes) + 1)
        shuffled = trained.experiment.train.shuffle_captions
        segmenter.train(train, exchanged(known, trained.seed) if shuffled else known)
        predicted = [segmenter.predict(clip) for clip in test]
        found = Evaluation({"all frames": figures(predicted, targets)}, _controls(known, targets))
        found.pool = _pool(split, targets, len(classes) + 1)
        found.queries = {"clip": [c.id for c in test], "video": [c.video or c.id for c in test], **contributions(predicted, targets)}
        found.arrays = _arrays(predicted, targets, classes)
        found.no_chance = too_few_classes(targets)
        draws = {} if found.no_chance else permuted_accuracies(predicted, targets)
        row = found.rows["all frames"]
        found.chance = {
            column: Chance(row[column], values, "predictions permuted over the true classes") for column, values in draws.items()
        }
        return found

    @staticmethod
    def _targets(trained: Trained, clip: Clip, classes: dict[str, int]) -> Integers:
        return frame_classes(clip, len(trained.frames(clip)), classes)


def _controls(known: Sequence[Integers], targets: Sequence[Integers]) -> dict[str, dict[str, float]]:
    """One class everywhere: the background, and the most frequent one of training."""
    majority = int(np.bincount(np.concatenate(known)).argmax())
    return {
        name: figures([np.full_like(truth, number) for truth in targets], targets)
        for name, number in {"all background": BACKGROUND, "majority class": majority}.items()
    }


def _pool(split: str, targets: Sequence[Integers], classes: int) -> dict[str, object]:
    frames = np.concatenate(targets)
    counts: dict[str, object] = {"split": split, "videos": len(targets), "frames": len(frames)}
    counts["classes in training with the background"] = classes
    unseen = int((frames == UNSEEN).sum())
    share = {"% background": round(100 * float((frames == BACKGROUND).mean()), 1)}
    return counts | share | ({"frames of labels that training lacks": unseen} if unseen else {})


def _arrays(predicted: Sequence[Integers], targets: Sequence[Integers], classes: dict[str, int]) -> dict[str, np.ndarray]:
    """What was predicted for each frame, one video after the other."""
    return {
        "predicted": np.concatenate(predicted).astype(np.int16),
        "target": np.concatenate(targets).astype(np.int16),
        "frames": np.array([len(truth) for truth in targets], np.int32),
        "classes": np.array(["background", *classes]),
    }
