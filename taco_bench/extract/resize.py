"""The size of pictures that a network sees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from taco_bench.api import Sampling


def scaled(height: int, width: int, size: int) -> tuple[int, int]:
    """Height and width with the shorter side at ``size``; the other is rounded down (antoine77340/video_feature_extractor)."""
    return (height * size // width, size) if height >= width else (size, width * size // height)


def fit(image: npt.NDArray[np.uint8], scale: tuple[int, int], sampling: Sampling) -> Tensor:
    """uint8 [height, width, 3] to uint8 [3, *scale], or its middle square.

    Bicubic and anti-aliased, as FFmpeg's scaler is by default.
    """
    picture = torch.from_numpy(image).permute(2, 0, 1)[None]
    resized = F.interpolate(picture, scale, mode="bicubic", antialias=True)[0]
    if not sampling.crop:
        return resized
    top, left = ((side - sampling.size) // 2 for side in scale)
    return resized[:, top : top + sampling.size, left : left + sampling.size]
