"""The feature streams of data sets whose steps are annotated in seconds: files of the user's, a planted stand-in, or both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from taco_bench.api import Clip, DataError, FeatureStreams, UserError, open_streams
from taco_bench_datasets.covered import unclaimed
from taco_bench_datasets.planted_steps import STREAM, planted_frames
from taco_bench_datasets.step_segments import LeftOut


class StepFeatures:
    """Streams with one row a second.

    Args:
        data: the data set's name.
        features: as :func:`taco_bench.api.open_streams` takes it; empty: none.
        signal: of the stand-in stream "planted"; None: there is none.
        videos: gives the ids that are needed, where a store is built from files.
    """

    def __init__(self, data: str, features: str, signal: float | None, videos: Callable[[], Collection[str]]) -> None:
        self.data, self.features, self.signal, self.videos = data, features, signal, videos
        self._lengths: dict[str, int | None] = {}

    def names(self) -> tuple[str, ...]:
        """The streams.

        Raises:
            DataError: there is none: neither features nor a stand-in were asked for.
        """
        names = self._opened.names if self._opened else ()
        if self.signal is not None:
            if STREAM in names:
                raise UserError(f"a stream of the features is named {STREAM!r} too", where="data.features", hint="give it another name")
            names = (*names, STREAM)
        if not names:
            hint = "--set data.features=STREAM=PATH, such as s3d-hm=FOLDER; or --set data.planted_signal=4, a stand-in that is no evidence"
            raise DataError(f"the features of {self.data} are not shipped and none are named", where="data.features", hint=hint)
        return names

    def length(self, video: str) -> int | None:
        """Seconds of the video by its shortest stream; None without features, or where they lack it.

        An encoder reads the streams at the times of its first one, so no step may reach past any of them.
        """
        if video not in self._lengths:
            self._lengths[video] = self._measured(video)
        return self._lengths[video]

    def has(self, video: str) -> bool:
        """Whether every stream has the video; true without features."""
        return self._opened is None or self.length(video) is not None

    def read(self, stream: str, clip: Clip, length: int) -> np.ndarray:
        """[seconds, width] of a whole video.

        Args:
            stream: one of :meth:`names`.
            clip: its video and its steps.
            length: of the stand-in, in seconds.

        Raises:
            KeyError: no such stream, or the stream lacks the video.
        """
        if stream == STREAM and self.signal is not None:
            return planted_frames(clip.id, clip.steps, length, self.signal)
        if self._opened is None:
            raise KeyError(stream)
        return self._opened.per_second(stream, clip.video)

    @property
    def stored(self) -> bool:
        """Whether reading is a view of files, which the core need not copy."""
        return bool(self.features) and self.signal is None

    def remarks(self, left_out: LeftOut, videos: Collection[str]) -> list[str]:
        """A line for each reason for which something was left out or cut, one for a stand-in, and where features and clips do not meet.

        Args:
            left_out: by the data set.
            videos: of its clips.
        """
        found = left_out.lines()
        if self.signal is not None:
            found.append(f"the stream {STREAM} is a stand-in made from the annotations (signal {self.signal:g}), no evidence")
        return found + ([*unclaimed(self._opened, videos), *self._opened.left_out(set(self.videos()))] if self._opened else [])

    def files(self) -> list[Path]:
        """Those of the features."""
        return list(self._opened.files()) if self._opened else []

    def fingerprints(self) -> Mapping[str, str]:
        """Theirs."""
        return self._opened.fingerprints() if self._opened else {}

    def _measured(self, video: str) -> int | None:
        if self._opened is None:
            return None
        try:
            return min(len(self._opened.per_second(name, video)) for name in self._opened.names)
        except KeyError:
            return None

    @cached_property
    def _opened(self) -> FeatureStreams | None:
        if not self.features:
            return None
        return open_streams(self.features, set(self.videos()))


class SteppedVideos(ABC):
    """What the data sets share whose clips are whole videos with steps in seconds.

    Args:
        features: their streams.
    """

    def __init__(self, features: StepFeatures) -> None:
        self._features = features
        self.left_out = LeftOut()
        """What :meth:`clips` left out or cut, by reason."""

    @property
    def streams(self) -> tuple[str, ...]:
        """Those of the features, and "planted" where it is asked for."""
        return self._features.names()

    @property
    def stored(self) -> bool:
        """Whether reading is a view of stored features."""
        return self._features.stored

    @abstractmethod
    def clips(self) -> list[Clip]:
        """The videos."""

    def remarks(self) -> list[str]:
        """What was left out or cut, and where features and clips do not meet, a line each."""
        videos = {clip.video for clip in self.clips()}
        return self._features.remarks(self.left_out, videos)

    @abstractmethod
    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """[seconds, width] of the whole video, one row a second."""

    def seconds(self, stream: str, clip: Clip) -> np.ndarray:
        """[seconds] the middle of each row: streams are joined by time, not stretched to one length."""
        return np.arange(len(self.read(stream, clip))) + 0.5
