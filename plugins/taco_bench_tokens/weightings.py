"""From the idf of a caption's tokens of interest to the weights of their terms in Eq. 4."""

from __future__ import annotations

from typing import Literal

import numpy as np


class IdfWeights:
    """Weights proportional to the idf; uniform where every idf is 0. The paper does not state the form of its normalisation.

    Args:
        normalise: "sum" to 1 over the tokens of interest, "mean" 1, "max" 1, or "none".
    """

    def __init__(self, normalise: Literal["sum", "mean", "max", "none"] = "sum") -> None:
        self.normalise = normalise

    def weigh(self, idf: np.ndarray) -> np.ndarray:
        """Weights [pieces] from idf [pieces]."""
        if not idf.any():
            idf = np.ones_like(idf)
        scale = {"sum": idf.sum(), "mean": idf.mean(), "max": idf.max(), "none": 1.0}[self.normalise]
        return np.asarray(idf / scale)


class IdfMax(IdfWeights):
    """Weights proportional to the idf, the largest of a caption 1."""

    def __init__(self) -> None:
        super().__init__("max")


class UniformWeights:
    """The same weight for every piece, sum 1."""

    def weigh(self, idf: np.ndarray) -> np.ndarray:
        """Weights [pieces]."""
        return np.full(len(idf), 1 / len(idf))
