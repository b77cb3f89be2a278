"""The frames of a planted world, with large numbers squeezed."""

from __future__ import annotations

import numpy as np
from taco_bench import hookimpl
from taco_bench.hookspecs import Register


class MyComponent:
    """tanh of each number of a frame: outliers cannot drown the rest.

    Args:
        scale: size of a number that counts as large.
    """

    stream = "planted"  # which array of a clip it reads; `taco-bench list data` says what data sets there are
    width = 44

    def __init__(self, scale: float = 3.0) -> None:
        self.scale = scale

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """[time, 44] to float32 [time, 44], each row by itself."""
        return np.asarray(self.scale * np.tanh(np.asarray(frames, np.float32) / self.scale), np.float32)


@hookimpl
def taco_bench_encoders(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="planted frames, squeezed by tanh, 44 numbers (planted)")
