"""The one place where a device and a precision are chosen."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

import torch

from taco_bench.config import Experiment
from taco_bench.errors import UserError


def resolve_device(experiment: Experiment) -> Experiment:
    """The experiment with "auto" replaced by the device and the precision that this machine offers.

    Raises:
        UserError: a GPU is asked for where there is none, or bfloat16 on a CPU.
    """
    train = experiment.train
    device = train.device if train.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("torch finds no GPU", where="--device cuda", hint="--device cpu, or a CUDA build of torch with a driver")
    fast = device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    precision = train.precision if train.precision != "auto" else "bfloat16" if fast else "float32"
    if precision == "bfloat16" and device == "cpu":
        hint = "--set train.precision=float32; most CPUs compute bfloat16 20 times slower"
        raise UserError("bfloat16 is for GPUs", where="train.precision", hint=hint)
    return experiment.model_copy(update={"train": train.model_copy(update={"device": device, "precision": precision})})


def set_up(experiment: Experiment) -> torch.device:
    """Threads and determinism for one training, and its device."""
    torch.set_num_threads(experiment.train.threads)
    if experiment.train.device == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a kernel for each tensor made
        torch.backends.cuda.enable_cudnn_sdp(False)  # its attention takes milliseconds a call on the CPU, and is not deterministic
    return torch.device(experiment.train.device)


def autocast(experiment: Experiment) -> AbstractContextManager[object]:
    """The precision that the forward pass runs in."""
    train = experiment.train
    return torch.autocast(train.device, torch.bfloat16, enabled=train.precision == "bfloat16")


def describe_device(experiment: Experiment) -> str:
    """The hardware, in words."""
    if experiment.train.device == "cuda":
        return torch.cuda.get_device_name()
    threads = experiment.train.threads
    return f"CPU {torch.backends.cpu.get_cpu_capability()}, {threads} thread{'s' if threads > 1 else ''}"
