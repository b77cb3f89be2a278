"""ResNet-152, the paper's "R-152"."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from taco_bench.api import DataError, Sampling, sha256_of
from taco_bench_extractors.hub import HubError, from_hub

if TYPE_CHECKING:
    import torch

NAMES = ("model.safetensors", "pytorch_model.bin")
MEAN = tuple(255 * value for value in (0.485, 0.456, 0.406))
STD = tuple(255 * value for value in (0.229, 0.224, 0.225))


class ResNet152:
    """ResNet-152 trained on ImageNet: one row a second, of one frame.

    Short side 224, no crop, the mean over the last map: as antoine77340/video_feature_extractor does it, and with its rows of length 1. Its
    weights are torchvision's (on the hub: timm/resnet152.tv_in1k); microsoft/resnet-152 is the same network trained by another recipe.

    Args:
        weights: a name on the Hugging Face hub, a folder with model.safetensors, or a file such as torchvision's resnet152-394f9c45.pth;
            with the names of transformers or of torchvision.
        normalize: bring rows to length 1, as the public extractor does.
    """

    stream = "r152"
    width = 2048
    sampling = Sampling(fps=1, size=224, crop=False, group=1)
    cut = "howto100m"
    batch = 16

    def __init__(self, weights: str = "timm/resnet152.tv_in1k", normalize: bool = True) -> None:
        self.weights, self.normalize = weights, normalize

    def files(self) -> list[Path]:
        """The checkpoint, fetched from the hub where it is a name.

        Raises:
            DataError: it is nowhere.
        """
        path = Path(self.weights).expanduser()
        if path.is_file():
            return [path]
        if path.is_dir():
            found = next((path / name for name in NAMES if (path / name).is_file()), None)
            why = f"the folder has no {' and no '.join(NAMES)}"
        else:
            found, why = None, "there is no such file or folder, and "
            try:
                found = from_hub(self.weights, NAMES)
            except HubError as error:
                why += str(error)
        if found is None:
            hint = "--weights FILE, such as torchvision's resnet152-394f9c45.pth, or --weights FOLDER with model.safetensors"
            raise DataError(f"the weights {self.weights!r} cannot be had: {why}", where="--weights", hint=hint)
        return [found]

    def fingerprint(self) -> str:
        """The hash of the checkpoint."""
        return sha256_of(*self.files())

    def network(self) -> torch.nn.Module:
        """The network without its classifier."""
        from transformers import ResNetConfig, ResNetForImageClassification

        from taco_bench_extractors.rows import Rows
        from taco_bench_extractors.weights import load

        config = ResNetConfig(depths=[3, 8, 36, 3], layer_type="bottleneck", num_labels=1000)
        network = load(lambda: ResNetForImageClassification(config), self.files()[0], of_transformers).get_submodule("resnet")
        return Rows(network, lambda pictures: network(pictures).pooler_output.flatten(1), MEAN, STD, self.normalize)


def of_transformers(name: str) -> str:
    """A name of torchvision's ResNet as transformers has it; any other as it is."""
    kinds = {"conv": "convolution", "bn": "normalization"}
    if stem := re.fullmatch(r"(conv|bn)1\.(\w+)", name):
        return f"resnet.embedder.embedder.{kinds[stem[1]]}.{stem[2]}"
    if inner := re.fullmatch(r"layer(\d)\.(\d+)\.(conv|bn)(\d)\.(\w+)", name):
        stage, layer, kind, number, rest = inner.groups()
        return f"resnet.encoder.stages.{int(stage) - 1}.layers.{layer}.layer.{int(number) - 1}.{kinds[kind]}.{rest}"
    if shortcut := re.fullmatch(r"layer(\d)\.(\d+)\.downsample\.([01])\.(\w+)", name):
        stage, layer, number, rest = shortcut.groups()
        return f"resnet.encoder.stages.{int(stage) - 1}.layers.{layer}.shortcut.{['convolution', 'normalization'][int(number)]}.{rest}"
    return re.sub(r"^fc\.", "classifier.1.", name)
