"""Encoders of what extractors made: the streams of the paper's Tab. 2, alone and joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from taco_bench_encoders.extracted import I3DX101, R152, S3DHM, EfficientNetLite0

from taco_bench.api import Clip
from taco_bench.data.features import open_features
from taco_bench.errors import ConfigError, DataError
from taco_bench.plugins import load_plugins
from taco_bench.resolve import resolve

RAW = np.array([[3, 4], [0, 0], [0, -2]], np.float16)


def test_as_stored() -> None:
    found = S3DHM(2).encode(RAW)
    assert found.dtype == np.float32
    assert np.array_equal(found, RAW)


def test_rows_of_length_1_by_hand() -> None:
    assert S3DHM(2, normalize=True).encode(RAW) == pytest.approx(np.array([[0.6, 0.8], [0, 0], [0, -1]]))


@given(arrays(np.float16, (4, 3), elements=st.floats(-1000, 1000, width=16)))
def test_a_row_depends_on_itself_alone(rows: np.ndarray) -> None:
    """The core may encode some of a clip's rows."""
    encoder = S3DHM(3, normalize=True)
    assert np.array_equal(encoder.encode(rows)[1:3], encoder.encode(rows[1:3]))
    lengths = np.linalg.norm(encoder.encode(rows), axis=1)
    assert all(length == pytest.approx(1, abs=1e-5) or not row.any() for length, row in zip(lengths, rows, strict=True))


def test_streams_are_named_as_the_encoders_are() -> None:
    plugins = load_plugins(third_party=False)
    made = {plugins.build("extractor", {"type": name}).stream for name in plugins.names("extractor")}
    assert made == {R152.stream, I3DX101.stream, S3DHM.stream, EfficientNetLite0.stream}
    assert made <= {*plugins.names("encoder")}


def test_joined_on_the_command_line() -> None:
    plugins = load_plugins(third_party=False)
    experiment = resolve([{"encoder": "r152+s3d-hm:1024"}], plugins)
    assert experiment.encoder == (
        {"type": "r152", "normalize": False},
        {"type": "s3d-hm", "width": 1024, "normalize": False},
    )
    assert [plugins.build("encoder", dict(spec)).width for spec in experiment.encoder] == [2048, 1024]


@pytest.mark.parametrize("width", ["0", "many"])
def test_a_width_that_is_none(width: str) -> None:
    with pytest.raises(ConfigError, match="width"):
        resolve([{"encoder": f"s3d-hm:{width}"}], load_plugins(third_party=False))


class Made:
    """A clip of four seconds: r152 one row a second, i3d-x101 one and a half, s3d-hm one."""

    streams = ("r152", "i3d-x101", "s3d-hm")

    def __init__(self, width: int = 512) -> None:
        self.rows = {"r152": (4, 2048), "i3d-x101": (6, 2048), "s3d-hm": (4, width)}

    def clips(self) -> Sequence[Clip]:
        return [Clip("a", "train", ("a caption",))]

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        rows, width = self.rows[stream]
        return np.repeat(np.arange(rows, dtype=np.float16)[:, None], width, axis=1)

    def files(self) -> list[Path]:
        return []

    def fingerprints(self) -> Mapping[str, str]:
        return {}


@pytest.mark.usefixtures("empty_cache")
def test_joined_streams_of_different_rate() -> None:
    """The second stream's row in whose time the middle of the first's lies: (i + 1/2) x 1.5."""
    data = Made()
    store, _ = open_features(data, [R152(), I3DX101(), S3DHM()], data.clips(), "joined", "error")
    assert store.width == 2048 + 2048 + 512
    assert store.values[:, 0].tolist() == [0, 1, 2, 3]
    assert store.values[:, 2048].tolist() == [0, 2, 3, 5]
    assert store.values[:, -1].tolist() == [0, 1, 2, 3]


@pytest.mark.usefixtures("empty_cache")
def test_features_of_another_width() -> None:
    data = Made(width=1024)
    with pytest.raises(DataError, match=r"\[4, 1024\]") as caught:
        open_features(data, [S3DHM()], data.clips(), "width", "error")
    assert "[time, 512]" in caught.value.hint
