"""Names, shapes and counts of the networks against what is known of their public checkpoints; nothing is computed, nothing allocated."""

from __future__ import annotations

import hashlib

import pytest
import torch
from taco_bench_extractors.efficientnet_network import EfficientNetLite0
from taco_bench_extractors.resnet import of_transformers
from taco_bench_extractors.resnext_network import ResNeXt101
from taco_bench_extractors.s3d_network import S3D
from torch import nn
from transformers import ResNetConfig, ResNetForImageClassification

Layout = dict[str, tuple[int, ...]]


def resnet152() -> nn.Module:
    return ResNetForImageClassification(ResNetConfig(depths=[3, 8, 36, 3], num_labels=1000))


NETWORKS = {"s3d": S3D, "resnext101-3d": ResNeXt101, "resnet152": resnet152, "efficientnet-lite0": EfficientNetLite0}

COUNTS = {
    "s3d": (31_211_336, ("fc", "text_module"), 9_146_000, 537),
    "resnext101-3d": (48_340_816, ("fc",), 47_521_216, 626),
    "resnet152": (60_192_808, ("classifier",), 58_143_808, 932),
    "efficientnet-lite0": (4_652_008, ("_fc",), 3_371_008, 296),
}
"""All parameters; the parts that features do not pass through; parameters without those; tensors in the state dict. 60,192,808 is
torchvision's figure, 47.5 M Hara et al.'s, 4.65 M that of the file on PyPI."""

SHAPES: dict[str, Layout] = {
    "s3d": {
        "conv1.conv1.weight": (64, 24, 2, 4, 4),
        "conv1.bn1.running_mean": (64,),
        "conv_2b.conv1.weight": (64, 64, 1, 1, 1),
        "conv_2c.conv1.weight": (192, 64, 1, 3, 3),
        "conv_2c.conv2.weight": (192, 192, 3, 1, 1),
        "conv_2c.bn2.weight": (192,),
        "gating.fc.weight": (192, 192),
        "mixed_3b.conv_b0.conv1.weight": (64, 192, 1, 1, 1),
        "mixed_3b.conv_b1_b.conv2.weight": (128, 128, 3, 1, 1),
        "mixed_3b.gating_b2.fc.bias": (32,),
        "mixed_3c.conv_b3_b.conv1.weight": (64, 256, 1, 1, 1),
        "mixed_4b.conv_b2_a.conv1.weight": (16, 480, 1, 1, 1),
        "mixed_4f.conv_b1_b.conv1.weight": (320, 160, 1, 3, 3),
        "mixed_5b.conv_b0.conv1.weight": (256, 832, 1, 1, 1),
        "mixed_5c.conv_b2_b.bn2.running_var": (128,),
        "mixed_5c.gating_b0.fc.weight": (384, 384),
        "fc.weight": (512, 1024),
        "text_module.word_embd.weight": (66250, 300),
        "text_module.fc1.weight": (2048, 300),
        "text_module.fc2.weight": (512, 2048),
    },
    "resnext101-3d": {
        "conv1.weight": (64, 3, 7, 7, 7),
        "bn1.running_var": (64,),
        "layer1.0.conv1.weight": (128, 64, 1, 1, 1),
        "layer1.0.conv2.weight": (128, 4, 3, 3, 3),
        "layer1.0.conv3.weight": (256, 128, 1, 1, 1),
        "layer1.0.downsample.0.weight": (256, 64, 1, 1, 1),
        "layer1.0.downsample.1.bias": (256,),
        "layer2.3.bn3.weight": (512,),
        "layer3.22.conv2.weight": (512, 16, 3, 3, 3),
        "layer4.0.downsample.0.weight": (2048, 1024, 1, 1, 1),
        "layer4.2.bn3.running_mean": (2048,),
        "fc.weight": (400, 2048),
    },
    "resnet152": {
        "resnet.embedder.embedder.convolution.weight": (64, 3, 7, 7),
        "resnet.encoder.stages.0.layers.0.shortcut.convolution.weight": (256, 64, 1, 1),
        "resnet.encoder.stages.2.layers.35.layer.1.convolution.weight": (256, 256, 3, 3),
        "resnet.encoder.stages.3.layers.2.layer.2.normalization.weight": (2048,),
        "classifier.1.weight": (1000, 2048),
    },
    "efficientnet-lite0": {
        "_conv_stem.weight": (32, 3, 3, 3),
        "_blocks.0._project_conv.weight": (16, 32, 1, 1),
        "_blocks.15._expand_conv.weight": (1152, 192, 1, 1),
        "_conv_head.weight": (1280, 320, 1, 1),
        "_fc.bias": (1000,),
    },
}

