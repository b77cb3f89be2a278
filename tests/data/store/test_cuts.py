"""The cut rules: what holds for all of them, and examples by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.data.store.cuts import FIRST, RULES, WHOLE, cut, rows_end
from taco_bench.data.store.streams import nearest
from taco_bench.errors import DataError

seconds = st.floats(0, 500, allow_nan=False)


@given(st.sampled_from(sorted([*RULES, *WHOLE])), st.integers(1, 200), st.floats(0.1, 30), seconds, seconds, st.booleans())
def test_a_cut_is_never_empty_and_lies_in_the_video(rule: str, rows: int, rate: float, start: float, length: float, timed: bool) -> None:
    times = (np.arange(rows) + 0.5) / rate if timed or rule == "times" else None
    first, last = cut(rule, rows, rate, times, start, start + length, rows / rate)
    assert 0 <= first < last <= rows
    assert cut(rule, rows, rate, times, None, None, None) == (0, rows)
    if rule not in WHOLE and length > 2 / rate and start + length < rows / rate and rule != "univl":
        assert last - first == pytest.approx(length * rate, abs=2)


@given(st.sampled_from(sorted(RULES)), st.integers(2, 200), st.floats(0.1, 30), seconds)
def test_an_open_end_is_the_end(rule: str, rows: int, rate: float, start: float) -> None:
    times = (np.arange(rows) + 0.5) / rate
    assert cut(rule, rows, rate, times, start, None, rows / rate)[1] == rows
    assert cut(rule, rows, rate, times, None, start, rows / rate)[0] == 0


@pytest.mark.parametrize(
    ("rule", "rate", "start", "end", "rows"),
    [
        ("howto100m", 1.5, 2.0, 4.0, (3, 7)),  # int(3) : int(6) + 1
        ("howto100m", 1.0, 2.9, 4.1, (2, 5)),
        ("mmpt", 1.0, 2.9, 4.1, (2, 4)),
        ("mmpt", 1.0, 2.1, 2.9, (2, 3)),  # empty: the row in which it lies
        ("mmpt", 1.0, 30.0, 31.0, (9, 10)),  # past the end: the last
        ("univl", 1.0, 2.9, 4.1, (2, 5)),
        ("crosstask", 1.0, 2.9, 4.1, (2, 5)),
        ("crosstask", 1.0, 2.0, 4.0, (2, 4)),
        ("fraction", 9.0, 2.9, 4.1, (1, 2)),  # 10 rows over 20 s, whatever the rate: int(1.45) : int(2.05)
        ("fraction", 9.0, 19.9, 20.0, (9, 10)),
        ("times", 1.0, 2.9, 4.1, (3, 4)),  # the middle 3.5
        ("times", 1.0, 2.6, 2.9, (2, 3)),  # none: 2.5 is nearer to 2.75 than 3.5
        ("whole", 1.0, 2.9, 4.1, (0, 10)),
        ("clip", 1.0, 2.9, 4.1, (0, 10)),
    ],
)
def test_by_hand(rule: str, rate: float, start: float, end: float, rows: tuple[int, int]) -> None:
    assert cut(rule, 10, rate, np.arange(10) + 0.5 if rule == "times" else None, start, end, 20.0) == rows


def test_what_cannot_be_cut() -> None:
    with pytest.raises(DataError, match="how many rows a second"):
        cut("mmpt", 10, None, None, 1.0, 2.0, None)
    assert cut("mmpt", 10, None, None, 1.0, 2.0, 20.0) == (0, 1)  # spread over 20 s: int(.5) : int(1)
    with pytest.raises(DataError, match="ends before"):
        cut("mmpt", 10, 1.0, None, 2.0, 1.0, None)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30, unique=True), st.lists(st.floats(-10, 110), max_size=30))
def test_nearest_is_nearest(times: list[float], wanted: list[float]) -> None:
    ordered = np.sort(np.array(times))
    for place, time in zip(nearest(ordered, np.array(wanted)), wanted, strict=True):
        assert abs(ordered[place] - time) == np.abs(ordered - time).min()


@pytest.mark.parametrize(
    ("rule", "rows", "rate", "times", "duration", "end"),
    [
        ("mmpt", 30, 1.5, None, None, 20.0),
        ("mmpt", 30, None, None, 60.0, 60.0),  # spread over the whole
        ("mmpt", 30, 1.5, None, 60.0, 20.0),  # the rate says where they end, not the video
        ("fraction", 14, 25 / 64, None, 35.0, 35.0),
        ("times", 3, None, [1.0, 3.0, 5.0], 60.0, 6.0),
        ("mmpt", 30, None, None, None, None),
        ("whole", 30, 1.0, None, 60.0, None),
    ],
)
def test_where_the_rows_end(
    rule: str, rows: int, rate: float | None, times: list[float] | None, duration: float | None, end: float | None
) -> None:
    assert rows_end(rule, rows, rate, None if times is None else np.array(times), duration) == end


@given(st.sampled_from(sorted(RULES)), st.integers(1, 200), st.floats(0.1, 30), seconds, seconds)
def test_what_begins_past_the_end_gets_the_last_row(rule: str, rows: int, rate: float, after: float, length: float) -> None:
    rate = 1.0 if rule == "univl" else rate
    times = (np.arange(rows) + 0.5) / rate if rule == "times" else None
    end = rows_end(rule, rows, rate, times, rows / rate)
    assert end is not None
    start = end + 1 / rate + after
    assert cut(rule, rows, rate, times, start, start + length, rows / rate) == (rows - 1, rows)


@given(st.sampled_from(sorted(FIRST)), st.integers(1, 200), st.floats(0.5, 3), seconds, seconds)
def test_the_first_rows_of_another_rule(rule: str, rows: int, rate: float, start: float, length: float) -> None:
    under, most = FIRST[rule]
    assert cut(rule, rows, rate, None, None, None, None) == (0, min(rows, most))
    first, last = cut(under, rows, rate, None, start, start + length, None)
    assert cut(rule, rows, rate, None, start, start + length, None) == (first, first + min(last - first, most))
