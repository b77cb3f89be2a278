"""The first-party encoders, by hand."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from taco_bench_encoders.streams import VggAutoencoder
from taco_bench_encoders.tiles import CODE, Motion, Tiles

from taco_bench.api import Encoder
from taco_bench.plugins import load_plugins


def frames(*colours: int) -> np.ndarray:
    """One frame a colour, all 49 tiles and 3 channels of that value."""
    return np.repeat(np.array(colours, np.uint8), 49 * 3).reshape(len(colours), 49, 3)


def code(colour: tuple[int, int, int]) -> np.ndarray:
    """The first 8 bytes of the colour's SHA-256, brought to mean 0 and variance 1."""
    return (np.array(list(hashlib.sha256(bytes(colour)).digest()[:CODE])) - 127.5) / 73.9


def test_each_tile_has_the_code_of_its_colour() -> None:
    pictures = frames(0, 0)
    pictures[1, 5] = (255, 1, 2)
    tokens = Tiles().encode(pictures).reshape(2, 49, CODE)
    assert tokens[1, 5] == pytest.approx(code((255, 1, 2)), abs=1e-6)
    others = np.delete(tokens.reshape(98, CODE), 49 + 5, axis=0)
    assert others == pytest.approx(np.tile(code((0, 0, 0)), (97, 1)), abs=1e-6)


def test_a_code_does_not_depend_on_the_rest_of_the_clip() -> None:
    assert np.array_equal(Tiles().encode(frames(7)), Tiles().encode(frames(7, 200))[:1])


def test_codes_of_like_colours_are_far_apart() -> None:
    """A box and a key differ by a few of 255; their codes differ as those of any two kinds."""
    one, other = Tiles().encode(frames(100, 101)).reshape(2, 49, CODE)[:, 0]
    assert np.linalg.norm(one - other) > 1


def test_motion_is_the_change_since_the_frame_before() -> None:
    tokens = Motion().encode(frames(0, 255, 255)).reshape(3, 49, CODE)
    assert not tokens[0].any()
    assert not tokens[2].any()
    assert tokens[1, 0] == pytest.approx(code((255, 255, 255)) - code((0, 0, 0)), abs=1e-6)


def test_motion_of_a_tile_alone() -> None:
    pictures = frames(100, 100)
    pictures[1, 7, 1] = 151
    tokens = Motion().encode(pictures)
    assert set(np.flatnonzero(tokens[1]) // CODE) == {7}


@pytest.mark.parametrize("encoder", [Tiles(), Motion()], ids=["tiles", "motion"])
@pytest.mark.parametrize("length", [0, 1, 2, 9])
def test_shape_and_kind(encoder: Encoder, length: int) -> None:
    """A clip without a frame has no token; the feature store then names the clip."""
    tokens = encoder.encode(np.zeros((length, 49, 3), np.uint8))
    assert tokens.shape == (length, 392)
    assert tokens.dtype == np.float32


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_motion_adds_up_to_the_tiles(length: int, seed: int) -> None:
    pictures = np.random.default_rng(seed).integers(0, 256, (length, 49, 3), np.uint8)
    before = pictures.copy()
    tiles, motion = Tiles().encode(pictures), Motion().encode(pictures)
    assert np.allclose(tiles[0] + np.cumsum(motion, axis=0), tiles, atol=1e-5)
    assert np.array_equal(pictures, before)


def test_the_vgg_stream_comes_through() -> None:
    values = np.array([[0.5] * 128, [-2.0] * 128], np.float16)
    tokens = VggAutoencoder().encode(values)
    assert tokens.dtype == np.float32
    assert np.array_equal(tokens, values.astype(np.float32))


STREAMS = [
    ("tiles", "frames", 392),
    ("motion", "frames", 392),
    ("vgg16-ae128", "vgg16-ae128", 128),
    ("r152", "r152", 2048),
    ("i3d-x101", "i3d-x101", 2048),
    ("s3d-hm", "s3d-hm", 512),
    ("efficientnet-lite0", "efficientnet-lite0", 1280),
]


@pytest.mark.parametrize(("name", "stream", "width"), STREAMS)
def test_registered(name: str, stream: str, width: int) -> None:
    encoder = load_plugins(third_party=False).build("encoder", {"type": name})
    assert (encoder.stream, encoder.width) == (stream, width)