DIGESTS = {
    "s3d": "da83c726169fa0ad",
    "resnext101-3d": "27dddb6e79b6c72d",
    "resnet152": "47aa974fea06f746",
    "efficientnet-lite0": "d7f6403136a9eb86",
}
"""Of all names and shapes, sorted: that of efficientnet-lite0 was computed from the file on PyPI; the others keep what was checked."""


def layout(name: str) -> Layout:
    with torch.device("meta"):
        return {key: tuple(tensor.shape) for key, tensor in NETWORKS[name]().state_dict().items()}


def digest(found: Layout) -> str:
    return hashlib.sha256("\n".join(f"{name} {list(shape)}" for name, shape in sorted(found.items())).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", NETWORKS)
class TestLayout:
    def test_parameters(self, name: str) -> None:
        every, beside, without, tensors = COUNTS[name]
        with torch.device("meta"):
            network = NETWORKS[name]()
        sizes = {key: parameter.numel() for key, parameter in network.named_parameters()}
        assert sum(sizes.values()) == every
        assert sum(size for key, size in sizes.items() if key.partition(".")[0] not in beside) == without
        assert len(network.state_dict()) == tensors

    def test_names_and_shapes(self, name: str) -> None:
        found = layout(name)
        assert {key: found.get(key) for key in SHAPES[name]} == SHAPES[name]
        assert digest(found) == DIGESTS[name]


def test_s3d_is_as_large_as_the_public_file() -> None:
    """125,031,128 bytes: its numbers, and about 190 bytes a tensor for names and places."""
    with torch.device("meta"):
        state = S3D().state_dict()
    numbers = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    assert 150 < (125_031_128 - numbers) / len(state) < 250


def torchvision_layout() -> Layout:
    """ResNet-152 as torchvision names it, written from its description: four stages of 3, 8, 36 and 3 bottlenecks."""
    found: Layout = {"conv1.weight": (64, 3, 7, 7), "fc.weight": (1000, 2048), "fc.bias": (1000,)}

    def norm(name: str, width: int) -> None:
        for part in ("weight", "bias", "running_mean", "running_var"):
            found[f"{name}.{part}"] = (width,)
        found[f"{name}.num_batches_tracked"] = ()

    norm("bn1", 64)
    entering = 64
    for stage, (blocks, width) in enumerate(((3, 64), (8, 128), (36, 256), (3, 512)), start=1):
        for block in range(blocks):
            shapes = ((width, entering, 1, 1), (width, width, 3, 3), (4 * width, width, 1, 1))
            for number, shape in enumerate(shapes, start=1):
                found[f"layer{stage}.{block}.conv{number}.weight"] = shape
                norm(f"layer{stage}.{block}.bn{number}", shape[0])
            if block == 0:
                found[f"layer{stage}.0.downsample.0.weight"] = (4 * width, entering, 1, 1)
                norm(f"layer{stage}.0.downsample.1", 4 * width)
            entering = 4 * width
    return found


def test_torchvisions_names_are_all_of_transformers() -> None:
    theirs = torchvision_layout()
    assert len(theirs) == 932
    assert {of_transformers(name): shape for name, shape in theirs.items()} == layout("resnet152")


def test_names_of_transformers_stay() -> None:
    assert all(of_transformers(name) == name for name in layout("resnet152"))
