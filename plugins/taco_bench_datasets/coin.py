"""COIN: instructional videos of 180 tasks with 778 steps; the data set of action segmentation (P 5.2, Tab. 9)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from taco_bench.api import Clip, DataError, numpy_stream, sha256_of
from taco_bench_datasets.coin_files import AGAIN, Record, find_annotations, read_records
from taco_bench_datasets.planted_steps import Signal
from taco_bench_datasets.step_features import StepFeatures, SteppedVideos
from taco_bench_datasets.step_segments import to_steps

PRESET = {"encoder": "s3d-hm", "task.type": "action-segmentation", "model.video_layers": 4, "train.fusion_memory": 20.0}
"""The video module of the pre-trained model (P 4.2)."""

Share = Annotated[float, Field(ge=0, lt=1)]


class Coin(SteppedVideos):
    """One clip a video, with its annotated steps in whole seconds; the class of a step is its id, 1 to 778, the rest is background.

    Captions are the video's class spoken as text ("ReplaceCDDriveWithSSD": "replace CD drive with SSD") and nothing of its steps:
    segmentation reads no text, and a training for retrieval on COIN must not see the labels.

    Args:
        root: COIN.json, or the folder that holds it, or PDPP's coin_train_70.json and coin_test_30.json; empty: TACO_BENCH_DATA.
        features: feature streams, one row a second, such as "s3d-hm=FOLDER".
        val_share: share of the training videos that become the val split, which COIN has not; drawn once, the same for every training.
        planted_signal: adds the stream "planted", made from the annotations: a stand-in for features, no evidence; 0: noise alone.
    """

    def __init__(self, root: str = "", features: str = "", val_share: Share = 0.0, planted_signal: Signal = None) -> None:
        self.root, self.val_share = root, val_share
        super().__init__(StepFeatures("coin", features, planted_signal, lambda: self._records))

    def clips(self) -> list[Clip]:
        """All videos in the order of the files."""
        return list(self._clips)

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """[seconds, width] of the whole video, one row a second."""
        return self._features.read(stream, clip, self._seconds[clip.id])

    def files(self) -> list[Path]:
        """The annotations and the features."""
        return [*self._files, *self._features.files()]

    def fingerprints(self) -> Mapping[str, str]:
        """Their hashes."""
        return {**{path.name: sha256_of(path) for path in self._files}, **self._features.fingerprints()}

    @cached_property
    def _files(self) -> list[Path]:
        return find_annotations(self.root)

    @cached_property
    def _records(self) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for path in self._files:
            for record in read_records(path):
                if record.id in found:
                    raise DataError("the video occurs twice", where=f"{path}, video {record.id!r}", hint=AGAIN)
                found[record.id] = record
        return found

    @cached_property
    def _seconds(self) -> dict[str, int]:
        """Of each video: by its features, else by its duration, a begun second counting whole."""
        return {video: self._features.length(video) or math.ceil(record.duration) for video, record in self._records.items()}

    @cached_property
    def _clips(self) -> list[Clip]:
        self.left_out.clear()
        return list(self._made(self._validation()))

    def _made(self, validation: set[str]) -> Iterator[Clip]:
        for video, record in self._records.items():
            steps = to_steps(record.segments, self._seconds[video], self.left_out, video)
            if not steps:  # all background: kept, as in MMPT
                self.left_out.note("videos without a segment, kept as background", video)
            split = "val" if video in validation else record.split
            yield Clip(video, split, (spoken(record.task),), video, steps, record.task)

    def _validation(self) -> set[str]:
        training = [video for video, record in self._records.items() if record.split == "train"]
        order = numpy_stream(0, "coin/val").permutation(len(training))
        return {training[at] for at in order[: round(self.val_share * len(training))].tolist()}


def spoken(name: str) -> str:
    """A class name as a person would write it: "ReplaceCDDriveWithSSD" is "replace CD drive with SSD"."""
    words: list[str] = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    return " ".join(word if len(word) > 1 and word.isupper() else word.lower() for word in words) or name
