"""Weights from public checkpoints: read without running any code of theirs, and checked by name and shape against a network."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from taco_bench.api import DataError

State = dict[str, Tensor]
SHOWN = 3
COUNTER = "num_batches_tracked"
"""A count in each batch norm that old checkpoints lack; nothing is computed from it here."""


def load(make: Callable[[], nn.Module], path: Path, rename: Callable[[str], str] = lambda name: name) -> nn.Module:
    """A network for evaluation with the weights of a checkpoint.

    Args:
        make: the network; it is made without memory, which the checkpoint's tensors bring along.
        path: a torch file, or a .safetensors; a state dict, alone or under ``state_dict``, with or without the prefix ``module.``.
        rename: from a name in the checkpoint to the network's.

    Raises:
        DataError: the file is missing or no such file, or its names or shapes are not the network's; names them.
    """
    with torch.device("meta"):
        network = make()
    state = {rename(name): tensor for name, tensor in read_state(path).items()}
    expected = network.state_dict()
    for name, tensor in expected.items():
        if name.endswith(COUNTER):
            state.setdefault(name, torch.zeros_like(tensor, device="cpu"))
    _check(state, expected, path)
    network.load_state_dict({name: t.float() if t.is_floating_point() else t for name, t in state.items()}, assign=True)
    return network.eval().requires_grad_(False)


def read_state(path: Path) -> State:
    """The tensors of a checkpoint by name.

    Raises:
        DataError: there is no such file, it is malformed, or it holds something else.
    """
    if not path.is_file():
        raise DataError("there is no such file of weights", where=str(path), hint="--weights names the file")
    try:
        found = _safetensors(path) if path.suffix == ".safetensors" else _torch_file(path)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        hint = "download it again; a file that holds more than tensors is refused, since reading it could run code"
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"the weights cannot be read: {reason[:120]}", where=str(path), hint=hint) from error
    if isinstance(found, Mapping):
        found = found.get("state_dict", found)
    if not isinstance(found, Mapping) or not found or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise DataError("the file holds no state dict", where=str(path), hint="name a file that maps names to tensors")
    prefix = "module." if all(str(name).startswith("module.") for name in found) else ""
    return {str(name).removeprefix(prefix): tensor for name, tensor in found.items()}


def _torch_file(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about files that are no checkpoint, which are refused anyway
        return torch.load(path, map_location="cpu", weights_only=True)


def _safetensors(path: Path) -> State:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found: State = load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    return found


def _check(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], path: Path) -> None:
    misshapen = [
        f"{name} {list(state[name].shape)} instead of {list(tensor.shape)}"
        for name, tensor in expected.items()
        if name in state and state[name].shape != tensor.shape
    ]
    problems = {
        "missing": [name for name in expected if name not in state],
        "unexpected": [name for name in state if name not in expected],
        "of another shape": misshapen,
    }
    told = [f"{len(names)} {what} ({_some(names)})" for what, names in problems.items() if names]
    if told:
        hint = "is it the checkpoint of another network? `taco-bench show extractor NAME` says which file is meant"
        raise DataError("the weights do not fit the network: " + "; ".join(told), where=str(path), hint=hint)


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
