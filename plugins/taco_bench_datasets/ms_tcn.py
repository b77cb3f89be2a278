"""Breakfast, 50Salads and GTEA in the form of MS-TCN (Abu Farha and Gall, CVPR 2019): the class of every frame; action segmentation."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from taco_bench.api import Clip, sha256_of
from taco_bench_datasets import ms_tcn_files as files
from taco_bench_datasets.segments import SHOWN
from taco_bench_datasets.stored import Annotations, StoredDataset

STREAM = "i3d"
RATE = 15
"""Rows a second, once rows are left out."""
PRESET = {
    "encoder": STREAM,
    "task.type": "action-segmentation",
    "task.window": 512,
    "task.stride": 256,
    "task.train_stride": 256,
    "model.max_video_tokens": 512,
    "model.positions": 542,
    "losses.use": ("l1",),
    "train.steps": 0,
    "train.batch_size": 16,
}
"""Rows come 15 times as often as COIN's, so windows are 16 times as long: 34 s. Our choice: MS-TCN has no windows. Segmentation reads the
video module alone, and captions tell nothing: no fusion, whose pairs of 542 tokens would take 120 GiB a step, and no steps of retrieval,
so that the task trains a video module that is new, or the start's. Whoever asks for steps gets batches that fit a GPU."""

Count = Annotated[int, Field(ge=1)]


class MsTcn(StoredDataset):
    """One clip a video of one of the data sets, with the runs of its frame labels as steps; one row of features is one frame.

    The shorter of features and labels counts, as in MS-TCN. The splits are a cross-validation (Breakfast and GTEA 4, 50Salads 5): run each
    and average. Captions are the name of the folder and tell nothing: segmentation reads no text, and a training for retrieval on these
    data would learn nothing, so there is none: the task trains the video module, a new one or that of another training (``--init``).

    Args:
        root: folder with mapping.txt, groundTruth/, splits/ and features/, or one above breakfast/, 50salads/ or gtea/ if one of them is
            there; empty: TACO_BENCH_DATA.
        features: "i3d=PATH:ms-tcn" or other streams with a row a frame; empty: features/ beside the labels, which has [2048, frames].
        split: of the cross-validation: splits/train.splitN.bundle and test.splitN.bundle; there is no val split.
        every: only every n-th frame is read: 2 for 50Salads, which has 30 a second, as MS-TCN does.
        background: the labels that are background, with commas between; MS-TCN's own is "background" alone, and counts "SIL" of Breakfast
            and "action_start" and "action_end" of 50Salads as actions.
    """

    manifest = "ms-tcn"

    def __init__(self, root: str = "", features: str = "", split: Count = 1, every: Count = 1, background: str = "background") -> None:
        super().__init__(root, features)
        self.root, self.split, self.every = root, split, every
        self.background = frozenset(name.strip() for name in background.split(","))

    @property
    def named(self) -> str:
        """The option, else the release's folder where it is there."""
        beside = self._place / files.FEATURES
        return self.features or (f"{STREAM}={beside}:ms-tcn:{RATE * self.every}" if beside.is_dir() else "")

    def annotation_files(self) -> list[Path]:
        """The classes, the two lists, and the labels of their videos."""
        return [self._place / files.MAPPING, *files.bundle_files(self._place, self.split), *self._labels.values()]

    def read_annotations(self) -> Annotations:
        """The clips of the split, their steps in rows."""
        classes = files.read_mapping(self._place / files.MAPPING)
        name = self._place.name.replace("_", " ")
        clips = [Clip(video, split, (name,), video, files.steps_of(self._read[video], self.background)) for video, split in self._videos]
        told = f"{name}, split {self.split}, every frame" if self.every == 1 else f"{name}, split {self.split}, one frame in {self.every}"
        return Annotations(
            clips, remarks=[f"{told}; {len(classes)} classes in {files.MAPPING}, background is {' or '.join(sorted(self.background))}"]
        )

    def clips(self) -> list[Clip]:
        """All videos of the split, their steps cut where the features end."""
        return list(self._clips)

    def remarks(self) -> list[str]:
        """What was recognised, and videos whose features and labels differ in number."""
        other = [
            f"{video} ({rows} rows, {self._labelled[video]} labels)" for video, rows in self._rows.items() if rows != self._labelled[video]
        ]
        what = f"{len(other)} videos have more or fewer rows of features than labels, the shorter counts: {'; '.join(other[:SHOWN])}"
        return [*super().remarks(), *([what] if other else [])]

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """[frames, width] of a video, no more frames than have labels."""
        return super().read(stream, clip)[:: self.every][: self._labelled[clip.id]]

    def seconds(self, stream: str, clip: Clip) -> np.ndarray:
        """[frames] the middle of each of these rows."""
        return super().seconds(stream, clip)[:: self.every][: self._labelled[clip.id]]

    def fingerprints(self) -> dict[str, str]:
        """Of the lists and the features; one for all labels."""
        labels = sha256_of(*(part for video, path in self._labels.items() for part in (video, path)))
        lists = {path.name: sha256_of(path) for path in self.annotation_files()[:3]}
        return {**lists, files.LABELS: labels, **(self._open.fingerprints() if self.named else {})}

    @cached_property
    def _place(self) -> Path:
        return files.find_folder(self.root)

    @cached_property
    def _videos(self) -> list[tuple[str, str]]:
        paths = files.bundle_files(self._place, self.split)
        return [(video, part) for part, path in zip(files.PARTS, paths, strict=True) for video in files.read_bundle(path)]

    @cached_property
    def _labels(self) -> dict[str, Path]:
        return files.label_files(self._place, [video for video, _ in self._videos])

    @cached_property
    def _read(self) -> dict[str, list[str]]:
        """By video the class of each frame."""
        classes = files.read_mapping(self._place / files.MAPPING)
        return {video: files.read_labels(path, classes)[:: self.every] for video, path in self._labels.items()}

    @cached_property
    def _labelled(self) -> dict[str, int]:
        """By video how many frames have labels."""
        return {video: len(labels) for video, labels in self._read.items()}

    @cached_property
    def _rows(self) -> dict[str, int]:
        """By video the rows of its shortest stream; none without features, or where one lacks the video."""
        return {clip.id: rows for clip in self.annotations.clips if self.named and (rows := self._shortest(clip))}

    @cached_property
    def _clips(self) -> list[Clip]:
        return [self._cut(clip, self._rows.get(clip.id, self._labelled[clip.id])) for clip in self.annotations.clips]

    def _shortest(self, clip: Clip) -> int:
        try:
            return min(len(super(MsTcn, self).read(stream, clip)[:: self.every]) for stream in self.streams)
        except KeyError:
            return 0

    @staticmethod
    def _cut(clip: Clip, rows: int) -> Clip:
        return replace(clip, steps=tuple(replace(step, end=min(step.end, rows)) for step in clip.steps if step.start < rows))
