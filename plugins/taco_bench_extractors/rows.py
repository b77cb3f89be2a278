"""From groups of frames to rows of features: what all extractors have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Rows(nn.Module):
    """A network with the preparation of its input.

    Args:
        network: made for evaluation.
        compute: from the prepared frames to [rows, width]; the frames are [rows, 3, height, width] where a row is made from one, else
            [rows, 3, time, height, width].
        mean, std: of red, green and blue, in 0 .. 255; a pixel becomes (pixel - mean) / std.
        normalize: whether rows are brought to length 1.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, network: nn.Module, compute: Callable[[Tensor], Tensor], mean: Sequence[float], std: Sequence[float], normalize: bool
    ) -> None:
        super().__init__()
        self.network, self.compute, self.normalize = network, compute, normalize
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))
        self.eval()

    def forward(self, frames: Tensor) -> Tensor:
        """uint8 [rows, group, 3, height, width] to float32 [rows, width]."""
        pixels = (frames.float() - self.mean) / self.std
        found = self.compute(pixels[:, 0] if pixels.shape[1] == 1 else pixels.transpose(1, 2))
        return F.normalize(found, dim=1) if self.normalize else found
