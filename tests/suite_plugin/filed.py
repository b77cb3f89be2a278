"""The data set."""

import json
import os
from pathlib import Path

import numpy as np

from taco_bench.api import Clip, sha256_of

PRESET = {
    "encoder": "rows",
    "text_encoder.type": "tiny",
    "text_encoder.width": 16,
    "text_encoder.layers": 1,
    "text_encoder.heads": 2,
    "tagger": "wordlist",
    "sampler.hard_negatives": 2,
    "model.width": 16,
    "model.heads": 2,
    "model.feedforward": 32,
    "model.dropout": 0.0,
    "model.max_video_tokens": 4,
    "model.max_text_tokens": 12,
    "train.steps": 2,
    "train.batch_size": 8,
    "train.threads": 1,
}


class Filed:
    """Clips of a folder.

    Args:
        root: with captions.json and features.npy.
    """

    streams = ("rows",)

    def __init__(self, root: str = "") -> None:
        self.root = Path(root or os.environ["FILED_ROOT"])

    def files(self):
        return [self.root / "captions.json", self.root / "features.npy"]

    def clips(self):
        tripwire("clips")
        return [Clip(*entry) for entry in json.loads(self.files()[0].read_text())]

    def read(self, stream, clip):
        tripwire("read")
        return np.load(self.files()[1])[[c.id for c in self.clips()].index(clip.id)]

    def fingerprints(self):
        tripwire("fingerprints")
        return {path.name: sha256_of(path) for path in self.files()}


def tripwire(what):
    if os.environ.get("TRIPWIRE"):
        raise AssertionError(f"{what} was called")
