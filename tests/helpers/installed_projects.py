"""The distributions of tests/installed: each misbehaves in one way."""

from __future__ import annotations

from helpers.wheels import Project

GOOD = '''
"""A sampler."""
from taco_bench import hookimpl


class Thing:
    """The next pair of the batch.

    Args:
        hard_negatives: K'.
    """

    def __init__(self, hard_negatives: int = 1) -> None:
        self.hard_negatives = hard_negatives

    def negatives(self, batch_size):
        return self.hard_negatives

    def sample(self, scores, batch_size, generator, device):
        import torch

        own = torch.arange(batch_size, device=device).unsqueeze(1)
        others = (own + torch.arange(1, self.hard_negatives + 1, device=device)) % batch_size
        return others, others


@hookimpl
def taco_bench_samplers(register):
    register("NAME", Thing, summary="the next pair")
'''


def sampler(name: str) -> str:
    return GOOD.replace("NAME", name)


WRONG_MASK = '''
from taco_bench import hookimpl


class Selector:
    """Forgets the last word."""

    def select(self, words):
        return [True for _ in words[:-1]]


@hookimpl
def taco_bench_token_selectors(register):
    register("short-mask", Selector, summary="a mask of the wrong shape")
'''
NAN_SCORES = """
import numpy as np
from taco_bench import hookimpl


class Disguise:
    def __init__(self, trained):
        self.trained = trained

    def __getattr__(self, name):
        return getattr(self.trained, name)

    def pair_scores(self, split):
        return {name: scores * np.nan for name, scores in self.trained.pair_scores(split).items()}


class Control:
    def training(self, experiment):
        return None

    def disguise(self, trained):
        return Disguise(trained)


class Encoder:
    stream, width = "planted", 44

    def encode(self, frames):
        return np.asarray(frames, np.float32) * np.nan


@hookimpl
def taco_bench_controls(register):
    register("nan-control", Control, summary="scores that are no numbers")


@hookimpl
def taco_bench_encoders(register):
    register("nan-encoder", Encoder, summary="tokens that are no numbers")
"""
PRINTS = "import os\nprint('hello from far away')\nos.write(1, b'past python\\n')\n" + sampler("chatty")
SLEEPS = "import time\ntime.sleep(1.2)\n" + sampler("sleepy")
NEWER = "raise RuntimeError('it was imported all the same')\n"
PROJECTS = (
    Project("taco-good", sampler("good"), "1.5"),
    Project("taco-one", sampler("dice"), "1.1"),
    Project("taco-two", sampler("dice"), "2.2"),
    Project("taco-crash", "import os\n\n\nraise RuntimeError('no battery')\n"),
    Project("taco-misspelt", sampler("late").replace("taco_bench_samplers", "taco_bench_sampelrs")),
    Project("taco-unmarked", sampler("mute").replace("@hookimpl\n", "")),
    Project("taco-in-hook", sampler("mute").replace('    register("', '    raise KeyError("lost")\n    register("')),
    Project("taco-mask", WRONG_MASK),
    Project("taco-nan", NAN_SCORES),
    Project("taco-positive", sampler("own-pair").replace("return others, others", "return others, own.repeat(1, self.hard_negatives)")),
    Project("taco-chatty", PRINTS),
    Project("taco-sleepy", SLEEPS),
    Project("taco-newer", NEWER, contract="7.3"),
    Project("taco-ahead", "from taco_bench.api import NotYetThere\n", contract=""),
    Project("taco-empty", "from taco_bench import hookimpl\n"),
    Project("taco-odd", sampler("odd"), contract="soon"),
)
