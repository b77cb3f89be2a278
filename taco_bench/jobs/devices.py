"""The device of an experiment, without importing torch where there is nothing to ask it."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

from taco_bench.config import Experiment


def resolve_device(experiment: Experiment) -> Experiment:
    """The experiment with "auto" replaced by the device and the precision that this machine offers.

    Raises:
        UserError: a GPU is asked for where there is none, or bfloat16 on a CPU.
    """
    train = experiment.train
    if (train.device == "cpu" or (train.device == "auto" and not has_driver())) and train.precision in ("auto", "float32"):
        return experiment.model_copy(update={"train": train.model_copy(update={"device": "cpu", "precision": "float32"})})
    from taco_bench.train.device import resolve_device as ask_torch

    return ask_torch(experiment)


@cache
def has_driver() -> bool:
    """Whether torch could find a GPU at all: without the driver's library it cannot."""
    for library in ("libcuda.so.1", "nvcuda.dll"):
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        return True
    return Path("/dev/kfd").exists()  # AMD's, for ROCm builds
