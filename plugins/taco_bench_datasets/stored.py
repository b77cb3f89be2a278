"""What the data sets of a user's files have in common: annotations found in a folder, features read as they are needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from taco_bench.api import Clip, DataError, DataFolder, FeatureStreams, open_streams, sha256_of
from taco_bench_datasets.covered import unclaimed, uncovered, video_names


@dataclass(frozen=True)
class Annotations:
    """What annotation files say.

    Attributes:
        clips: of all splits.
        durations: seconds of whole videos, where known.
        remarks: what was recognised, left out or counted, a line each.
    """

    clips: Sequence[Clip]
    durations: Mapping[str, float] = field(default_factory=dict)
    remarks: Sequence[str] = ()


class StoredDataset(ABC):
    """A data set of files; a subclass names its manifest, the files that it reads, and how.

    Args:
        root: folder of the annotations, or one above it; empty: TACO_BENCH_DATA.
        features: "stream=PATH[:READER],..." or a folder with a sub-folder a stream.
    """

    stored = True
    manifest: ClassVar[str]

    def __init__(self, root: str, features: str) -> None:
        self.folder, self.features = DataFolder(self.manifest, root), features

    @abstractmethod
    def annotation_files(self) -> list[Path]:
        """The files that :meth:`annotations` reads, neither opened nor read here.

        Raises:
            DataError: one is missing.
        """

    @abstractmethod
    def read_annotations(self) -> Annotations:
        """Read them.

        Raises:
            DataError: what is wrong, in which file, at which id.
        """

    @cached_property
    def annotations(self) -> Annotations:
        """What they say, read once."""
        return self.read_annotations()

    def clips(self) -> Sequence[Clip]:
        """All clips of all splits."""
        return self.annotations.clips

    def remarks(self) -> list[str]:
        """What was recognised or left out, features that no clip asks for, clips that reach past theirs, and what a store lacks."""
        found = list(self.annotations.remarks)
        for stream in self.streams if self.named else ():
            found += uncovered(self._open, stream, self.annotations.clips, self.annotations.durations)
        return found + ([*unclaimed(self._open, self._names), *self._open.left_out(self._names)] if self.named else [])

    @property
    def named(self) -> str:
        """The features that are named, or those that lie beside the annotations where none are; empty: none."""
        return self.features

    @property
    def streams(self) -> tuple[str, ...]:
        """Those that the features have."""
        return self._open.names

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """The rows [time, width] of a clip, a view of the files, cut by the rule of their form."""
        for name in names_of(clip):
            try:
                if name in ready_cut(clip):
                    return self._open.rows(stream, name)
                return self._open.rows(stream, name, start=clip.start, end=clip.end, duration=self.annotations.durations.get(clip.video))
            except KeyError:
                continue
        raise KeyError(clip.id)

    def seconds(self, stream: str, clip: Clip) -> np.ndarray:
        """The middle [time] of each of these rows, in seconds of the source video."""
        start = clip.start or 0.0
        for name in names_of(clip):
            try:
                if name in ready_cut(clip):
                    length = None if clip.end is None else clip.end - start
                    return start + self._open.seconds(stream, name, duration=length)
                duration = self.annotations.durations.get(clip.video)
                return self._open.seconds(stream, name, start=clip.start, end=clip.end, duration=duration)
            except KeyError:
                continue
        raise KeyError(clip.id)

    def files(self) -> list[Path]:
        """Annotations and features."""
        return [*self.annotation_files(), *(self._open.files() if self.named else ())]

    def fingerprints(self) -> dict[str, str]:
        """Their hashes."""
        return {path.name: sha256_of(path) for path in self.annotation_files()} | (self._open.fingerprints() if self.named else {})

    @cached_property
    def _open(self) -> FeatureStreams:
        if not self.named:
            hint = f"--set data.features=FOLDER or s3d-hm=PATH,r152=PATH; `taco-bench data status {self.manifest}` says where to ask"
            raise DataError(f"no features of {self.manifest} are named", where="data.features", hint=hint)
        return open_streams(self.named, self._names)

    @cached_property
    def _names(self) -> set[str]:
        """Every name that files may have for a clip's features."""
        return {name for clip in self.annotations.clips for name in names_of(clip)}


def ready_cut(clip: Clip) -> tuple[str, ...]:
    """The names under which files hold the clip itself, where it is a part of its video."""
    return (clip.id,) if clip.id != clip.video else ()


def names_of(clip: Clip) -> Iterator[str]:
    """The names that files may have for a clip's features: the video's, with the prefix v_ or without, and the clip's."""
    yield from video_names(clip)
    yield from ready_cut(clip)
