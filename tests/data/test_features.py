"""The feature store: what comes in comes out, once, and nothing wrong gets in."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taco_bench.api import Clip
from taco_bench.data.features import FeatureStore, features_identity, open_features
from taco_bench.errors import DataError

Arrays = Mapping[str, np.ndarray]


class Folder:
    """A data set of arrays in memory that counts its reads."""

    def __init__(self, **streams: Arrays) -> None:
        self.streams, self.arrays, self.reads = tuple(streams), streams, 0

    def clips(self) -> list[Clip]:
        ids = dict.fromkeys(name for arrays in self.arrays.values() for name in arrays)
        return [Clip(name, "train", ("a caption",)) for name in ids]

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        self.reads += 1
        return self.arrays[stream][clip.id]

    def fingerprints(self) -> dict[str, str]:
        return {}


class Same:
    """An encoder that changes nothing."""

    def __init__(self, stream: str = "frames", width: int = 2) -> None:
        self.stream, self.width = stream, width

    def encode(self, frames: np.ndarray) -> np.ndarray:
        return frames


def numbered(steps: int, width: int = 2, first: float = 0) -> np.ndarray:
    return (first + np.arange(steps * width, dtype=np.float32)).reshape(steps, width)


TWO = {"a": numbered(3), "b": numbered(1, first=100)}


def tokens(store: FeatureStore, clip: str) -> list[list[float]]:
    at = store.index[clip]
    return np.asarray(store.values[store.offsets[at] : store.offsets[at + 1]]).tolist()


Opened = tuple[FeatureStore, list[str]]


def opened(dataset: Folder, encoders: list[Same] | None = None, identity: str = "key", on_missing: str = "error") -> Opened:
    return open_features(dataset, encoders or [Same()], dataset.clips(), identity, on_missing)


@pytest.fixture(autouse=True)
def _own_cache(empty_cache: Path) -> None:
    pass


def test_round_trip() -> None:
    store, skipped = opened(Folder(frames=TWO))
    assert skipped == []
    assert store.width == 2
    assert store.index == {"a": 0, "b": 1}
    assert tokens(store, "a") == [[0, 1], [2, 3], [4, 5]]
    assert tokens(store, "b") == [[100, 101]]
    assert store.values.dtype == np.float32


def test_the_second_time_nothing_is_read() -> None:
    first, _ = opened(Folder(frames=TWO))
    dataset = Folder(frames=TWO)
    second, skipped = opened(dataset)
    assert dataset.reads == 0
    assert skipped == []
    assert second.index == first.index
    assert second.offsets.tolist() == first.offsets.tolist()
    assert second.values.tolist() == first.values.tolist()
    assert isinstance(second.values, np.memmap)


def test_another_identity_is_another_store() -> None:
    opened(Folder(frames=TWO))
    store, _ = opened(Folder(frames={"a": numbered(1, first=7)}), identity="other")
    assert tokens(store, "a") == [[7, 8]]


def test_progress_once_a_clip_and_none_from_the_cache() -> None:
    dataset, moves = Folder(frames=TWO), []
    for _ in range(2):
        open_features(dataset, [Same()], dataset.clips(), "key", "error", lambda: moves.append(1))
    assert len(moves) == 2


@pytest.mark.parametrize("kind", [np.float16, np.float64, np.uint8, np.int32])
def test_other_kinds_of_numbers_come_in(kind: type) -> None:
    store, _ = opened(Folder(frames={"a": numbered(3).astype(kind)}))
    assert store.values.dtype == np.float32
    assert tokens(store, "a") == [[0, 1], [2, 3], [4, 5]]


def test_float16_loses_nothing() -> None:
    values = np.array([[0.1, -65504.0], [6e-8, 1 / 3]], np.float16)
    store, _ = opened(Folder(frames={"a": values}))
    assert np.array_equal(np.asarray(store.values), values.astype(np.float32))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(wrong: float, empty_cache: Path) -> None:
    values = numbered(4)
    values[2, 1] = wrong
    with pytest.raises(DataError, match=r"not finite in row 2") as caught:
        opened(Folder(frames={"a": numbered(4), "b7": values}))
    assert "'b7'" in caught.value.where
    assert "'frames'" in caught.value.where
    assert caught.value.hint
    assert not any(path.is_file() for path in empty_cache.rglob("*"))


@pytest.mark.parametrize("shape", [(4, 3), (2, 4), (4,), (4, 2, 1), (4, 0)])
def test_a_wrong_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="shape") as caught:
        opened(Folder(frames={"a": numbered(4), "b7": np.zeros(shape, np.float32)}))
    assert str(list(shape)) in caught.value.what
    assert "'b7'" in caught.value.where
    assert "[time, 2]" in caught.value.hint


def test_no_row() -> None:
    with pytest.raises(DataError, match="no row") as caught:
        opened(Folder(frames={"a": numbered(4), "b7": np.zeros((0, 2), np.float32)}))
    assert "'b7'" in caught.value.where
    assert caught.value.hint


HALF = {"frames": {"a": numbered(2), "b": numbered(2), "c": numbered(2)}, "sound": {"a": numbered(2), "c": numbered(2)}}
BOTH = [Same(), Same("sound")]


def test_a_missing_clip_is_an_error() -> None:
    with pytest.raises(DataError, match="'b'") as caught:
        opened(Folder(**HALF), BOTH)
    assert "sound" in caught.value.what
    assert "--on-missing skip" in caught.value.hint


def test_missing_clips_are_skipped_and_counted() -> None:
    dataset = Folder(**HALF)
    store, skipped = opened(dataset, BOTH, on_missing="skip")
    assert skipped == ["b"]
    assert store.index == {"a": 0, "c": 1}
    assert tokens(store, "c") == [[0, 1, 0, 1], [2, 3, 2, 3]]
    reads = dataset.reads
    again, skipped_again = opened(dataset, BOTH, on_missing="skip")
    assert skipped_again == ["b"]
    assert again.index == store.index
    assert dataset.reads == reads


def test_all_missing() -> None:
    with pytest.raises(DataError, match="no clip has features"):
        opened(Folder(frames={"a": numbered(1)}, sound={}), [Same("sound")], on_missing="skip")


@pytest.mark.parametrize("on_missing", ["error", "skip"])
def test_an_encoder_that_breaks_is_no_missing_clip(on_missing: str) -> None:
    """A KeyError of the encoder's own must not make clips disappear."""

    class Broken(Same):
        def encode(self, frames: np.ndarray) -> np.ndarray:
            raise KeyError("a bug of the encoder")

    with pytest.raises(Exception, match="a bug of the encoder"):
        opened(Folder(frames=TWO), [Broken()], on_missing=on_missing)


