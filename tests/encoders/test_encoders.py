"""The first-party encoders, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from taco_bench_encoders.streams import VggAutoencoder
from taco_bench_encoders.tiles import Motion, Tiles

from taco_bench.api import Encoder
from taco_bench.plugins import load_plugins


def frames(*colours: int) -> np.ndarray:
    """One frame a colour, all 49 tiles and 3 channels of that value."""
    return np.repeat(np.array(colours, np.uint8), 49 * 3).reshape(len(colours), 49, 3)


def test_tiles_map_0_to_255_onto_minus_1_to_1() -> None:
    assert Tiles().encode(frames(0, 255))[:, 0].tolist() == [-1.0, 1.0]
    assert Tiles().encode(frames(51))[0, 0] == pytest.approx(51 / 255 * 2 - 1)


def test_tiles_keep_tile_and_channel_apart() -> None:
    """Number 3 t + c is channel c of tile t."""
    picture = frames(0)
    picture[0, 5, 2] = 255
    tokens = Tiles().encode(picture)
    assert np.flatnonzero(tokens[0] > -1).tolist() == [3 * 5 + 2]


def test_motion_is_the_change_since_the_frame_before() -> None:
    tokens = Motion().encode(frames(0, 255, 255, 204, 0))
    assert tokens[:, 0] == pytest.approx([0.0, 2.0, 0.0, -0.4, -1.6], abs=1e-6)


def test_motion_of_a_tile_alone() -> None:
    pictures = frames(100, 100)
    pictures[1, 7, 1] = 151
    tokens = Motion().encode(pictures)
    assert np.flatnonzero(tokens[1]).tolist() == [3 * 7 + 1]
    assert tokens[1, 22] == pytest.approx(0.4, abs=1e-6)
    assert not tokens[0].any()


@pytest.mark.parametrize("encoder", [Tiles(), Motion()], ids=["tiles", "motion"])
@pytest.mark.parametrize("length", [0, 1, 2, 9])
def test_shape_and_kind(encoder: Encoder, length: int) -> None:
    """A clip without a frame has no token; the feature store then names the clip."""
    tokens = encoder.encode(np.zeros((length, 49, 3), np.uint8))
    assert tokens.shape == (length, 147)
    assert tokens.dtype == np.float32


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_motion_adds_up_to_the_tiles(length: int, seed: int) -> None:
    pictures = np.random.default_rng(seed).integers(0, 256, (length, 49, 3), np.uint8)
    before = pictures.copy()
    tiles, motion = Tiles().encode(pictures), Motion().encode(pictures)
    assert np.abs(tiles).max() <= 1
    assert np.allclose(tiles[0] + np.cumsum(motion, axis=0), tiles, atol=1e-5)
    assert np.array_equal(pictures, before)


def test_the_vgg_stream_comes_through() -> None:
    values = np.array([[0.5] * 128, [-2.0] * 128], np.float16)
    tokens = VggAutoencoder().encode(values)
    assert tokens.dtype == np.float32
    assert np.array_equal(tokens, values.astype(np.float32))


STREAMS = [("tiles", "frames", 147), ("motion", "frames", 147), ("vgg16-ae128", "vgg16-ae128", 128)]


@pytest.mark.parametrize(("name", "stream", "width"), STREAMS)
def test_registered(name: str, stream: str, width: int) -> None:
    encoder = load_plugins(third_party=False).build("encoder", {"type": name})
    assert (encoder.stream, encoder.width) == (stream, width)
