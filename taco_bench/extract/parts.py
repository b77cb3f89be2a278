"""What has been extracted so far, on disk: a file a video, and a journal that says from which version of the video it is."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.atomic import cannot_write, replace_file, replace_text
from taco_bench.errors import UserError

Rows = npt.NDArray[np.float16]


class Parts:
    """A folder of finished videos.

    Args:
        folder: is made where it is not there.
        made_by: how the features are made; a folder made otherwise is refused.

    Raises:
        UserError: the folder holds features that were made in another way, or cannot be written to.
    """

    def __init__(self, folder: Path, made_by: Mapping[str, Any]) -> None:
        self.folder, self._journal = folder, folder / "journal.jsonl"
        before = _described(folder / "made-by.json")
        if before is not None and before != made_by:
            other = ", ".join(sorted(key for key in {*made_by, *before} if made_by.get(key) != before.get(key)))
            what = f"the features there were made in another way; what differs: {other}"
            raise UserError(what, where=str(folder), hint="give another --out, or remove the folder")
        if before is None:
            replace_text(folder / "made-by.json", json.dumps(made_by, indent=1))
        self._known = self._read()

    def has(self, name: str, video: Path) -> bool:
        """Whether the features of this video are there, and the video is as it was."""
        return self._known.get(name) == version(video) and self._path(name).is_file()

    def add(self, name: str, video: Path, rows: Rows) -> None:
        """Keep the features [rows, width] of a video; the line in the journal last, so that it never promises too much."""
        replace_file(self._path(name), partial(_save, rows))
        self._known[name] = version(video)
        try:
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps([name, self._known[name]]) + "\n")
        except OSError as error:
            raise cannot_write(self._journal, error.strerror or str(error)) from error

    def read(self, name: str) -> Rows:
        """The features of one video, memory-mapped."""
        found: Rows = np.load(self._path(name), mmap_mode="r", allow_pickle=False)
        return found

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)

    def _path(self, name: str) -> Path:
        return self.folder / "videos" / f"{name}.npy"

    def _read(self) -> dict[str, list[int]]:
        """The journal; a last line that was cut off by a kill is taken out of it."""
        text = self._journal.read_text(encoding="utf-8", errors="replace") if self._journal.exists() else ""
        whole, newline, cut_off = text.rpartition("\n")
        if cut_off:
            replace_text(self._journal, whole + newline)
        found = {}
        for line in whole.splitlines():
            with contextlib.suppress(ValueError, TypeError):  # a disk that lost power can leave anything
                name, seen = json.loads(line)
                found[name] = seen
        return found


def _described(path: Path) -> dict[str, Any] | None:
    """How the features of a folder were made; None for a new folder, nothing where it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def version(video: Path) -> list[int]:
    """What tells a video file from another that took its place: its size and when it was last written, in nanoseconds."""
    status = video.stat()
    return [status.st_size, status.st_mtime_ns]


def _save(rows: Rows, temporary: Path) -> None:
    with temporary.open("wb") as file:
        np.save(file, rows, allow_pickle=False)
