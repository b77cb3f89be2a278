"""The network, in a module of its own because it imports torch."""

import torch


class MeanColour(torch.nn.Module):
    """uint8 [rows, group, 3, height, width] to float32 [rows, 3], from 0 to 1."""

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """The mean over the frames of a group and their pixels."""
        return frames.float().mean(dim=(1, 3, 4)) / 255
