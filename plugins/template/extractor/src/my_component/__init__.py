"""The mean colour of a frame: an extractor without weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from taco_bench import hookimpl
from taco_bench.api import Sampling, sha256_of
from taco_bench.hookspecs import Register

if TYPE_CHECKING:
    import torch


class MyComponent:
    """Three numbers a row, two rows a second."""

    stream = "my-component"
    width = 3
    sampling = Sampling(fps=2, size=64, crop=True, group=1)
    cut = "mmpt"  # the rule by which a segment is cut out of a video's rows; taco_bench.data.store.cuts has them all
    batch = 16

    def files(self) -> list[Path]:
        """The files of the weights; there are none."""
        return []

    def fingerprint(self) -> str:
        """A hash of the weights; change it with what the network computes."""
        return sha256_of("mean colour 1")

    def network(self) -> torch.nn.Module:
        """The network."""
        from my_component.network import MeanColour  # here, so that listing components does not wait for torch

        return MeanColour().eval()


@hookimpl
def taco_bench_extractors(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="mean colours, 3 numbers a row")
