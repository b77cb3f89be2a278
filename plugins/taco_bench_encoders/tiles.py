"""Encoders of rendered grid worlds: what each tile in view shows, and what changed."""

from __future__ import annotations

import hashlib
import math
from functools import cache

import numpy as np
import numpy.typing as npt

CODE = 8
"""Numbers a tile. The mean colours of a key and a box of one colour differ by a hundredth of the range, which no small model finds; a
code makes all kinds of tile equally far apart, as a trained image network would make them far apart."""


class Tiles:
    """What each of the 7 x 7 tiles shows: a fixed code of 8 numbers for each kind of tile, told apart by its mean colour."""

    stream = "frames"
    width = 49 * CODE

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """uint8 [time, 49, 3] to float32 [time, 392]."""
        red, green, blue = np.moveaxis(frames.reshape(-1, 3).astype(np.int32), 1, 0)
        colours, kind = np.unique(red << 16 | green << 8 | blue, return_inverse=True)  # numbers are sorted many times faster than rows
        codes = np.array([_code(int(colour).to_bytes(3, "big")) for colour in colours], np.float32).reshape(-1, CODE)
        tokens: npt.NDArray[np.float32] = codes[kind].reshape(len(frames), math.prod(frames.shape[1:-1]) * CODE)
        return tokens


class Motion(Tiles):
    """The change of each tile's code since the frame before; 0 in the first frame."""

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """uint8 [time, 49, 3] to float32 [time, 392]."""
        tiles = super().encode(frames)
        return np.diff(tiles, axis=0, prepend=tiles[:1])


@cache
def _code(colour: bytes) -> npt.NDArray[np.float32]:
    """8 numbers of mean 0 and variance 1, the same on every machine: the bytes of the colour's hash."""
    digest = np.frombuffer(hashlib.sha256(colour).digest()[:CODE], np.uint8)
    return ((digest - 127.5) / 73.9).astype(np.float32)  # 73.9: standard deviation of a uniform byte