def test_a_stream_that_the_data_set_lacks() -> None:
    dataset = Folder(frames=TWO, sound=TWO)
    with pytest.raises(DataError, match="'smell'") as caught:
        opened(dataset, [Same(), Same("smell")])
    assert "frames, sound" in caught.value.hint
    assert dataset.reads == 0


@pytest.mark.parametrize(
    ("steps", "other", "rows"),
    [
        (2, 2, [0, 1]),
        (6, 2, [0, 0, 0, 1, 1, 1]),
        (6, 3, [0, 0, 1, 1, 2, 2]),
        (3, 9, [1, 4, 7]),  # the middle of each third
        (1, 5, [2]),
        (5, 1, [0, 0, 0, 0, 0]),
    ],
)
def test_streams_of_different_length_are_aligned_by_time(steps: int, other: int, rows: list[int]) -> None:
    """The first stream sets the times; of the other, the row in which each step's middle falls."""
    store, _ = opened(Folder(frames={"a": numbered(steps)}, sound={"a": numbered(other, 1, first=50)}), [Same(), Same("sound", 1)])
    assert store.width == 3
    assert [row[:2] for row in tokens(store, "a")] == numbered(steps).tolist()
    assert [row[2] - 50 for row in tokens(store, "a")] == rows


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40))
def test_alignment_follows_the_clock(steps: int, other: int) -> None:
    dataset = Folder(frames={"a": numbered(steps, 1)}, sound={"a": numbered(other, 1)})
    store, _ = open_features(dataset, [Same(width=1), Same("sound", 1)], dataset.clips(), f"clock {steps} {other}", "error")
    for at, (_, row) in enumerate(tokens(store, "a")):
        middle = (2 * at + 1) * other  # of the step, where a row of the other stream lasts 2 * steps
        assert row * 2 * steps <= middle <= (row + 1) * 2 * steps


