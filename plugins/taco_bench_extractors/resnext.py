"""3D ResNeXt-101, the paper's "I3D-X101"."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from taco_bench.api import Sampling, UserError, sha256_of

if TYPE_CHECKING:
    import torch


class ResNeXt101Kinetics:
    """3D ResNeXt-101 trained on Kinetics-400 (Hara et al.): 1.5 rows a second, each of 16 frames.

    24 frames a second, short side 112, centre crop, the last group filled up with black frames: as antoine77340/video_feature_extractor
    does it, and with its rows of length 1. Weights: resnext-101-kinetics.pth, see the README of kenshohara/3D-ResNets-PyTorch.

    Args:
        weights: the file resnext-101-kinetics.pth.
        normalize: bring rows to length 1, as the public extractor does.
    """

    stream = "i3d-x101"
    width = 2048
    sampling = Sampling(fps=24, size=112, crop=True, group=16)
    cut = "howto100m"
    batch = 8

    def __init__(self, weights: str = "", normalize: bool = True) -> None:
        self.weights, self.normalize = weights, normalize

    def files(self) -> list[Path]:
        """The checkpoint.

        Raises:
            UserError: none is named.
        """
        if not self.weights:
            hint = "download resnext-101-kinetics.pth (the README of github.com/kenshohara/3D-ResNets-PyTorch says where) and name the file"
            raise UserError("resnext101-3d needs its weights", where="--weights", hint=hint)
        return [Path(self.weights)]

    def fingerprint(self) -> str:
        """The hash of the checkpoint."""
        return sha256_of(*self.files())

    def network(self) -> torch.nn.Module:
        """The network without its classifier."""
        from taco_bench_extractors.resnext_network import ResNeXt101
        from taco_bench_extractors.rows import Rows
        from taco_bench_extractors.weights import load

        network = load(ResNeXt101, self.files()[0])
        del network.fc
        return Rows(network, network.__call__, mean=(110.6, 103.2, 96.3), std=(1.0, 1.0, 1.0), normalize=self.normalize)
