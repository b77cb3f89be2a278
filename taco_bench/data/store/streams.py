"""What a data set reads its features from: one memory-mapped store a stream."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from taco_bench.data.store.cuts import cut, row_times, rows_end
from taco_bench.data.store.tracks import Track
from taco_bench.errors import DataError

Rows = npt.NDArray[np.floating[Any]]


class Tracks(Protocol):
    """The features of one stream, by id."""

    cut: str

    @property
    def skipped(self) -> Mapping[str, str]:
        """Ids that were left out when the store was built, because they were malformed, and why."""

    def track(self, id: str) -> Track:
        """Of one video or clip; KeyError where there is none."""

    def __iter__(self) -> Iterator[str]:
        """The ids that there are."""

    def files(self) -> Sequence[Path]:
        """What is read."""

    def fingerprint(self) -> str:
        """A hash of all content."""


class FeatureStreams:
    """The features of a data set's videos, by stream; arrays are views of memory-mapped files that all processes share.

    Args:
        sources: by the name of the stream.

    Attributes:
        names: of the streams.
    """

    def __init__(self, sources: Mapping[str, Tracks]) -> None:
        self.names, self._sources = tuple(sources), dict(sources)

    def rows(
        self,
        stream: str,
        id: str,
        *,
        start: float | None = None,
        end: float | None = None,
        duration: float | None = None,
    ) -> Rows:
        """[rows, width] of a video, or of the segment [start, end] cut by the stream's rule; never empty.

        Args:
            stream: one of ``names``.
            id: of the video, or of the clip where the files hold clips.
            start: seconds; None: from the beginning.
            end: seconds; None: to the end.
            duration: seconds of the whole video; needed where the stream has no rate.

        Raises:
            KeyError: the stream has no such id.
            DataError: the segment cannot be cut; names the id.
        """
        track = self._sources[stream].track(id)
        first, last = self._cut(stream, id, track, start, end, duration)
        return track.values[first:last]

    def seconds(
        self,
        stream: str,
        id: str,
        *,
        start: float | None = None,
        end: float | None = None,
        duration: float | None = None,
    ) -> npt.NDArray[np.float64]:
        """[rows] the middle of each of the rows that :meth:`rows` gives, in seconds of the source video.

        Raises:
            KeyError: the stream has no such id.
            DataError: nothing says when the rows are; names the id.
        """
        track = self._sources[stream].track(id)
        first, last = self._cut(stream, id, track, start, end, duration)
        offset = 0.0
        if self._sources[stream].cut == "clip" and start is not None:
            offset, duration = start, None if end is None else end - start
        found = row_times(len(track.values), track.rate, track.times, duration)
        if found is None:
            hint = "give the rate to the reader, or a duration to the clip"
            raise DataError(f"nothing says when the rows of {id!r} are", where=f"stream {stream!r}", hint=hint)
        return offset + found[first:last]

    def end(self, stream: str, id: str, duration: float | None = None) -> float | None:
        """Where the rows of a video end, in seconds; None where the files hold clips or nothing says when the rows are.

        Raises:
            KeyError: the stream has no such id.
        """
        track = self._sources[stream].track(id)
        return rows_end(self._sources[stream].cut, len(track.values), track.rate, track.times, duration)

    def per_second(self, stream: str, id: str, duration: float | None = None) -> Rows:
        """[seconds, width] a whole video at one row a second: the row nearest in time to the middle of each.

        Args:
            stream: as for :meth:`rows`.
            id: as for :meth:`rows`.
            duration: seconds, rounded up to rows; None: where the last row ends.
        """
        track = self._sources[stream].track(id)
        if track.rate == 1 and track.times is None and duration is None:
            return track.values
        middles = self.seconds(stream, id, duration=duration)
        end = duration or (len(middles) / track.rate if track.rate else float(middles[-1]))
        wanted = np.arange(max(1, math.ceil(end - 1e-6))) + 0.5
        return track.values[nearest(middles, wanted)]

    def ids(self, stream: str) -> Iterator[str]:
        """The ids that a stream has."""
        return iter(self._sources[stream])

    def left_out(self, names: Collection[str]) -> list[str]:
        """A line for each stream whose store was built without some of these ids, because they were malformed."""
        found = []
        for stream, source in self._sources.items():
            skipped = {id: why for id, why in source.skipped.items() if id in names}
            if skipped:
                first, why = next(iter(skipped.items()))
                what = f"{len(skipped)} malformed items of the stream {stream} left out when its store was built"
                found.append(f"{what}, such as {first}: {why}")
        return found

    def files(self) -> list[Path]:
        """The files of all streams."""
        return [path for source in self._sources.values() for path in source.files()]

    def fingerprints(self) -> dict[str, str]:
        """A hash of each stream's content."""
        return {f"features {name}": source.fingerprint() for name, source in self._sources.items()}

    def _cut(
        self,
        stream: str,
        id: str,
        track: Track,
        start: float | None,
        end: float | None,
        duration: float | None,
    ) -> tuple[int, int]:
        rule = self._sources[stream].cut
        try:
            return cut(rule, len(track.values), track.rate, track.times, start, end, duration)
        except DataError as error:
            raise DataError(error.what, where=f"{id!r} in stream {stream!r}", hint=error.hint) from None


def nearest(times: npt.NDArray[np.floating[Any]], wanted: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int64]:
    """[wanted] the place in ``times`` (ascending) nearest to each wanted time; of two as near the earlier."""
    after = np.searchsorted(times, wanted).clip(1, max(1, len(times) - 1))
    if len(times) == 1:
        return np.zeros(len(wanted), np.int64)
    return np.asarray(after - (wanted - times[after - 1] <= times[after] - wanted), np.int64)
