"""The network of ``constant-scores``; a module of its own, so that listing components does not import torch."""

from __future__ import annotations

from torch import Tensor, nn


class Blind(nn.Module):
    """Tokens that say nothing."""

    width = 1

    def forward(self, windows: Tensor, lengths: Tensor) -> Tensor:
        """Zeros [windows, rows, 1]."""
        return windows.new_zeros(*windows.shape[:2], 1)
