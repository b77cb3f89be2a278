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

    def __init__(self) -> None:
        self._kinds = np.zeros(1 << 24, np.int32)  # of each colour; 0: not seen yet. Pages that no colour lies in take no memory
        self._codes = np.zeros((1, CODE), np.float32)

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """uint8 [time, 49, 3] to float32 [time, 392]."""
        red, green, blue = np.moveaxis(frames.reshape(-1, 3).astype(np.int32), 1, 0)
        colours = red << 16 | green << 8 | blue
        kinds = self._kinds[colours]  # looked up, not sorted, as np.unique would
        if not kinds.all():
            self._learn(np.unique(colours[kinds == 0]))
            kinds = self._kinds[colours]
        tokens: npt.NDArray[np.float32] = self._codes[kinds].reshape(len(frames), math.prod(frames.shape[1:-1]) * CODE)
        return tokens

    def _learn(self, colours: npt.NDArray[np.int32]) -> None:
        self._kinds[colours] = np.arange(len(colours)) + len(self._codes)
        self._codes = np.concatenate([self._codes, *(_code(int(colour).to_bytes(3, "big"))[None] for colour in colours)])


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
