"""A third party's plugin: an extractor without weights, which misbehaves on request. Tests install copies of this file."""

from __future__ import annotations

import os
import signal
import time

import torch

from taco_bench import hookimpl
from taco_bench.api import Sampling, sha256_of


class MeanColour(torch.nn.Module):
    """The mean of each channel. White kills its process; SLOW=n makes each batch take n seconds."""

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        time.sleep(float(os.environ.get("SLOW", "0")))
        if frames.min() > 250:
            os.kill(os.getpid(), signal.SIGKILL)
        return frames.float().mean((1, 3, 4))


class Colours:
    """Three numbers a row.

    Args:
        weights: any text.
        broken: whether it has no network.
    """

    stream = "mean-colour"
    width = 3
    sampling = Sampling(fps=2, size=32, crop=True, group=1)
    cut = "howto100m"
    batch = 4

    def __init__(self, weights: str = "none", broken: bool = False) -> None:
        self.weights, self.broken = weights, broken

    def files(self) -> list[str]:
        return []

    def fingerprint(self) -> str:
        return sha256_of(self.weights)

    def network(self) -> torch.nn.Module:
        if self.broken:
            raise RuntimeError("no network today")
        return MeanColour()


@hookimpl
def taco_bench_extractors(register):
    register("colours", Colours, summary="mean colours")