def files(cache: Path) -> tuple[Path, Path]:
    (array,) = cache.rglob("*.npy")
    (index,) = cache.rglob("*.json")
    return array, index


def check_rebuilt() -> None:
    dataset = Folder(frames=TWO)
    store, _ = opened(dataset)
    assert dataset.reads == 2
    assert tokens(store, "a") == [[0, 1], [2, 3], [4, 5]]
    again = Folder(frames=TWO)
    opened(again)
    assert again.reads == 0


@pytest.mark.parametrize("keep", [0, 1, 40, 129, -1])
def test_a_truncated_array_is_built_again(empty_cache: Path, keep: int) -> None:
    opened(Folder(frames=TWO))
    array, _ = files(empty_cache)
    content = array.read_bytes()
    array.unlink()
    array.write_bytes(content[:keep])
    check_rebuilt()


def test_an_array_of_the_right_size_that_is_none(empty_cache: Path) -> None:
    opened(Folder(frames=TWO))
    array, _ = files(empty_cache)
    content = array.read_bytes()
    array.unlink()
    array.write_bytes(b"\0" * len(content))
    check_rebuilt()


@pytest.mark.parametrize("which", [0, 1])
def test_a_lost_file_is_built_again(empty_cache: Path, which: int) -> None:
    opened(Folder(frames=TWO))
    files(empty_cache)[which].unlink()
    check_rebuilt()


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"null", b"[]", b"3", b"\xff\xfe"])
def test_a_corrupt_index_is_built_again(empty_cache: Path, content: bytes) -> None:
    opened(Folder(frames=TWO))
    _, index = files(empty_cache)
    index.write_bytes(content)
    check_rebuilt()


@pytest.mark.parametrize("key", ["offsets", "clips", "skipped", "size"])
def test_an_index_that_lacks_a_part_is_built_again(empty_cache: Path, key: str) -> None:
    opened(Folder(frames=TWO))
    _, index = files(empty_cache)
    content = json.loads(index.read_text())
    del content[key]
    index.write_text(json.dumps(content))
    check_rebuilt()


def store_of(*lengths: int) -> FeatureStore:
    offsets = np.cumsum([0, *lengths])
    return FeatureStore(np.zeros((offsets[-1], 1), np.float32), offsets, {f"c{at}": at for at in range(len(lengths))})


@pytest.mark.parametrize(
    ("length", "most", "rows"),
    [(3, 5, [0, 1, 2]), (5, 5, [0, 1, 2, 3, 4]), (9, 5, [0, 2, 4, 6, 8]), (10, 2, [0, 9]), (5, 3, [0, 2, 4]), (1, 1, [0])],
)
def test_rows_worked_examples(length: int, most: int, rows: list[int]) -> None:
    assert store_of(4, length, 6).rows("c1", most).tolist() == [4 + row for row in rows]


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 300), st.integers(1, 60), st.integers(0, 20))
def test_rows_are_few_distinct_in_order_and_evenly_spread(length: int, most: int, before: int) -> None:
    rows = store_of(before, length, 3).rows("c1", most)
    assert len(rows) == min(length, most)
    assert before <= rows[0] <= rows[-1] < before + length
    steps = np.diff(rows)
    assert (steps > 0).all()
    if len(rows) > 1:
        assert rows[0] == before
        assert rows[-1] == before + length - 1
        ideal = np.arange(len(rows)) * (length - 1) / (len(rows) - 1)
        assert np.abs(rows - before - ideal).max() <= 0.5 + 1e-9


def test_identity_tells_its_parts_apart() -> None:
    assert features_identity("ab", "c") != features_identity("a", "bc")
    assert features_identity("a", "b") == features_identity("a", "b")
