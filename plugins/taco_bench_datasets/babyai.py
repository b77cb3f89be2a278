"""BabyAI: episodes of minigrid's instruction-following levels, acted out by its expert, with exact step boundaries.

Shipped with taco-bench; ``babyai_generate`` makes the same files again, bit for bit.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from taco_bench.api import Clip, DataError, Reporter, Step, UserError, sha256_of

FOLDER = Path(__file__).parent / "data"
KINDS = ("ball", "box", "door", "key")


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
        return [Clip(row["id"], row["split"], (row["caption"],), steps=tuple(map(_step, row["steps"]))) for row in self._rows]

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


def _step(row: dict[str, Any]) -> Step:
    """Labelled by what is done to what kind of thing: "put the grey key next to a box" is "put key"."""
    words = row["text"].split()
    thing = next(word for word in words if word in KINDS)
    return Step(row["text"], row["start"], row["end"], f"{words[0]} {thing}")
