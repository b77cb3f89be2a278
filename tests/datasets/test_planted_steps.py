"""Stand-in features: what the knob does, and segments in whole seconds."""

import math
from pathlib import Path

import numpy as np
import pytest
from helpers.crosstask_made import write_features, write_release
from hypothesis import given
from hypothesis import strategies as st
from taco_bench_datasets.crosstask import STRETCH, CrossTask
from taco_bench_datasets.planted_steps import planted_frames, step_code
from taco_bench_datasets.step_segments import LeftOut, Segment, to_steps

from taco_bench.api import Step, UserError

STEPS = (Step("boil", 2, 5, "1"), Step("pour", 4, 8, "2"))


def test_what_a_second_shows() -> None:
    """The same noise with and without a signal, so that the difference is the signal exactly."""
    shown = planted_frames("a", STEPS, 10, 3.0) - planted_frames("a", STEPS, 10, 0.0)
    boil, pour = 3 * step_code("1"), 3 * step_code("2")
    expected = [0 * boil, 0 * boil, boil, boil, boil + pour, pour, pour, pour, 0 * boil, 0 * boil]
    assert np.allclose(shown, expected, atol=1e-5)


def test_noise_of_standard_deviation_1() -> None:
    noise = planted_frames("a", (), 2000, 9.0)
    assert noise.mean() == pytest.approx(0, abs=0.02)
    assert noise.std() == pytest.approx(1, abs=0.02)
    assert np.array_equal(noise, planted_frames("a", (), 2000, 9.0))
    assert not np.array_equal(noise, planted_frames("b", (), 2000, 9.0))


def test_codes() -> None:
    assert np.linalg.norm(step_code("1")) == pytest.approx(1)
    assert abs(step_code("1") @ step_code("2")) < 0.6


def test_length_of_a_stand_in(tmp_path: Path) -> None:
    """Longer than its steps by what all videos are on average; as long as the features where there are some."""
    release = write_release(tmp_path / "release")
    dataset = CrossTask(str(release), planted_signal=1.0)
    clips = {clip.id: clip for clip in dataset.clips()}
    assert len(dataset.read("planted", clips["101_aa"])) == math.ceil(STRETCH * 9)
    assert len(dataset.read("planted", clips["101_ee"])) == 3  # a second for each step of the procedure
    folder = write_features(tmp_path / "s3d", {"aa": 25})
    both = CrossTask(str(release), features=f"s3d-hm={folder}", planted_signal=1.0)
    assert both.streams == ("s3d-hm", "planted")
    assert len(both.read("planted", clips["101_aa"])) == 25
    clash = CrossTask(str(release), features=f"planted={folder}", planted_signal=1.0)
    with pytest.raises(UserError, match="named 'planted' too"):
        _ = clash.streams


def test_no_stand_in_unless_it_is_asked_for(tmp_path: Path) -> None:
    dataset = CrossTask(str(write_release(tmp_path / "release")))
    with pytest.raises(KeyError):
        dataset.read("planted", dataset.clips()[0])


times = st.floats(-20, 60, allow_nan=False)


@given(st.lists(st.tuples(times, times), max_size=6), st.one_of(st.none(), st.integers(1, 40)))
def test_steps_are_the_seconds_that_a_segment_touches(pairs: list[tuple[float, float]], length: int | None) -> None:
    """Against the matrix of the official code: Y[floor(start):ceil(end), step] = 1, cut at both ends."""
    counts = LeftOut()
    steps = to_steps([Segment(str(at), "text", *pair) for at, pair in enumerate(pairs)], length, counts, "v1")
    found = np.zeros((60, 6), bool)
    for step in steps:
        found[step.start : step.end, int(step.label)] = True
    expected = np.zeros_like(found)
    for at, (start, end) in enumerate(pairs):
        for second in range(60 if length is None else length):
            expected[second, at] = start < end and math.floor(start) <= second < math.ceil(end)
    assert np.array_equal(found, expected)
    assert [step.start for step in steps] == sorted(step.start for step in steps)
    assert all(step.start < step.end for step in steps)
    out = counts["segments that do not end after they start, left out"] + counts["segments that lie outside the video, left out"]
    assert len(steps) == len(pairs) - out
