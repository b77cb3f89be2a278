"""3D ResNeXt-101 (Hara et al., CVPR 2018: 32 groups, projection shortcuts "B"), trained on Kinetics-400 with 16 frames of 112 pixels.

The state dict has the names and shapes of the public ``resnext-101-kinetics.pth`` (kenshohara/3D-ResNets-PyTorch: models/resnext.py of
2017). Where they come from: that file's attributes, and code that loads the public file, which keeps its weights under ``state_dict``
with the prefix ``module.``. The public file was not at hand; made by torch 0.2, it has no ``num_batches_tracked``, which is allowed for.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 32
BLOCKS = {1: (3, 128), 2: (4, 256), 3: (23, 512), 4: (3, 1024)}
"""Of each stage: how many blocks, and how many channels inside them; twice as many leave."""

CLASSES = 400


class Block(nn.Module):
    """A bottleneck: 1 x 1 x 1, grouped 3 x 3 x 3, 1 x 1 x 1, added to its input.

    Args:
        entering: channels that enter.
        width: channels inside; twice as many leave.
        stride: of the middle convolution, in time and space.
    """

    def __init__(self, entering: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(entering, width, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(width)
        self.conv2 = nn.Conv3d(width, width, 3, stride=stride, padding=1, groups=GROUPS, bias=False)
        self.bn2 = nn.BatchNorm3d(width)
        self.conv3 = nn.Conv3d(width, 2 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(2 * width)
        self.downsample: nn.Module | None = None
        if stride != 1 or entering != 2 * width:
            self.downsample = nn.Sequential(nn.Conv3d(entering, 2 * width, 1, stride=stride, bias=False), nn.BatchNorm3d(2 * width))

    def forward(self, x: Tensor) -> Tensor:
        """[rows, entering, time, height, width] to [rows, 2 x width, the rest over the stride]."""
        inner = F.relu(self.bn1(self.conv1(x)))
        inner = F.relu(self.bn2(self.conv2(inner)))
        inner = self.bn3(self.conv3(inner))
        return F.relu(inner + (x if self.downsample is None else self.downsample(x)))


class ResNeXt101(nn.Module):
    """The network; ``fc`` is its classifier, which features do not pass through."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(3, 64, 7, stride=(1, 2, 2), padding=3, bias=False)
        self.bn1 = nn.BatchNorm3d(64)
        entering = 64
        for stage, (blocks, width) in BLOCKS.items():
            first = Block(entering, width, stride=1 if stage == 1 else 2)
            self.add_module(f"layer{stage}", nn.Sequential(first, *(Block(2 * width, width, 1) for _ in range(blocks - 1))))
            entering = 2 * width
        self.fc = nn.Linear(entering, CLASSES)

    def forward(self, video: Tensor) -> Tensor:
        """The mean of the last stage over time and space.

        For 16 frames of 112 pixels this is the published network's average pooling of 1 x 4 x 4.

        Args:
            video: [rows, 3, time, height, width], RGB in 0 .. 255 less the channels' means.

        Returns:
            [rows, 2048].
        """
        x = F.max_pool3d(F.relu(self.bn1(self.conv1(video))), 3, stride=2, padding=1)
        for stage in BLOCKS:
            x = self.get_submodule(f"layer{stage}")(x)
        return x.mean((2, 3, 4))
