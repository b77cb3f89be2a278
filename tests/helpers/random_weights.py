"""Checkpoints in the public layout of a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn


def public(make: Callable[[], nn.Module], path: Path, wrap: Callable[[dict[str, Any]], object] = lambda state: state) -> Path:
    """A checkpoint with random weights, small enough that activations stay in range."""
    torch.manual_seed(0)
    with torch.device("meta"):
        layout = make().state_dict()
    state = {}
    for name, tensor in layout.items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.zeros((), dtype=torch.long)
        elif name.endswith("running_var"):
            state[name] = torch.ones(tensor.shape)
        else:
            state[name] = torch.randn(tensor.shape) * (0.02 if tensor.dim() > 1 else 0.1)
    torch.save(wrap(state), path)
    return path
