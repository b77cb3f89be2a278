"""A third party's plugin whose components raise, or give what they must not. Tests install copies of this file."""

from __future__ import annotations

import sys
import time

import taco_small
from taco_bench_samplers.uniform import Random

from taco_bench import hookimpl
from taco_bench.api import DataError, Word


class Boom(ValueError):
    pass


def boom(*_, **__):
    raise Boom("the plug fell out")


class Selector:
    def __init__(self, raises: int = 0) -> None:
        self.raises = raises

    def select(self, words):
        if self.raises:
            boom()
        return []


class LazySelector:
    def select(self, words):
        for word in words:
            yield word.tag == "NOUN"
            boom()


class NoAnswer:
    def select(self, words):
        return None


class Weighting:
    weigh = boom


class Encoder(taco_small.Dots):
    def encode(self, frames):
        boom()


class Ragged(taco_small.Dots):
    def encode(self, frames):
        return [[1.0], [2.0, 3.0]]


class NoWidth:
    stream = "dots"

    @property
    def width(self):
        return boom()

    def encode(self, frames):
        return frames


class Tagger:
    def __init__(self, when: str = "tag") -> None:
        self.when = when

    def missing(self):
        return boom() if self.when == "missing" else ""

    def identity(self):
        return boom() if self.when == "identity" else "rude 1"

    def tag(self, captions):
        if self.when == "exit":
            sys.exit(3)
        if self.when == "tag":
            boom()
        return [[None] for _ in captions] if self.when == "nothing" else [[Word(c, 0, len(c), "NOUN")] for c in captions]


class Sampler:
    hard_negatives = 2

    def __init__(self, when: str = "negatives") -> None:
        self.when = when

    def negatives(self, batch_size):
        return boom() if self.when == "negatives" else None if self.when == "none" else 2

    def sample(self, scores, batch_size, generator, device):
        return None


class Untyped:
    def __init__(self, hard_negatives: NotThere = 2) -> None:  # noqa: F821
        pass


class Data(taco_small.Small):
    def __init__(self, when: str = "clips") -> None:
        super().__init__()
        self.when = when

    def clips(self):
        return boom() if self.when == "clips" else [("a", "train")] if self.when == "tuples" else super().clips()

    def read(self, stream, clip):
        if self.when == "user":
            raise DataError("the disk is in the post")
        return boom() if self.when == "read" else super().read(stream, clip)

    def files(self):
        return boom() if self.when == "files" else super().files()

    def fingerprints(self):
        return boom() if self.when == "fingerprints" else {"captions": self.when}


class TextEncoder:
    pooling, frozen = "cls", False
    files = staticmethod(list)
    fingerprint = staticmethod(lambda: "rude")
    fit = tokenizer = network = boom


class Task:
    evaluate = boom


class Control:
    def __init__(self, when: str = "disguise") -> None:
        self.when = when

    def training(self, experiment):
        return boom() if self.when == "training" else None

    def disguise(self, trained):
        return boom() if self.when == "disguise" else None


class Launcher:
    def __init__(self, workers: int | None = None, per_gpu: int = 1) -> None:
        pass

    workers = launch = boom


class Sleepy(Random):
    """As random, and slow about it."""

    def sample(self, scores, batch_size, generator, device):
        time.sleep(0.06)
        return super().sample(scores, batch_size, generator, device)


def adds(hook, **components):
    def register_all(register):
        for name, factory in components.items():
            register(name.replace("_", "-"), factory, summary="rude", **({"preset": taco_small.PRESET} if hook == "datasets" else {}))

    register_all.__name__ = f"taco_bench_{hook}"
    return hookimpl(register_all)


taco_bench_token_selectors = adds("token_selectors", rude=Selector, rude_lazy=LazySelector, rude_silent=NoAnswer)
taco_bench_token_weightings = adds("token_weightings", rude=Weighting)
taco_bench_encoders = adds("encoders", rude=Encoder, rude_ragged=Ragged, rude_width=NoWidth)
taco_bench_taggers = adds("taggers", rude=Tagger)
taco_bench_samplers = adds("samplers", rude=Sampler, rude_untyped=Untyped, sleepy=Sleepy)
taco_bench_datasets = adds("datasets", rude=Data)
taco_bench_text_encoders = adds("text_encoders", rude=TextEncoder)
taco_bench_tasks = adds("tasks", rude=Task)
taco_bench_controls = adds("controls", rude=Control)
taco_bench_launchers = adds("launchers", rude=Launcher)
