"""Each form: what is written comes back, found by looking, and cut as its code base cuts it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from helpers.feature_forms import FORMS, LENGTHS, Made, howto100m_npy, npy_folder

from taco_bench.api import DataError, FeatureStreams, open_streams
from taco_bench.data.store.choose import choose_reader, recognised
from taco_bench.plugins import load_plugins


@pytest.fixture(autouse=True)
def _own_cache(empty_cache: Path) -> None:
    pass


@pytest.fixture(params=FORMS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    return FORMS[request.param](tmp_path / "set")


def opened(made: Made) -> FeatureStreams:
    return open_streams(f"{made.path}:{made.reader}")


def test_what_is_written_comes_back(made: Made) -> None:
    chosen = choose_reader(made.path, made.reader, load_plugins())
    assert sorted(chosen.files.streams) == sorted(made.streams)
    assert chosen.files.cut == made.cut
    ids = {id for arrays in made.streams.values() for id in arrays}
    assert set(chosen.files.ids()) == ids
    for stream, arrays in made.streams.items():
        for id, array in arrays.items():
            track = chosen.files.read(stream, id)
            assert track.values.dtype in (np.float16, np.float32)
            np.testing.assert_array_equal(track.values, array)
            assert track.rate == pytest.approx(made.rates[stream])
            if made.times:
                np.testing.assert_allclose(track.times, made.times[stream][id])
        with pytest.raises(KeyError):
            chosen.files.read(stream, "another")
    assert all(path.is_file() for path in chosen.files.files())


def test_found_by_looking_and_no_other_reader_sees_its_own_form(made: Made) -> None:
    found = recognised(made.path, load_plugins())
    if not made.looked:
        with pytest.raises(DataError, match="transposed") as caught:
            choose_reader(made.path, "", load_plugins())
        assert made.reader in caught.value.hint
        return
    assert list(found) == [made.reader.partition(":")[0]]
    assert len(next(iter(found.values()))) > 5


def test_a_store_gives_the_same_numbers(made: Made) -> None:
    streams = opened(made)
    assert sorted(streams.names) == sorted(made.streams)
    for stream, arrays in made.streams.items():
        for id, array in arrays.items():
            found = streams.rows(stream, id)
            assert found.dtype == np.float16
            np.testing.assert_array_equal(found, array)


SEGMENTS = [(0.0, 3.0), (1.2, 1.4), (2.5, 7.9), (3.0, 3.0), (4.0, 1000.0), (500.0, 600.0), (0.0, 0.0), (6.9, 7.0), (5.6, 11.3)]
DURATION = {"vid-a": 13.0, "vid_b": 11.5, "vídeo c": 2.0}


def naive(cut: str, array: np.ndarray, rate: float | None, times: np.ndarray | None, s: float, e: float, duration: float) -> list[int]:
    """The rows that the code bases take, in their own words, and the nearest one where they take none."""
    n = len(array)
    everything = list(range(n))
    if cut in ("whole", "clip"):
        return everything
    if cut == "times":
        taken = [i for i in everything if s <= times[i] <= e]
        return taken or [min(everything, key=lambda i: abs(times[i] - (s + e) / 2))]
    if cut == "fraction":  # BMT's crop_a_segment
        a, b = int(n * (s / duration)), int(n * (e / duration))
        taken, home = everything[a:b], a
    elif cut == "howto100m":
        taken, home = everything[int(s * rate) : int(e * rate) + 1], int(s * rate)
    elif cut == "univl":
        taken, home = everything[int(s) : int(e) + 1], int(s)
    elif cut == "mmpt":
        taken, home = everything[int(s * rate) : int(e * rate)], int(s * rate)
    else:  # the seconds that the release's labels cover
        taken, home = [i for i in everything if math.floor(s) <= i < math.ceil(e)], int(s)
    return taken or [min(home, n - 1)]


def test_cuts(made: Made) -> None:
    streams = opened(made)
    for stream, arrays in made.streams.items():
        for id, array in arrays.items():
            duration = DURATION[id.removesuffix("_0")]
            for s, e in SEGMENTS:
                rows = naive(made.cut, array, made.rates[stream], made.times.get(stream, {}).get(id), s, e, duration)
                found = streams.rows(stream, id, start=s, end=e, duration=duration)
                np.testing.assert_array_equal(found, array[rows], err_msg=f"{stream} {id} {s} {e}")
                assert len(streams.seconds(stream, id, start=s, end=e, duration=duration)) == len(rows)


def test_a_segment_that_ends_before_it_begins(made: Made) -> None:
    streams = opened(made)
    stream = next(iter(made.streams))
    id = next(iter(made.streams[stream]))
    if made.cut in ("whole", "clip"):
        return
    with pytest.raises(DataError, match="ends before it begins") as caught:
        streams.rows(stream, id, start=3.0, end=2.0, duration=20.0)
    assert repr(id) in caught.value.where


def test_seconds_are_the_middles(tmp_path: Path) -> None:
    streams = opened(npy_folder(tmp_path / "a"))
    assert streams.seconds("features", "vid-a").tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
    assert streams.seconds("features", "vid-a", start=2.2, end=4.0).tolist() == [2.5, 3.5]
    streams = opened(howto100m_npy(tmp_path / "b"))
    np.testing.assert_allclose(streams.seconds("features", "vid_b")[:3], [1 / 3, 1.0, 5 / 3])


def test_one_row_a_second(tmp_path: Path) -> None:
    slow, fast = opened(npy_folder(tmp_path / "a")), opened(howto100m_npy(tmp_path / "b"))
    np.testing.assert_array_equal(slow.per_second("features", "vid-a"), slow.rows("features", "vid-a"))
    found = fast.per_second("features", "vid_b")  # 12 rows at 1.5 a second: 8 seconds; row i lies at (i + 0.5) / 1.5
    expected = [min(range(12), key=lambda i: (abs((i + 0.5) / 1.5 - (t + 0.5)), i)) for t in range(8)]
    np.testing.assert_array_equal(found, fast.rows("features", "vid_b")[expected])
    assert len(slow.per_second("features", "vid-a", duration=9.2)) == 10
    np.testing.assert_array_equal(slow.per_second("features", "vid-a", duration=9.2)[7:], slow.rows("features", "vid-a")[[6, 6, 6]])


def test_ids_of_every_set_are_as_hard_as_they_come() -> None:
    """Dashes, underscores, spaces and letters beyond ASCII."""
    assert set("-_ í") <= set("".join(LENGTHS))
