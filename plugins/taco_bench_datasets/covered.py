"""Where features and clips do not meet: features of no clip, clips that reach past the end of theirs; how many, and which is the first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from taco_bench.api import Clip, FeatureStreams

PREFIX = "v_"
"""Of ActivityNet's ids, which file names may have or lack."""
ROUNDING = 1.0
"""Seconds by which features and annotations may differ without a word: rows of a second, times in whole seconds."""


def unclaimed(streams: FeatureStreams, names: Collection[str]) -> list[str]:
    """A line for each stream that has features of no clip.

    Args:
        streams: to look into.
        names: every name that files may have for the features of a clip.
    """
    found = []
    for stream in streams.names:
        unused = [name for name in streams.ids(stream) if name not in names]
        found += [f"{len(unused)} items of the stream {stream} belong to no clip, the first is {unused[0]}"] if unused else []
    return found


def uncovered(streams: FeatureStreams, stream: str, clips: Iterable[Clip], durations: Mapping[str, float]) -> list[str]:
    """A line for the clips that begin after the end of their features, and one for those that end after it.

    Args:
        streams: to look into.
        stream: one of theirs.
        clips: those whose start and end are known are looked at.
        durations: seconds of whole videos, where known.
    """
    outside: list[str] = []
    cut: list[str] = []
    for clip, start, end, there in _ends(streams, stream, clips, durations):
        if start >= there:
            outside.append(f"{clip.id} [{start:g}, {end:g}], features end at {there:g} s")
        elif end > there + ROUNDING:
            cut.append(f"{clip.id} [{start:g}, {end:g}], features end at {there:g} s")
    told = [
        (outside, "begin after the end of their features and get the last row alone"),
        (cut, "end after their features and are cut there"),
    ]
    return [f"{len(found)} clips of the stream {stream} {what}, the first is {found[0]}" for found, what in told if found]


def _ends(
    streams: FeatureStreams, stream: str, clips: Iterable[Clip], durations: Mapping[str, float]
) -> Iterator[tuple[Clip, float, float, float]]:
    """Clips with their start, their end and the end of their features; each video is looked up once where its clips follow each other."""
    video, there = "", None
    for clip in clips:
        if clip.start is None or clip.end is None:
            continue
        if clip.video != video:
            video, there = clip.video, _end(streams, stream, clip, durations.get(clip.video))
        if there is not None:
            yield clip, clip.start, clip.end, there


def _end(streams: FeatureStreams, stream: str, clip: Clip, duration: float | None) -> float | None:
    for name in video_names(clip):
        try:
            return streams.end(stream, name, duration)
        except KeyError:
            continue
    return None


def video_names(clip: Clip) -> tuple[str, str]:
    """The names that files may have for the features of a clip's video: with the prefix v_ or without."""
    return clip.video, clip.video.removeprefix(PREFIX) if clip.video.startswith(PREFIX) else PREFIX + clip.video
