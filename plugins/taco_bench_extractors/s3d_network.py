"""S3D with gating (Xie et al., ECCV 2018) as MIL-NCE trained it on HowTo100M (Miech et al., CVPR 2020).

The state dict has the names and shapes of the public ``s3d_howto100m.pth`` (antoine77340/S3D_HowTo100M). The file itself was not at hand;
the names are the attributes of that repository's s3dg.py, into which its README loads the file strictly, and a state dict of this layout
saved in torch's old format is 125,027,542 bytes, the public file 125,031,128: no tensor can be missing or of another size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WORDS, WORD_WIDTH, TEXT_HIDDEN = 66250, 300, 2048
JOINT = 512
"""Width of the space in which MIL-NCE compares videos and texts."""

MIXED = {
    "3b": (64, 96, 128, 16, 32, 32),
    "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64),
    "4c": (160, 112, 224, 24, 64, 64),
    "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64),
    "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128),
    "5c": (384, 192, 384, 48, 128, 128),
}
"""Channels of each inception block: branch 0; branch 1 before and after its 3 x 3 x 3; branch 2 likewise; branch 3."""


class Convolution(nn.Module):
    """Convolution, batch norm and ReLU; a separable one does space first, then time.

    Args:
        channels: in and out.
        kernel: time, height, width.
        padding: likewise.
        separable: split it into 1 x h x w and t x 1 x 1, each with its norm.
    """

    def __init__(
        self, channels: tuple[int, int], kernel: Sequence[int] = (1, 1, 1), padding: Sequence[int] = (0, 0, 0), separable: bool = False
    ) -> None:
        super().__init__()
        (entering, leaving), (t, h, w), (pt, ph, pw) = channels, kernel, padding
        first, padded = ((1, h, w), (0, ph, pw)) if separable else ((t, h, w), (pt, ph, pw))
        self.conv1 = nn.Conv3d(entering, leaving, first, padding=padded, bias=False)
        self.bn1 = nn.BatchNorm3d(leaving)
        self.separable = separable
        if separable:
            self.conv2 = nn.Conv3d(leaving, leaving, (t, 1, 1), padding=(pt, 0, 0), bias=False)
            self.bn2 = nn.BatchNorm3d(leaving)

    def forward(self, x: Tensor) -> Tensor:
        """[rows, in, time, height, width] to the same with ``out`` channels."""
        x = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(x))) if self.separable else x


class Gating(nn.Module):
    """Each channel times a sigmoid of a linear map of all channels' means."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """[rows, channels, time, height, width] to the same."""
        return x * torch.sigmoid(self.fc(x.mean((2, 3, 4))))[:, :, None, None, None]


class Mixed(nn.Module):
    """An inception block of four gated branches.

    Args:
        width: channels that enter.
        channels: as in :data:`MIXED`.
    """

    def __init__(self, width: int, channels: Sequence[int]) -> None:
        super().__init__()
        b0, b1_a, b1_b, b2_a, b2_b, b3 = channels
        cube = {"kernel": (3, 3, 3), "padding": (1, 1, 1)}
        self.conv_b0 = Convolution((width, b0))
        self.conv_b1_a = Convolution((width, b1_a))
        self.conv_b1_b = Convolution((b1_a, b1_b), **cube, separable=True)
        self.conv_b2_a = Convolution((width, b2_a))
        self.conv_b2_b = Convolution((b2_a, b2_b), **cube, separable=True)
        self.conv_b3_b = Convolution((width, b3))
        self.gating_b0, self.gating_b1, self.gating_b2, self.gating_b3 = (Gating(leaving) for leaving in (b0, b1_b, b2_b, b3))

    def forward(self, x: Tensor) -> Tensor:
        """[rows, in, time, height, width] to the same with the branches' channels, one after the other."""
        branches = (
            self.gating_b0(self.conv_b0(x)),
            self.gating_b1(self.conv_b1_b(self.conv_b1_a(x))),
            self.gating_b2(self.conv_b2_b(self.conv_b2_a(x))),
            self.gating_b3(self.conv_b3_b(F.max_pool3d(x, 3, stride=1, padding=1))),
        )
        return torch.cat(branches, dim=1)


class Text(nn.Module):
    """The weights of MIL-NCE's text side. They are in the file, so they are in the layout; nothing here computes with them."""

    def __init__(self) -> None:
        super().__init__()
        self.word_embd = nn.Embedding(WORDS, WORD_WIDTH)
        self.fc1 = nn.Linear(WORD_WIDTH, TEXT_HIDDEN)
        self.fc2 = nn.Linear(TEXT_HIDDEN, JOINT)


class S3D(nn.Module):
    """The video network; call :meth:`forward` for mixed_5c, and ``fc`` on it for the joint space."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Convolution((24, 64), (2, 4, 4), (1, 2, 2))
        self.conv_2b = Convolution((64, 64))
        self.conv_2c = Convolution((64, 192), (3, 3, 3), (1, 1, 1), separable=True)
        self.gating = Gating(192)
        widths = [192, *(c[0] + c[2] + c[4] + c[5] for c in MIXED.values())]
        for (entering, _), (name, channels) in zip(pairwise(widths), MIXED.items(), strict=True):
            self.add_module(f"mixed_{name}", Mixed(entering, channels))
        self.fc = nn.Linear(widths[-1], JOINT)
        self.text_module = Text()

    def forward(self, video: Tensor) -> Tensor:
        """The mean of mixed_5c over time and space.

        Args:
            video: [rows, 3, time, height, width] in 0 .. 1, all three even.

        Returns:
            [rows, 1024].
        """
        x = self.conv1(_space_to_depth(video))[:, :, 1:, 1:, 1:]  # one row less at each front: TensorFlow's SAME for an even kernel
        x = self.conv_2c(self.conv_2b(_pool(x, (1, 3, 3), (1, 2, 2))))
        x = _pool(self.gating(x), (1, 3, 3), (1, 2, 2))
        for name in MIXED:
            if name == "4b":
                x = _pool(x, (3, 3, 3), (2, 2, 2))
            elif name == "5b":
                x = _pool(x, (2, 2, 2), (2, 2, 2))
            x = self.get_submodule(f"mixed_{name}")(x)
        mean: Tensor = x.mean((2, 3, 4))
        return mean


def _space_to_depth(video: Tensor) -> Tensor:
    """Each 2 x 2 x 2 block of pixels becomes one of 24 channels: offset in time, height, width, then colour, the colour fastest."""
    rows, colours, t, h, w = video.shape
    blocks = video.reshape(rows, colours, t // 2, 2, h // 2, 2, w // 2, 2)
    return blocks.permute(0, 3, 5, 7, 1, 2, 4, 6).reshape(rows, 8 * colours, t // 2, h // 2, w // 2)


def _pool(x: Tensor, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> Tensor:
    """Maximum pooling as TensorFlow's SAME: zeros around (nothing is below 0 here), the odd one behind; a last window may be cut off."""
    around = [((k - s) // 2, (k - s) - (k - s) // 2) for k, s in zip(kernel, stride, strict=True)]
    padding = [side for pair in reversed(around) for side in pair]  # F.pad starts at the last axis
    return F.max_pool3d(F.pad(x, padding), kernel, stride, ceil_mode=True)
