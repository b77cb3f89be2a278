"""Encoders that read what extractors made of videos: the streams of the paper's Tab. 2, and whatever a user extracted alike."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

Width = Annotated[int, Field(gt=0)]
LEAST = 1e-12
"""A row of zeros stays one, as torch.nn.functional.normalize leaves it."""


class Extracted:
    """Rows as they are stored, or of length 1.

    Args:
        width: numbers a row.
        normalize: bring each row to length 1.
    """

    stream = ""

    def __init__(self, width: int, normalize: bool) -> None:
        self.width, self.normalize = width, normalize

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """[time, width] to float32 [time, width]."""
        rows = np.asarray(frames, np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(LEAST) if self.normalize else rows


class R152(Extracted):
    """ResNet-152 trained on ImageNet, one row a second (paper 4.2, Tab. 2: "R-152").

    Args:
        normalize: bring each row to length 1; whether the paper does is not stated, and its source of features stores such rows.
    """

    stream = "r152"

    def __init__(self, normalize: bool = False) -> None:
        super().__init__(2048, normalize)


class I3DX101(Extracted):
    """3D ResNeXt-101 trained on Kinetics-400, 1.5 rows a second (paper 4.2, Tab. 2: "I3D-X101").

    Args:
        normalize: bring each row to length 1; whether the paper does is not stated, and its source of features stores such rows.
    """

    stream = "i3d-x101"

    def __init__(self, normalize: bool = False) -> None:
        super().__init__(2048, normalize)


class S3DHM(Extracted):
    """S3D trained with MIL-NCE on HowTo100M (paper 4.2, Tab. 2: "S3D-HM").

    Args:
        width: numbers a row: 512 of the joint space (VideoCLIP) or 1024 of mixed_5c (UniVL); the paper does not state it.
        normalize: bring each row to length 1; whether the paper does is not stated.
    """

    stream = "s3d-hm"

    def __init__(self, width: Width = 512, normalize: bool = False) -> None:
        super().__init__(width, normalize)


class EfficientNetLite0(Extracted):
    """EfficientNet-lite0 trained on ImageNet, one row a second; no encoder of the paper.

    Args:
        normalize: bring each row to length 1.
    """

    stream = "efficientnet-lite0"

    def __init__(self, normalize: bool = False) -> None:
        super().__init__(1280, normalize)
