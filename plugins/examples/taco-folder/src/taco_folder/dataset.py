"""The data set: clips from the csv, features from `taco-bench features extract`."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field
from taco_bench.api import Clip, DataError, FeatureStreams, open_streams, sha256_of

from taco_folder.captions import Line, clips_of, read_lines
from taco_folder.splits import SPLITS, split_of

Share = Annotated[float, Field(ge=0, lt=1)]


class Folder:
    """Your own videos: features of a folder of them, and a csv with a caption a line.

    Columns: ``id`` of the clip (twice for a second caption) and ``caption``; and if you like ``split`` (train, val or test, for all
    lines or none), ``video`` (file name without its suffix, where several clips are cut from one; else the id), ``start`` and ``end``
    in seconds. Without a column ``split`` a keyed hash of the video decides, so all clips of a video are in one split, and new videos
    move no old one.

    Args:
        captions: the csv file.
        features: "efficientnet-lite0=STORE", or the folder that holds a store a stream.
        val: share of the videos in the validation split, where the csv names none.
        test: share of the videos in the test split, where the csv names none.
        seed: key of that hash; another one makes other splits.
    """

    stored = True

    def __init__(self, captions: str = "", features: str = "", val: Share = 0.1, test: Share = 0.2, seed: int = 0) -> None:
        self.captions, self.features = captions, features
        self.val, self.test, self.seed = val, test, seed

    @cached_property
    def _path(self) -> Path:
        if not self.captions:
            raise DataError("no captions are named", where="data.captions", hint="--set data.captions=FILE.csv")
        return Path(self.captions).expanduser()

    @cached_property
    def _lines(self) -> list[Line]:
        return read_lines(self._path)

    @cached_property
    def _clips(self) -> list[Clip]:
        if self._lines[0].split:
            return clips_of(self._lines, self._path, lambda line: line.split)
        return clips_of(self._lines, self._path, lambda line: split_of(line.video, self.val, self.test, self.seed))

    @cached_property
    def _opened(self) -> FeatureStreams:
        if not self.features:
            hint = "taco-bench features extract makes them; then --set data.features=FOLDER"
            raise DataError("no features are named", where="data.features", hint=hint)
        return open_streams(self.features, {line.video for line in self._lines})

    @property
    def streams(self) -> tuple[str, ...]:
        """As they were extracted."""
        return self._opened.names

    def clips(self) -> list[Clip]:
        """In the order of the csv.

        Raises:
            DataError: the csv is missing or malformed, or leaves no clip to train or to test on.
        """
        found = {clip.split for clip in self._clips}
        lacking = [split for split in ("train", "test") if split not in found]
        if lacking:
            hint = "more videos, another data.seed, or a column split" if not self._lines[0].split else "name one in the column split"
            raise DataError(f"no clip is in the split {' or '.join(lacking)}", where=str(self._path), hint=hint)
        return self._clips

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """[rows, width] of the clip's part of its video; KeyError where the stream has no such video."""
        return self._opened.rows(stream, clip.video, start=clip.start, end=clip.end)

    def seconds(self, stream: str, clip: Clip) -> np.ndarray:
        """[rows] the middle of each, in seconds of the video."""
        return self._opened.seconds(stream, clip.video, start=clip.start, end=clip.end)

    def files(self) -> list[Path]:
        """The csv and the stores."""
        return [self._path, *self._opened.files()]

    def fingerprints(self) -> dict[str, str]:
        """A hash of each; splits that are made here follow from options, which are part of every id."""
        return {"captions": sha256_of(self._path), **self._opened.fingerprints()}

    def remarks(self) -> list[str]:
        """How large the splits are and by what rule they were made, what was left out, and which clips lie behind their video's end."""
        counts, videos = Counter(clip.split for clip in self._clips), {clip.video for clip in self._clips}
        rule = "as the csv says" if self._lines[0].split else f"by a hash of the video with the key {self.seed}"
        sizes = ", ".join(f"{counts[split]} {split}" for split in SPLITS)
        found = [f"{len(self._clips)} clips of {len(videos)} videos: {sizes}, {rule}", *self._opened.left_out(videos)]
        late = [clip.id for clip in self._clips if self._is_late(clip)]
        if late:
            found.append(f"{len(late)} clips begin where their video has ended, and got its last row: {', '.join(late[:5])}")
        return found

    def _is_late(self, clip: Clip) -> bool:
        for stream in self.streams:
            try:
                end = self._opened.end(stream, clip.video)
            except KeyError:  # --on-missing decides about it
                continue
            if end is not None and (clip.start or 0.0) >= end:
                return True
        return False
