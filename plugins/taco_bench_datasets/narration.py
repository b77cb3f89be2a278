"""Narrations of many videos in a few arrays: neighbouring captions merged to clips, made into objects one at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import isfinite
from typing import Any, overload

import numpy as np

from taco_bench.api import Clip


@dataclass(frozen=True)
class Merging:
    """When neighbouring captions make up a clip (P 4.3: until there are 10 words).

    Attributes:
        words: a clip has at least so many.
        seconds: and lasts at least so long.
    """

    words: int = 10
    seconds: float = 0.0

    def runs(self, words: Sequence[int], starts: Sequence[float], ends: Sequence[float]) -> list[tuple[int, int]]:
        """First and last caption of each clip: one after the other from the start; a rest that is too short joins the clip before it.

        Args:
            words: [captions], the number of words of each.
            starts: [captions], seconds.
            ends: [captions], seconds.
        """
        found: list[tuple[int, int]] = []
        first, count, end = 0, 0, 0.0
        for place, more in enumerate(words):
            count, end = count + more, max(end, ends[place])
            if count >= self.words and end - starts[first] >= self.seconds:
                found.append((first, place))
                first, count, end = place + 1, 0, 0.0
        if first < len(words):
            begin = found.pop()[0] if found else first
            found.append((begin, len(words) - 1))
        return found


class Narrations(Sequence[Clip]):
    """The merged clips of many videos; about 30 bytes a clip beside the text, and a Clip only where one is asked for.

    Args:
        videos: ids, in the order in which their clips come.
        owner: [clips], the place of each clip's video.
        number: [clips], its first caption.
        times: [clips, 2], start and end in seconds.
        spans: [clips, 2], its part of ``text``.
        text: all captions in UTF-8.
    """

    def __init__(
        self, videos: Sequence[str], owner: np.ndarray, number: np.ndarray, times: np.ndarray, spans: np.ndarray, text: bytearray
    ) -> None:
        self.videos, self.text, self.test = videos, text, frozenset[str]()
        self.owner, self.number, self.times, self.spans = owner, number, times, spans

    def hold_out(self, videos: frozenset[str]) -> None:
        """Make these videos the test split; all others are training."""
        self.test = videos

    def __len__(self) -> int:
        return len(self.owner)

    @overload
    def __getitem__(self, place: int) -> Clip: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Clip]: ...
    def __getitem__(self, place: int | slice) -> Clip | Sequence[Clip]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        video, (start, end), (first, last) = int(self.owner[place]), self.times[place], self.spans[place]
        caption = self.text[first:last].decode()
        name = self.videos[video]
        split = "test" if name in self.test else "train"
        return Clip(f"{name}_{self.number[place]}", split, (caption,), name, start=float(start), end=float(end))

    def __iter__(self) -> Iterator[Clip]:
        return (self[place] for place in range(len(self)))


@dataclass
class Collected:
    """How many captions and videos could not be used."""

    captions: int = 0
    videos: int = 0


def collect(entries: Iterable[tuple[str, Any]], merging: Merging) -> tuple[Narrations, Collected]:
    """The merged clips of videos, and how many captions without length, place or text were left out.

    Args:
        entries: ids, each once, with ``{start, end, text}``, each a list; no more than one is held.
        merging: the rule.

    Raises:
        ValueError: an entry is malformed; its arguments are the fault and the video's id.
    """
    videos, left_out, text = list[str](), Collected(), bytearray()
    owner, number, times, spans = array("i"), array("i"), array("f"), array("q")
    for video, entry in entries:
        rows = _rows(entry, video)
        sound = [(at, s, e, t) for at, (s, e, t) in enumerate(rows) if isfinite(s) and isfinite(e) and 0 <= s < e and t]
        left_out.captions += len(rows) - len(sound)
        left_out.videos += not sound
        encoded = [said.encode(errors="replace") for *_, said in sound]
        begins = [len(text), *(len(text) + end for end in accumulate(len(part) + 1 for part in encoded))]  # one blank after each
        starts, ends = [row[1] for row in sound], [row[2] for row in sound]
        for first, last in merging.runs([len(row[3].split()) for row in sound], starts, ends):
            owner.append(len(videos))
            number.append(sound[first][0])
            times.extend((min(starts[first : last + 1]), max(ends[first : last + 1])))
            spans.extend((begins[first], begins[last + 1] - 1))
        videos.append(video)
        text += b"".join(part + b" " for part in encoded)
    arrays = np.frombuffer(owner, np.int32), np.frombuffer(number, np.int32), np.frombuffer(times, np.float32).reshape(-1, 2)
    return Narrations(videos, *arrays, np.frombuffer(spans, np.int64).reshape(-1, 2), text), left_out


def _rows(entry: Any, video: str) -> list[tuple[float, float, str]]:
    try:
        columns = zip(entry["start"], entry["end"], entry["text"], strict=True)
        return [(float(start), float(end), " ".join(str(text).split())) for start, end, text in columns]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ValueError(error, video) from None
