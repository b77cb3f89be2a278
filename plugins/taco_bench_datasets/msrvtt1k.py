"""MSR-VTT-1000: the training clips video0 .. video999 of MSR-VTT, one caption each, with features of 50 frames.

The files are research data of unstated terms and are not shipped; ``registry/datasets/msrvtt1k.json`` says what they are and holds the
committed split.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from taco_bench.api import Clip, DataError, registry_file, sha256_of

PRESET = {
    "encoder": "vgg16-ae128",
    "text_encoder.type": "minilm",
    "text_encoder.frozen": True,
    "sampler.hard_negatives": 2,
    "model.width": 256,
    "model.heads": 4,
    "model.feedforward": 512,
    "model.dropout": 0.4,
    "model.max_video_tokens": 16,
    "losses.sentence_temperature": 8.0,
    "losses.token_temperature": 16.0,
    "train.steps": 300,
    "train.batch_size": 64,
    "train.learning_rate": 0.001,
    "train.threads": 1,
}
"""Chosen on the validation split with L1 and L2: width, dropout, temperatures, steps. 700 clips are soon learnt by heart, so
dropout is strong, the temperatures are high, and MiniLM keeps its weights."""


class Msrvtt1k:
    """1,000 real clips: 700 training, 100 validation, 200 test; captions that occur twice are all in the training split.

    Args:
        root: the folder with caption.txt and the features, or one above it; empty: TACO_BENCH_DATA.
    """

    streams = ("vgg16-ae128",)

    def __init__(self, root: str = "") -> None:
        self.root = root

    def clips(self) -> list[Clip]:
        """All clips of the committed split."""
        captions = read_captions(self._folder / "caption.txt")
        split_of = {clip: split for split, clips in self._card["splits"].items() for clip in clips}
        absent = [clip for clip in split_of if clip not in captions]
        if absent:
            hint = "use the complete caption.txt"
            raise DataError(
                f"{len(absent)} clips of the split have no caption, first {absent[0]!r}", where=str(self._folder / "caption.txt"), hint=hint
            )
        return [Clip(clip, split_of[clip], (captions[clip],)) for clip in captions if clip in split_of]

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """[50, 128] of one clip; row i of the file is video i."""
        number = int(clip.id.removeprefix("video"))
        if number >= len(self._features):
            raise KeyError(clip.id)
        return np.asarray(self._features[number])

    def files(self) -> list[Path]:
        """The captions, the features and the split."""
        return [self._folder / "caption.txt", self._features_file, registry_file("datasets/msrvtt1k.json")]

    def fingerprints(self) -> dict[str, str]:
        """Their hashes."""
        return {path.name: sha256_of(path) for path in self.files()}

    @cached_property
    def _card(self) -> dict[str, Any]:
        card: dict[str, Any] = json.loads(registry_file("datasets/msrvtt1k.json").read_text(encoding="utf-8"))
        return card

    @cached_property
    def _folder(self) -> Path:
        given = self.root or os.environ.get("TACO_BENCH_DATA", "")
        hint = "--set data.root=FOLDER, or TACO_BENCH_DATA=FOLDER, where FOLDER holds caption.txt or msrvtt1000/caption.txt"
        if not given:
            raise DataError("the data set msrvtt1k is not shipped and no folder is named", where="data.root", hint=hint)
        for folder in (Path(given), Path(given) / "msrvtt1000"):
            if (folder / "caption.txt").is_file():
                return folder
        what = "has no caption.txt" if Path(given).is_dir() else "does not exist"
        raise DataError(f"the data folder {given} {what}", where="data.root", hint=hint)

    @cached_property
    def _features_file(self) -> Path:
        usual: str = next(file["name"] for file in self._card["files"] if file["name"].endswith(".npz"))
        found = sorted(self._folder.glob("*.npz"))
        if self._folder / usual in found:
            return self._folder / usual
        if len(found) != 1:
            what = "there are several .npz files" if found else "there is no .npz file with the features"
            raise DataError(what, where=str(self._folder), hint=f"expected {usual}")
        return found[0]

    @cached_property
    def _features(self) -> np.ndarray:
        hint = "expected an .npz with the key 'features', [clips, frames, 128]"
        try:
            with self._features_file.open("rb") as file:  # np.load leaves a file open that is no whole zip
                found = np.asarray(np.load(file, allow_pickle=False)["features"])
        except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"the features cannot be read: {error}", where=str(self._features_file), hint=hint) from None
        if found.ndim != 3:
            raise DataError(f"the features cannot be read: their shape is {list(found.shape)}", where=str(self._features_file), hint=hint)
        return found


def read_captions(path: Path) -> dict[str, str]:
    """Captions by clip from lines ``id|caption``.

    Raises:
        DataError: a line without ``|`` or without a caption, an id that occurs twice, or bytes that are not UTF-8; names the line.
    """
    captions: dict[str, str] = {}
    for number, raw in enumerate(path.read_bytes().splitlines(), start=1):
        where = f"{path}, line {number}"
        try:
            line = raw.decode("utf-8").strip().lstrip("\ufeff")
        except UnicodeDecodeError as error:
            raise DataError(f"byte {raw[error.start]:#04x} is not UTF-8", where=where, hint="save the file as UTF-8") from None
        if not line:
            continue
        clip, bar, caption = (part.strip() for part in line.partition("|"))
        if not bar or not caption or not clip:
            raise DataError(f"clip {clip!r} has an empty caption", where=where, hint="a line reads id|caption")
        if clip in captions:
            raise DataError(f"the id {clip!r} occurs twice", where=where, hint="keep one line a clip")
        captions[clip] = caption
    return captions
