"""The state of a training between steps: weights, optimizer and step, in one safetensors file that is replaced whole."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from taco_bench.atomic import replace_file
from taco_bench.errors import DataError

if TYPE_CHECKING:
    from taco_bench.model.taco import TACo


def save_state(path: Path, model: TACo, optimizer: torch.optim.Optimizer, progress: dict[str, Any]) -> None:
    """Save everything that the next step depends on; random numbers are functions of the step and need no state."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in state.items()}
    replace_file(path, partial(_write, tensors, {name: json.dumps(value) for name, value in progress.items()}))


def load_state(path: Path, model: TACo, optimizer: torch.optim.Optimizer) -> dict[str, Any] | None:
    """Load what :func:`save_state` saved; None where there is nothing."""
    if not path.is_file():
        return None
    tensors, progress = _read(path)
    model.load_state_dict({name.removeprefix("model."): value for name, value in tensors.items() if name.startswith("model.")})
    whole = optimizer.state_dict()
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".")
            whole["state"].setdefault(int(index), {})[key] = value
    optimizer.load_state_dict(whole)
    return {name: json.loads(value) for name, value in progress.items()}


def save_weights(path: Path, model: TACo, tokenizer: str = "") -> None:
    """Save a model's weights, and the tokenizer without which its word vectors mean nothing."""
    replace_file(path, partial(_write, dict(model.state_dict()), {"tokenizer": tokenizer} if tokenizer else {}))


def load_weights(path: Path, model: TACo) -> None:
    """Load a model's weights.

    Raises:
        DataError: the file is missing or not whole.
    """
    model.load_state_dict(_read(path)[0])


def read_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a file, by name.

    Raises:
        DataError: the file is missing or not whole.
    """
    return _read(path)[0]


def read_tokenizer(path: Path) -> str:
    """The tokenizer beside the weights in a file, as JSON; empty where there is none.

    Raises:
        DataError: the file is missing or not whole.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return str((file.metadata() or {}).get("tokenizer", ""))
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from None


def _write(tensors: dict[str, Tensor], metadata: dict[str, str], path: Path) -> None:
    from safetensors.torch import save_file

    save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, path, metadata)


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118  # not a dict
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"a checkpoint cannot be read: {error}", where=str(path), hint="delete it; the training starts again")
