"""Which segments can be used, and what is told of the others."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from taco_bench_datasets.segments import Segment, fault, sound_segments

from taco_bench.api import DataError

GOOD = Segment("v1", 0, 2.0, 5.0, "a sentence", training=True, duration=10.0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"start": 5.0}, "no length"),
        ({"start": 6.0}, "an end before its start"),
        ({"start": -1.0}, "no time in the video"),
        ({"end": math.nan}, "no time in the video"),
        ({"end": math.inf}, "no time in the video"),
        ({"start": 10.0, "end": 11.0}, "a start past the end of the video (10 s)"),
        ({"text": ""}, "no text"),
    ],
)
def test_a_segment_that_cannot_be_used(changes: dict[str, object], why: str) -> None:
    bad = replace(GOOD, index=7, **changes)  # type: ignore[arg-type]
    assert fault(bad) == why
    with pytest.raises(DataError) as caught:
        sound_segments([GOOD, bad], "error", "a.json")
    assert "1 segments cannot be used: v1_7" in caught.value.what
    assert why in caught.value.what
    assert caught.value.where == "a.json"
    assert "data.bad_segments=skip" in caught.value.hint
    kept, told = sound_segments([bad, GOOD, bad], "skip", "a.json")
    assert kept == [GOOD]
    assert len(told) == 1
    assert told[0].startswith("2 segments")
    assert "v1_7" in told[0]


def test_an_end_past_the_video_is_cut_and_counted() -> None:
    kept, told = sound_segments([GOOD, replace(GOOD, end=12.5)], "error", "a.json")
    assert [segment.end for segment in kept] == [5.0, 10.0]
    assert told == ["1 segments end after their video and are cut there, the first is v1_0 [2, 12.5], its video lasts 10 s"]


def test_an_unknown_duration_cuts_nothing() -> None:
    assert sound_segments([replace(GOOD, end=1e6, duration=None)], "error", "") == ([replace(GOOD, end=1e6, duration=None)], [])


def test_many_are_not_all_listed() -> None:
    with pytest.raises(DataError, match=r"9 segments cannot be used: .*v1_2.* and 6 more"):
        sound_segments([replace(GOOD, index=i, end=0.0) for i in range(9)], "error", "")


@given(st.lists(st.tuples(st.floats(), st.floats(), st.sampled_from(["", "text"])), max_size=8))
def test_what_is_kept_lies_in_its_video(times: list[tuple[float, float, str]]) -> None:
    segments = [Segment("v", i, s, e, text, training=True, duration=100.0) for i, (s, e, text) in enumerate(times)]
    kept, told = sound_segments(segments, "skip", "")
    assert all(0 <= segment.start < segment.end <= 100 and segment.text for segment in kept)
    assert bool(told) >= (len(kept) < len(segments))
