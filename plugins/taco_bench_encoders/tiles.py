"""Encoders of rendered grid worlds: what the tiles look like, and how they change."""

from __future__ import annotations

import numpy as np


class Tiles:
    """The mean colours of the 7 x 7 tiles that the agent sees, from -1 to 1."""

    stream = "frames"
    width = 147

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """uint8 [time, 49, 3] to float32 [time, 147]."""
        return frames.reshape(len(frames), -1).astype(np.float32) / 127.5 - 1


class Motion(Tiles):
    """The change of each tile's mean colour since the frame before; 0 in the first frame."""

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """uint8 [time, 49, 3] to float32 [time, 147]."""
        tiles = super().encode(frames)
        return np.diff(tiles, axis=0, prepend=tiles[:1])
