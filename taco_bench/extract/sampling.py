"""Which pictures of a video are taken, by time alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Picture:
    """A picture of a video, and when it is on the screen.

    Attributes:
        start, end: in seconds of the video.
        frame: the decoded picture.
    """

    start: Fraction
    end: Fraction
    frame: Any


def sample(pictures: Iterable[Picture], fps: int) -> Iterator[Picture]:
    """The pictures at a constant rate: number n is the one on the screen just before second (n + 1/2) / fps, the middle of its interval.

    As ffmpeg's filter ``fps`` with its default rounding, which the public extractors use; so a video of d seconds gives d x fps pictures,
    rounded half up, and at least one. A picture that stays long is given several times, one that is gone by then never; before the
    first one there is the first one. Times are exact fractions: nothing depends on how they round.

    Args:
        pictures: in order of time; the end of all but the last does not matter.
        fps: pictures a second.
    """
    number, held = 0, None
    for picture in pictures:
        while held is not None and _middle(number, fps) <= picture.start:
            yield held
            number += 1
        held = picture
    while held is not None and (number == 0 or _middle(number, fps) <= held.end):
        yield held
        number += 1


def _middle(number: int, fps: int) -> Fraction:
    return Fraction(2 * number + 1, 2 * fps)
