"""Another third party's plugin: a sampler that tests can watch and hold, and a token selector. Tests install copies of this file."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from taco_bench import hookimpl
from taco_bench.api import PairScores, Word

calls = 0


class Neighbours:
    """The next pairs of the batch.

    With WATCH_FOLDER set, each call adds a line to the file ``calls`` in it, and to the file ``steps`` one that tells its process, its K',
    and its generator: which is another in each step and for each seed. With HOLD_AT=n too, the call number n of a process makes
    the file ``held`` there and waits as long as it exists. With SAVE_EVERY_SECONDS set, trainings save their state that often.

    Args:
        hard_negatives: K'.
    """

    def __init__(self, hard_negatives: Annotated[int, Field(gt=0)] = 2) -> None:
        self.hard_negatives = hard_negatives
        if seconds := os.environ.get("SAVE_EVERY_SECONDS"):
            import taco_bench.train.loop as loop

            loop.SAVE_EVERY_SECONDS = float(seconds)

    def negatives(self, batch_size: int) -> int:
        return self.hard_negatives

    def sample(self, scores: PairScores, batch_size: int, generator, device):
        import torch

        if folder := os.environ.get("WATCH_FOLDER"):
            with (Path(folder) / "steps").open("a") as file:
                file.write(f"{os.getpid()} {self.hard_negatives} {generator.initial_seed()}\n")
            watched(Path(folder))
        own = torch.arange(batch_size, device=device).unsqueeze(1)
        others = (own + torch.arange(1, self.hard_negatives + 1, device=device)) % batch_size
        return others, others


def watched(folder: Path) -> None:
    global calls
    calls += 1
    with (folder / "calls").open("a") as file:
        file.write(f"{os.getpid()}\n")
    if str(calls) == os.environ.get("HOLD_AT"):
        held = folder / f"held-{os.getpid()}"
        held.touch()
        while held.exists():
            time.sleep(0.02)


class Longest:
    """The longest word of a caption."""

    def select(self, words: Sequence[Word]) -> list[bool]:
        longest = max((len(word.text) for word in words), default=0)
        return [len(word.text) == longest for word in words]


class Raises(Neighbours):
    """Fails in its third step."""

    steps = 0

    def sample(self, scores: PairScores, batch_size: int, generator, device):
        self.steps += 1
        if self.steps == 3:
            raise ValueError("the dice fell off the table")
        return super().sample(scores, batch_size, generator, device)


class Careless(Neighbours):
    """Picks the anchor itself."""

    def sample(self, scores: PairScores, batch_size: int, generator, device):
        videos, texts = super().sample(scores, batch_size, generator, device)
        return videos - 1, texts


class Unbuildable(Neighbours):
    """Cannot be made."""

    def __init__(self, hard_negatives: int = 2) -> None:
        raise RuntimeError("no dice today")


@hookimpl
def taco_bench_samplers(register):
    register("neighbours", Neighbours, summary="the next pairs of the batch")
    register("raises", Raises, summary="fails in its third step")
    register("careless", Careless, summary="picks positives as negatives")
    register("unbuildable", Unbuildable, summary="cannot be made")


@hookimpl
def taco_bench_token_selectors(register):
    register("longest", Longest, summary="the longest word")
