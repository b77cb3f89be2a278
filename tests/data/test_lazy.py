"""Features read as needed: the same tokens as from the copy in the cache, and streams joined by the clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taco_bench.api import Clip, DataError
from taco_bench.data.features import Features, FeatureStore, open_features
from taco_bench.data.lazy import LazyFeatures


class Memory:
    """Two streams at 1 and 1.5 rows a second; optionally with a clock, optionally stored."""

    streams = ("a", "b")

    def __init__(self, stored: bool, clock: bool = False, lengths: tuple[int, ...] = (4, 1, 9, 30)) -> None:
        draw = np.random.default_rng(0)
        self.stored, self.reads = stored, 0
        self.arrays = {
            stream: {f"c{n}": draw.normal(size=(max(1, int(length * rate)), 3)).astype(np.float16) for n, length in enumerate(lengths)}
            for stream, rate in (("a", 1.0), ("b", 1.5))
        }
        if clock:
            self.seconds = lambda stream, clip: (np.arange(len(self.arrays[stream][clip.id])) + 0.5) / {"a": 1.0, "b": 1.5}[stream]

    def clips(self) -> list[Clip]:
        return [Clip(id, "train", ("a caption",)) for id in self.arrays["a"]]

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        self.reads += 1
        return self.arrays[stream][clip.id]


class Scaled:
    """A row-wise encoder."""

    width = 3

    def __init__(self, stream: str) -> None:
        self.stream, self.rows = stream, 0

    def encode(self, frames: np.ndarray) -> np.ndarray:
        self.rows += len(frames)
        return np.asarray(frames, np.float32) * 2


class Change(Scaled):
    """An encoder that looks at the row before."""

    def encode(self, frames: np.ndarray) -> np.ndarray:
        return np.diff(np.asarray(frames, np.float32), axis=0, prepend=np.zeros((1, 3), np.float32))


@pytest.fixture(autouse=True)
def _own_cache(empty_cache: Path) -> None:
    pass


def opened(dataset: Memory, encoders: list[Scaled], on_missing: str = "error") -> tuple[Features, list[str]]:
    return open_features(dataset, encoders, dataset.clips(), "key", on_missing)  # type: ignore[arg-type]  # has what is needed


@pytest.mark.parametrize("streams", ["a", "b", "ab", "ba"])
@pytest.mark.parametrize("clock", [False, True])
@pytest.mark.parametrize("most", [1, 5, 16, None])
def test_lazy_and_cached_give_the_same_tokens(streams: str, clock: bool, most: int | None) -> None:
    cached, lazy = (opened(Memory(stored, clock), [Scaled(stream) for stream in streams])[0] for stored in (False, True))
    assert isinstance(cached, FeatureStore)
    assert isinstance(lazy, LazyFeatures)
    names = ["c2", "c0", "c3", "c1", "c3"]
    values, lengths = cached.gather(names, most)
    found, found_lengths = lazy.gather(names, most)
    np.testing.assert_array_equal(found, values)
    assert found.dtype == values.dtype == np.float32
    assert found_lengths == lengths
    assert found.flags.writeable
    for name in names:
        assert lazy.length(name) == cached.length(name)
        assert name in lazy
        assert name in cached
    assert lazy.width == cached.width == 3 * len(streams)
    assert "c9" not in lazy
    assert "c9" not in cached


def test_the_clock_decides_which_rows_go_together() -> None:
    """Row i of a lies at i + 0.5 s; row j of b at (j + 0.5) / 1.5."""
    dataset = Memory(stored=True, clock=True)
    values, _ = opened(dataset, [Scaled("a"), Scaled("b")])[0].gather(["c2"], None)
    rows = [min(range(13), key=lambda j: (round(abs((j + 0.5) / 1.5 - (i + 0.5)), 9), j)) for i in range(9)]
    np.testing.assert_array_equal(values[:, 3:], 2 * dataset.arrays["b"]["c2"].astype(np.float32)[rows])


def test_a_shorter_stream_is_not_stretched_where_there_is_a_clock() -> None:
    """b ends after 4 of 10 seconds: row i of a lies at i + 0.5 s, row j of b at (j + 0.5) / 1.5, and b's last row stands for the rest."""
    dataset = Memory(stored=True, clock=True, lengths=(10,))
    dataset.arrays["b"]["c0"] = np.arange(18, dtype=np.float16).reshape(6, 3)
    values, _ = opened(dataset, [Scaled("a"), Scaled("b")])[0].gather(["c0"], None)
    assert (values[:, 3] / 6).tolist() == [0, 2, 3, 5, 5, 5, 5, 5, 5, 5]


def test_a_clock_of_another_length_is_a_fault() -> None:
    dataset = Memory(stored=True, clock=True)
    dataset.seconds = lambda stream, clip: np.zeros(2)
    with pytest.raises(DataError, match="2 and 2 times for 4 and 6 rows"):
        opened(dataset, [Scaled("a"), Scaled("b")])


def test_only_the_rows_that_are_asked_for_are_encoded() -> None:
    encoder = Scaled("a")
    features = opened(Memory(stored=True), [encoder])[0]
    encoder.rows = 0
    features.gather(["c3"], 5)
    assert encoder.rows == 5


def test_nothing_is_copied_into_the_cache(empty_cache: Path) -> None:
    opened(Memory(stored=True), [Scaled("a")])
    assert not list(empty_cache.rglob("*.npy"))


def test_an_encoder_that_is_not_row_wise_is_refused() -> None:
    with pytest.raises(DataError, match="does not treat each row by itself"):
        opened(Memory(stored=True), [Change("a")])
    opened(Memory(stored=False), [Change("a")])


def test_missing_clips() -> None:
    dataset = Memory(stored=True)
    clips = dataset.clips()
    del dataset.arrays["b"]["c1"]
    with pytest.raises(DataError, match="'c1' has no features in stream 'b'"):
        opened(dataset, [Scaled("a"), Scaled("b")])
    features, skipped = open_features(dataset, [Scaled("a"), Scaled("b")], clips, "key", "skip")  # type: ignore[arg-type]
    assert skipped == ["c1"]
    assert "c1" not in features
    dataset.arrays["a"].clear()
    with pytest.raises(DataError, match="no clip has features"):
        open_features(dataset, [Scaled("a")], clips, "key", "skip")  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [np.zeros((0, 3)), np.zeros((3, 2)), np.full((3, 3), np.nan)])
def test_malformed_features_are_told_when_they_are_read(wrong: np.ndarray) -> None:
    dataset = Memory(stored=True)
    dataset.arrays["a"]["c2"] = wrong
    with pytest.raises(DataError) as caught:
        opened(dataset, [Scaled("a")])[0].gather(["c2"], 5)
    assert "'c2'" in caught.value.where
