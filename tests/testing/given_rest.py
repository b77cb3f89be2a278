"""What the contracts need to run on the first-party components of all other kinds."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from helpers.feature_forms import FORMS
from helpers.random_weights import public
from naive_metrics import frame_figures, retrieval_figures, step_figures
from taco_bench_extractors.resnext_network import ResNeXt101
from taco_bench_extractors.s3d_network import S3D
from taco_bench_text.tiny import Tiny
from torch import nn
from transformers import ResNetConfig, ResNetForImageClassification

from taco_bench.api import Evaluation
from taco_bench.testing import MadeTraining
from taco_bench.testing.samples import TRAINING


class Frames:
    """Rendered frames, of a few colours."""

    def frames(self, encoder: Any, rows: int) -> np.ndarray:
        return np.random.default_rng(0).integers(0, 4, (64, 49, 3)).astype(np.uint8)[:rows]


class Moving(Frames):
    """The change since the frame before."""

    row_wise: ClassVar[bool] = False


class SavedBert:
    """A small BERT in a folder, as transformers saves it."""

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        tiny = Tiny(width=16, layers=1, heads=2)
        tiny.fit(TRAINING, 40)
        torch.manual_seed(0)
        tiny.network().save_pretrained(folder)  # type: ignore[operator]
        tiny.tokenizer().save(str(folder / "tokenizer.json"))
        return {"name": str(folder)}


class Retrieval:
    def reference(self, trained: MadeTraining, found: Evaluation) -> dict[str, float]:
        return retrieval_figures(trained)


class Localization:
    def reference(self, trained: MadeTraining, found: Evaluation) -> dict[str, float]:
        return step_figures(trained)


class Segmentation:
    options: ClassVar[Mapping[str, Any]] = {"window": 16, "train_stride": 8, "epochs": 8, "learning_rate": 0.03}
    tolerance: ClassVar[float] = 3.0

    def reference(self, trained: MadeTraining, found: Evaluation) -> dict[str, float]:
        return frame_figures(trained, found)


class TwoWorkers:
    options: ClassVar[Mapping[str, Any]] = {"workers": 2}


class Written:
    """Files of the form that a reader reads."""

    name: ClassVar[str]

    @property
    def _form(self) -> Callable[..., Any]:
        return FORMS[{"ce-pickle": "ce", "mmt-h5": "mmt", "mmpt-first32": "npy_folder"}.get(self.name, self.name.replace("-", "_"))]

    def sample(self, folder: Path) -> Path:
        path: Path = self._form(folder).path
        return path


class NamedOnly(Written):
    by_name_only: ClassVar[bool] = True


random_weights = functools.cache(public)


class RandomWeights:
    """Random weights, on small pictures: what is checked does not depend on either."""

    make: ClassVar[Callable[[], nn.Module]]
    wrap: ClassVar[Callable[[Any], Any]] = staticmethod(lambda state: state)
    file: ClassVar[str]
    side = 64

    @pytest.fixture(autouse=True)
    def _once(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.getbasetemp() / "random-weights"
        folder.mkdir(exist_ok=True)
        self.path = random_weights(type(self).make, folder / self.file, type(self).wrap)

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        return {"weights": str(self.path)}

    def pictures(self, extractor: Any, rows: int = 3, width: int | None = None) -> torch.Tensor:
        shape = (rows, extractor.sampling.group, 3, self.side, self.side * 4 // 3 if width else self.side)
        return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


class S3dWeights(RandomWeights):
    make, file = staticmethod(S3D), "s3d_howto100m.pth"


class ResnextWeights(RandomWeights):
    make, file = staticmethod(ResNeXt101), "resnext-101-kinetics.pth"
    wrap = staticmethod(lambda state: {"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}})


def _resnet152() -> nn.Module:
    return ResNetForImageClassification(ResNetConfig(depths=[3, 8, 36, 3], num_labels=1000))


class ResnetWeights(RandomWeights):
    make, file = staticmethod(_resnet152), "pytorch_model.bin"

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        return {"weights": str(self.path)}


GIVEN: dict[tuple[str, str], type] = {
    ("encoder", "tiles"): Frames,
    ("encoder", "motion"): Moving,
    ("text-encoder", "bert"): SavedBert,
    ("task", "retrieval"): Retrieval,
    ("task", "step-localization"): Localization,
    ("task", "action-segmentation"): Segmentation,
    ("launcher", "local"): TwoWorkers,
    ("extractor", "s3d"): S3dWeights,
    ("extractor", "resnext101-3d"): ResnextWeights,
    ("extractor", "resnet152"): ResnetWeights,
    ("reader", "ms-tcn"): NamedOnly,
    ("reader", "mmpt-first32"): NamedOnly,
}
FOR_A_KIND: dict[str, type] = {"reader": Written}
