"""A data set of clips that are made at run time: put your own files in their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from taco_bench import hookimpl
from taco_bench.api import Clip, numpy_stream, sha256_of
from taco_bench.hookspecs import Register

COLOURS = ("red", "green", "blue", "yellow", "white")
THINGS = ("ball", "box", "cup", "door", "key", "lamp", "pan", "shoe")
ACTIONS = ("opens", "lifts", "drops", "washes")
SPLITS = {"train": 96, "val": 24, "test": 40}
PRESET = {"encoder": "s3d-hm", "text_encoder": "tiny", "model.width": 32, "model.heads": 4, "model.feedforward": 64}
PRESET |= {"model.max_video_tokens": 8, "sampler.hard_negatives": 2, "train.steps": 200, "train.batch_size": 16, "train.threads": 1}
CAPTIONS = [f"someone {action} the {colour} {thing}" for thing in THINGS for colour in COLOURS for action in ACTIONS]


class TacoFolder:
    """Clips of six rows, as wide as S3D's, that say which colour, thing and action are seen.

    Args:
        noise: size of what says nothing.
    """

    streams = ("s3d-hm",)  # the encoder s3d-hm reads it; taco_bench.api.open_streams reads stored features of your own

    def __init__(self, noise: float = 1.0) -> None:
        self.noise = noise

    def clips(self) -> list[Clip]:
        """All splits, no caption in two of them."""
        order = iter(numpy_stream(0, "taco-folder/captions").permutation(len(CAPTIONS)))
        return [Clip(f"{split}-{at}", split, (CAPTIONS[next(order)],)) for split, size in SPLITS.items() for at in range(size)]

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """float32 [6, 512]; KeyError where the stream lacks the clip."""
        if clip not in self.clips():
            raise KeyError(clip.id)
        rows = self.noise * numpy_stream(0, f"taco-folder/{clip.id}").standard_normal((6, 512))
        for word in clip.captions[0].split():
            rows += numpy_stream(0, f"taco-folder/{word}").standard_normal(512)
        return rows.astype(np.float32)

    def files(self) -> list[Path]:
        """None: it is made at run time."""
        return []

    def fingerprints(self) -> dict[str, str]:
        """What the clips come from; of files, a hash of each."""
        return {"captions": sha256_of(*(clip.captions[0] for clip in self.clips()))}


@hookimpl
def taco_bench_datasets(register: Register) -> None:
    """Add it."""
    register("taco-folder", TacoFolder, summary="colours, things and actions, made at run time", preset=PRESET)
