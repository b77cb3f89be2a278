"""Data sets, encoders and extractors: where clips and their video tokens come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import torch


@dataclass(frozen=True)
class Step:
    """One step of a procedure: its text, and the frames [start, end) in which it happens.

    Attributes:
        text: as it is described.
        start, end: in rows of the clip's features: seconds where a data set has one row a second.
        label: its class in segmentation; empty: the text itself.
    """

    text: str
    start: int
    end: int
    label: str = ""


@dataclass(frozen=True)
class Clip:
    """One video or segment of a video, with the captions that describe it.

    Attributes:
        id: unique in the data set.
        split: "train", "val" or "test".
        captions: one or more, each with at least one character that is no blank.
        video: the source video that it was cut from; clips of one video belong to one split.
        steps: where known, in order of time.
        task: the procedure that it shows, such as "23521" in CrossTask; recalls are pooled by it. Empty: one task for all.
        procedure: the step texts that localization places in order; empty: the texts of ``steps``.
        start, end: seconds in the source video; None: all of it.
        web: YouTube's id of the video that it was cut from, where the data set has names of its own for its videos, as MSR-VTT: with it
            the videos of other data sets are compared, and nothing else.
    """

    id: str
    split: str
    captions: tuple[str, ...]
    video: str = ""
    steps: tuple[Step, ...] = ()
    task: str = ""
    procedure: tuple[str, ...] = ()
    start: float | None = None
    end: float | None = None
    web: str = ""


class Dataset(Protocol):
    """Clips with captions, splits and feature streams.

    Three more members are optional. ``stored = True`` says that :meth:`read` is a cheap view of files that all processes share, as
    :class:`FeatureStreams` gives it: features are then read as they are needed and not copied into the cache, and encoders are called
    with some of a clip's rows; in a training on a GPU they are read in a thread that does nothing else, and in no other meanwhile.
    ``seconds(stream, clip)``, the middle [time] of each row that :meth:`read` gives, in seconds, lets streams of different rate be
    aligned by time; without it rows are taken to be spread evenly over the clip.
    ``remarks()`` says in a line each what a reader of its tables must know: the form that was recognised, what was left out and how many.
    """

    streams: Sequence[str]
    """The streams that encoders can read, such as "frames" or "s3d-hm"."""

    def clips(self) -> Sequence[Clip]:
        """All clips of all splits, always in the same order.

        Raises:
            DataError: a file is missing or malformed; names the file and the line or id.
        """

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """The raw array of one clip in one stream, time first.

        Raises:
            KeyError: the stream has no entry for this clip.
        """

    def files(self) -> Sequence[Path]:
        """The files that clips and streams are read from; neither opened nor read here. Empty for what is made at run time."""

    def fingerprints(self) -> Mapping[str, str]:
        """A hash of each file that the clips and the streams come from, by a name without the path."""


class Encoder(Protocol):
    """Turns a data set's stream into video tokens."""

    stream: str
    """The stream that it reads."""
    width: int
    """The width of its tokens."""

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """The tokens [time, width] of one clip's raw array."""


@dataclass(frozen=True)
class Sampling:
    """What an extractor sees of a video.

    Attributes:
        fps: frames a second, evenly in time whatever the video's own rate, which may vary.
        size: pixels of the shorter side; the other one keeps the picture's form.
        crop: whether the middle square of it is cut out.
        group: frames that make one row; the last group is filled up with black ones.
    """

    fps: int
    size: int
    crop: bool
    group: int

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.fps / self.group


class Extractor(Protocol):
    """Turns video files into the features of one stream. Made without touching a file; :meth:`files` is where it may complain first."""

    stream: str
    """The stream that it makes, by which encoders and data sets know its features."""
    width: int
    """Numbers a row."""
    sampling: Sampling
    cut: str
    """The rule by which its code base cuts a segment out of a video's rows; names are in :mod:`taco_bench.data.store.cuts`."""
    batch: int
    """Rows that go through the network at once; fixed, so that the features do not depend on the machine's size."""

    def files(self) -> Sequence[Path]:
        """The weights; fetched here where they come from elsewhere.

        Raises:
            UserError: they are not there; says where to get them.
        """

    def fingerprint(self) -> str:
        """A hash of the weights."""

    def network(self) -> torch.nn.Module:
        """The network with its weights, in evaluation mode: from uint8 [rows, group, 3, height, width], RGB, to float [rows, width].

        Raises:
            DataError: the weights are malformed or another network's.
        """
