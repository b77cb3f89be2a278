"""Seconds and memory of a training step: the work counted (:mod:`taco_bench.jobs.cost`) times coefficients measured on a kind of device."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from taco_bench.jobs.cost import Work
from taco_bench.resources import registry_root

GIB = 2**30


@dataclass(frozen=True)
class CostModel:
    """Coefficients of one kind of device.

    Attributes:
        where: hardware, threads and torch that they were measured with.
        second: seconds a unit of each kind of work.
        byte: bytes a unit of each kind of memory, and of the process itself.
    """

    where: str
    second: Mapping[str, float]
    byte: Mapping[str, float]

    def seconds(self, work: Work) -> float:
        """Of a step."""
        return sum(self.second.get(kind, 0.0) * amount for kind, amount in work.amounts().items())

    def gib(self, held: Work) -> float:
        """Most memory of a process that trains, without its data."""
        return sum(self.byte.get(kind, 0.0) * amount for kind, amount in memory_amounts(held).items()) / GIB


def memory_amounts(held: Work) -> dict[str, float]:
    """What is held at the peak, near the end of the forward pass: numbers that layers keep; masks of dropout; the sorted entries of Eq. 4;
    a parameter with its gradient and Adam's two moments; and the process. Similarities are computed in chunks of a bounded size and not
    kept.
    """
    kinds = ("elements", "gathers", "draws", "entries", "parameters")
    return {**{kind: getattr(held, kind) for kind in kinds}, "process": 1.0}


@cache
def cost_model(device: str) -> CostModel | None:
    """The model of a kind of device, "cpu" or "cuda"; None where none was measured."""
    path = registry_root() / "costs" / f"{device}.toml"
    if not path.is_file():
        return None
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return CostModel(found["where"], found["seconds"], found["memory"])
