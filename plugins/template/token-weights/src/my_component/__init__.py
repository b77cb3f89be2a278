"""A power of the idf as the weight of a token."""

from __future__ import annotations

import numpy as np
from taco_bench import hookimpl
from taco_bench.hookspecs import Register


class MyComponent:
    """Weights in proportion to idf ** power, with sum 1 over the tokens of interest; uniform where every idf is 0.

    Args:
        power: 0 makes all alike, 1 is the idf itself.
    """

    def __init__(self, power: float = 0.5) -> None:
        self.power = power

    def weigh(self, idf: np.ndarray) -> np.ndarray:
        """Weights [pieces] from idf [pieces]."""
        raised = np.power(idf, self.power) if idf.any() else np.ones_like(idf)
        return np.asarray(raised / raised.sum())


@hookimpl
def taco_bench_token_weightings(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="a power of the idf, sum 1")
