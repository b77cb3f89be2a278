"""Encoders that read features as a data set has them."""

from __future__ import annotations

import numpy as np


class VggAutoencoder:
    """Features of a 2D network (VGG16) after an auto-encoder, as they are stored."""

    stream = "vgg16-ae128"
    width = 128

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """[time, 128] to float32 [time, 128]."""
        return np.asarray(frames, np.float32)
