"""On a CUDA device: near the CPU, and the same figures twice."""

import pytest
import torch
from builders import experiment, plugins, prepared

from taco_bench.train.loop import Training

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")]


def losses(folder, device, precision="float32", steps=5):
    settings = experiment(train={"device": device, "precision": precision})
    run = Training(settings, 0, prepared(), plugins(), folder)
    return [run.step(step).losses for step in range(steps)]


def test_near_the_cpu(tmp_path):
    on_gpu, on_cpu = losses(tmp_path / "gpu", "cuda"), losses(tmp_path / "cpu", "cpu")
    for one, other in zip(on_gpu, on_cpu, strict=True):
        assert one == pytest.approx(other, rel=1e-3)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_same_twice(tmp_path, precision):
    assert losses(tmp_path / "a", "cuda", precision) == losses(tmp_path / "b", "cuda", precision)
