"""The encoder of the planted worlds."""

from __future__ import annotations

import numpy as np


class Planted:
    """The frames as they are made: 16 numbers for nouns, 16 for verbs, 8 for the scene, 4 for the turn."""

    stream = "planted"
    width = 44

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """[time, 44] to float32 [time, 44]."""
        return np.asarray(frames, np.float32)
