"""BabyAI: episodes of minigrid's instruction-following levels, acted out by its expert, with exact step boundaries.

Shipped with taco-bench; ``babyai_generate`` makes the same files again, bit for bit.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

import numpy as np

from taco_bench.api import Clip, DataError, Reporter, Step, UserError, sha256_of

FOLDER = Path(__file__).parent / "data"

PRESET = {
    "encoder": "tiles+motion",
    "text_encoder": "tiny",
    "sampler.hard_negatives": 2,
    "model.width": 64,
    "model.heads": 4,
    "model.feedforward": 256,
    "model.dropout": 0.0,
    "model.max_video_tokens": 16,
    "losses.token_temperature": 8.0,
    "train.steps": 1800,
    "train.batch_size": 32,
    "train.learning_rate": 0.002,
    "train.threads": 1,
}
"""Chosen on the validation split: K, K', steps, learning rate, video tokens, heads and tau 2. With tau 2 = 1 dot products of tokens 64 wide
start so large that L2 learns little in minutes; 8 is the square root of the width. No dropout: on a CPU it costs more than the products of
a model this small."""


class BabyAI:
    """One clip an episode: what the agent saw before each action and after the last, and the instruction as caption."""

    streams = ("frames",)

    @staticmethod
    def build(folder: Path, reporter: Reporter) -> list[Path]:
        """Act all episodes out again, with minigrid, into a folder; the files' paths."""
        from taco_bench_datasets.babyai_generate import SPLITS, build

        with reporter.bar("episodes", sum(SPLITS.values())) as advance:
            try:
                build(folder, progress=lambda *_: advance())
            except ImportError as error:
                hint = "pip install 'taco-bench[babyai]'"
                raise UserError(f"making babyai needs minigrid: {error}", where="taco-bench data build babyai", hint=hint) from None
        return [folder / "babyai.npz", folder / "babyai.jsonl"]

    def clips(self) -> list[Clip]:
        """All episodes."""
        return [
            Clip(row["id"], row["split"], (row["caption"],), steps=tuple(Step(s["text"], s["start"], s["end"]) for s in row["steps"]))
            for row in self._rows
        ]

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """uint8 [time, 49, 3]: the mean colour of each of the 7 x 7 tiles in view."""
        tiles, offsets, palette = self._arrays
        at = self._index[clip.id]
        return np.asarray(palette[tiles[offsets[at] : offsets[at + 1]]])

    def files(self) -> list[Path]:
        """The two shipped files."""
        return [FOLDER / "babyai.jsonl", FOLDER / "babyai.npz"]

    def fingerprints(self) -> dict[str, str]:
        """Their hashes."""
        return {path.name: sha256_of(path) for path in self.files()}

    @cached_property
    def _rows(self) -> list[dict]:  # type: ignore[type-arg]
        try:
            lines = (FOLDER / "babyai.jsonl").read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise DataError(
                f"the embedded data set cannot be read: {error.strerror}", where=str(FOLDER), hint="reinstall taco-bench"
            ) from None
        return [json.loads(line) for line in lines[1:]]  # the first line describes the file

    @cached_property
    def _index(self) -> dict[str, int]:
        return {row["id"]: at for at, row in enumerate(self._rows)}

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        with np.load(FOLDER / "babyai.npz", allow_pickle=False) as file:
            return file["tiles"], file["offsets"], file["palette"]
