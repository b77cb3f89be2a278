"""Checkpoints in their public forms are loaded as they are; others are refused with the names that do not fit."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from taco_bench_extractors.weights import load
from torch import Tensor, nn

from taco_bench.errors import DataError


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 2)


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {name: torch.rand_like(t) if t.is_floating_point() else t for name, t in Small().state_dict().items()}


def old(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """As torch 0.2 saved it."""
    return {name: tensor for name, tensor in state.items() if "num_batches" not in name}


FORMS: dict[str, Callable[[dict[str, Tensor]], object]] = {
    "a state dict": lambda state: state,
    "of a training on several GPUs": lambda state: {"module." + name: tensor for name, tensor in state.items()},
    "a training's checkpoint": lambda state: {
        "epoch": 3,
        "arch": "resnext-101",
        "state_dict": {"module." + name: tensor for name, tensor in old(state).items()},
        "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]},
    },
    "an old one": old,
    "in float16": lambda state: {name: t.half() if t.is_floating_point() else t for name, t in state.items()},
}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_public_forms(form: str, zipped: bool, state: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(FORMS[form](state), path, _use_new_zipfile_serialization=zipped)
    found = load(Small, path)
    tolerance = 1e-3 if form == "in float16" else 0
    for name, tensor in found.state_dict().items():
        assert torch.allclose(tensor, state[name], atol=tolerance, rtol=0), name
        assert tensor.dtype == state[name].dtype
    assert not found.training
    assert not any(parameter.requires_grad or parameter.is_meta for parameter in found.parameters())


def test_safetensors(state: dict[str, Tensor], tmp_path: Path) -> None:
    save_file(state, tmp_path / "model.safetensors")
    assert torch.equal(load(Small, tmp_path / "model.safetensors").fc.weight, state["fc.weight"])


def refused(content: object, path: Path) -> DataError:
    torch.save(content, path)
    with pytest.raises(DataError) as caught:
        load(Small, path)
    assert caught.value.where == str(path)
    return caught.value


def test_all_that_does_not_fit_is_named(state: dict[str, Tensor], tmp_path: Path) -> None:
    wrong = {**state, "fc.weight": torch.zeros(7, 4), "more": torch.zeros(1)}
    del wrong["conv1.weight"]
    what = refused(wrong, tmp_path / "weights.pth").what
    assert "1 missing (conv1.weight)" in what
    assert "1 unexpected (more)" in what
    assert "1 of another shape (fc.weight [7, 4] instead of [2, 4])" in what


def test_another_network_is_named_by_a_few_of_its_names(tmp_path: Path) -> None:
    what = refused({f"layer.{n}": torch.zeros(1) for n in range(50)}, tmp_path / "weights.pth").what
    assert "7 missing (conv1.weight, bn1.weight, bn1.bias, ...)" in what
    assert "50 unexpected (layer.0, layer.1, layer.2, ...)" in what


@pytest.mark.parametrize("content", [[1, 2], {}, {"weights": 3}, {"state_dict": {"a": {"b": 1}}}, "text"])
def test_a_file_of_something_else(content: object, tmp_path: Path) -> None:
    assert "no state dict" in refused(content, tmp_path / "weights.pth").what


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("exploded"),))


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
@pytest.mark.parametrize("kind", ["missing", "empty", "text", "truncated", "code"])
def test_unreadable(kind: str, name: str, state: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    match kind:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("not found")
        case "truncated":
            save_file(state, path) if path.suffix == ".safetensors" else torch.save(state, path)
            path.write_bytes(path.read_bytes()[:300])
        case "code":
            path.write_bytes(pickle.dumps({"state_dict": Bomb()}))
    with pytest.raises(DataError, match="no such file" if kind == "missing" else "cannot be read") as caught:
        load(Small, path)
    assert caught.value.where == str(path)
    assert not Path("exploded").exists()
