"""CrossTask: instructional videos of 18 tasks, each with an ordered list of steps; the data set of step localization (P 5.2, Tab. 9)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from taco_bench.api import Clip, DataError, sha256_of
from taco_bench_datasets import crosstask_release as release
from taco_bench_datasets.crosstask_release import Video
from taco_bench_datasets.crosstask_splits import Protocol, split_of
from taco_bench_datasets.planted_steps import Signal
from taco_bench_datasets.step_features import StepFeatures, SteppedVideos
from taco_bench_datasets.step_segments import Segment, to_steps

PRESET: dict[str, Any] = {
    "encoder": "s3d-hm",
    "task.type": "step-localization",
    "model.video_layers": 4,
    "train.fusion_memory": 20.0,
}
"""The video module of the pre-trained model (P 4.2), which is evaluated without training (P 5.2)."""


def preset_of(protocol: str = "official", **_: object) -> dict[str, Any]:
    """The recipe by the protocol: 20 runs of which each leaves out 30 videos a task, or one run over the whole test split."""
    runs, left_out = (20, 30) if protocol == "official" else (1, 0)
    return {**PRESET, "task.runs": runs, "task.left_out": left_out}


STRETCH = 212 / 171.73
"""Length of a stand-in video over the end of its last step. The release does not say how long its videos are: all 2,750 last 212 hours
(Zhukov et al., 5), and their last steps end after 171.73 hours in sum."""


class CrossTask(SteppedVideos):
    """One clip a video of the 18 primary tasks, with its annotated steps in whole seconds and its task's ordered step texts.

    Captions are the task's title alone: the models that are evaluated here are not trained on CrossTask, and a caption made of the steps
    would train on what localization asks for.

    Args:
        root: the folder crosstask_release, or one up to two levels above it; empty: TACO_BENCH_DATA.
        features: feature streams, one row a second, such as "s3d-hm=FOLDER"; the folder of the release's own .npy has three.
        protocol: official: the 360 videos of videos_val.csv are the val split, all others the test split, of which the task's runs leave 30
            a task out; mmpt: one draw of 30 training videos a task, the others tested; pdpp: PDPP's 70/30 lists.
        planted_signal: adds the stream "planted", made from the annotations: a stand-in for features, no evidence; 0: noise alone.
    """

    def __init__(self, root: str = "", features: str = "", protocol: Protocol = "official", planted_signal: Signal = None) -> None:
        self.root, self.protocol = root, protocol
        super().__init__(StepFeatures("crosstask", features, planted_signal, self._videos))

    def clips(self) -> list[Clip]:
        """The videos of the protocol in the order of videos.csv."""
        return list(self._clips)

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """[seconds, width] of the whole video, one row a second."""
        return self._features.read(stream, clip, self._length(clip))

    def files(self) -> list[Path]:
        """The annotations and the features."""
        return [*self._lists.values(), *self._annotations.values(), *self._features.files()]

    def fingerprints(self) -> Mapping[str, str]:
        """Their hashes; one for all of annotations/."""
        annotations = sha256_of(*(part for name, path in self._annotations.items() for part in (name, path)))
        lists = {name: sha256_of(path) for name, path in self._lists.items()}
        return {**lists, "annotations": annotations, **self._features.fingerprints()}

    def _videos(self) -> set[str]:
        return {name.partition("_")[2] for name in self._annotations}

    @cached_property
    def _folder(self) -> Path:
        return release.find_release(self.root)

    @cached_property
    def _lists(self) -> dict[str, Path]:
        return {name: self._folder / name for name in (release.TASKS, "videos.csv", "videos_val.csv")}

    @cached_property
    def _annotations(self) -> Mapping[str, Path]:
        return release.annotation_files(self._folder)

    @cached_property
    def _clips(self) -> list[Clip]:
        self.left_out.clear()
        tasks = release.read_tasks(self._lists[release.TASKS])
        split = self._split(set(tasks))
        found = []
        for video, name in split.items():
            task = tasks[video.task]
            clip = self._clip(video, name, task.title, task.steps, release.read_annotation(self._annotations[video.key], task))
            if clip.steps:
                found.append(clip)
            else:
                self.left_out.note("videos without an annotated segment", video.key)
        if not found:
            raise DataError("no video of a primary task has an annotation", where=str(self._folder), hint=release.RELEASE)
        return found

    def _split(self, primary: set[str]) -> dict[Video, str]:
        """The videos of the protocol that have an annotation; the others are counted."""
        listed = release.read_videos(self._lists["videos.csv"])
        of_primary = [video for video in listed if video.task in primary]
        annotated = [video for video in of_primary if video.key in self._annotations]
        # MMPT draws from what has features; elsewhere the core says, or skips and counts, what has none
        present = [video for video in annotated if self.protocol != "mmpt" or self._features.has(video.id)]
        split = split_of(self.protocol, present, release.read_videos(self._lists["videos_val.csv"]), self._folder)
        self.left_out += Counter(
            {
                "videos of related tasks, which are not annotated": len(listed) - len(of_primary),
                "videos without an annotation file": len(of_primary) - len(annotated),
                "videos without features, before the draw": len(annotated) - len(present),
                f"videos that are not in the lists of {self.protocol}": len(present) - len(split),
                "annotation files of no video in videos.csv": len(set(self._annotations) - {video.key for video in listed}),
            }
        )
        return split

    def _clip(self, video: Video, split: str, title: str, procedure: tuple[str, ...], segments: list[Segment]) -> Clip:
        steps = to_steps(segments, self._features.length(video.id), self.left_out, video.key)
        return Clip(video.key, split, (title,), video.id, steps, video.task, procedure)

    def _length(self, clip: Clip) -> int:
        """Seconds of a stand-in: as long as the features, else longer than its steps; no step of the procedure lacks a second."""
        known = self._features.length(clip.video)
        return known or max(math.ceil(STRETCH * max(step.end for step in clip.steps)), len(clip.procedure))
