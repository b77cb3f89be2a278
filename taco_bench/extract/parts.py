"""What has been extracted so far, on disk: a file a video until they are in the store, and a journal that says from which version of the
video the features are.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.atomic import cannot_write, replace_file, replace_text
from taco_bench.data.store.opened import Store
from taco_bench.errors import UserError

Rows = npt.NDArray[np.float16]


class Parts:
    """Finished videos: those in a store that was made before, and those since.

    Args:
        folder: of those since; is made where it is not there.
        made_by: how the features are made; a folder made otherwise is refused.
        store: that was made before.

    Raises:
        UserError: the folder holds features that were made in another way, or cannot be written to.
    """

    def __init__(self, folder: Path, made_by: Mapping[str, Any], store: Store | None = None) -> None:
        self.folder, self._journal = folder, folder / "journal.jsonl"
        self._stored = set(store or ())
        self._store = store
        before = _described(folder / "made-by.json")
        if before is not None and before != made_by:
            what = f"the features there were made in another way; what differs: {', '.join(_differing(before, made_by))}"
            raise UserError(what, where=str(folder), hint="give another --out; or remove this folder and the store beside it")
        if before is None:
            replace_text(folder / "made-by.json", json.dumps(made_by, indent=1))
        self._known = self._read()

    def has(self, name: str, video: Path) -> bool:
        """Whether the features of this video are there, and the video is as it was."""
        return self._known.get(name) == version(video) and (name in self._stored or self._path(name).is_file())

    def add(self, name: str, video: Path, rows: Rows) -> None:
        """Keep the features [rows, width] of a video; the line in the journal last, so that it never promises too much."""
        replace_file(self._path(name), partial(_save, rows))
        self._known[name] = version(video)
        try:
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps([name, self._known[name]]) + "\n")
        except OSError as error:
            raise cannot_write(self._journal, error.strerror or str(error)) from error

    def fresh(self) -> list[str]:
        """The ids that are not in the store yet, or were extracted again since."""
        return [path.stem for path in self._files()]

    def ids(self) -> list[str]:
        """All ids whose features are there."""
        return sorted({*self._stored, *self.fresh()})

    def read(self, name: str) -> Rows:
        """The features of one video, memory-mapped."""
        path = self._path(name)
        if path.is_file() or self._store is None:
            found: Rows = np.load(path, mmap_mode="r", allow_pickle=False)
            return found
        return np.asarray(self._store.track(name).values, np.float16)

    def clear(self) -> None:
        """Remove what is in the store by now; the journal stays."""
        for path in self._files():
            path.unlink()

    def _files(self) -> list[Path]:
        return [path for path in (self.folder / "videos").glob("*.npy") if path.stem in self._known]

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


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """The names of what differs; of the extractor its options, with their values there and now."""
    for key in sorted({*before, *now}):
        was, is_ = before.get(key), now.get(key)
        if isinstance(was, dict) and isinstance(is_, dict):
            options = sorted(name for name in {*was, *is_} if was.get(name) != is_.get(name))
            named = {name: key if name == "type" else name for name in options}
            yield from (f"{named[name]} ({_plain(was.get(name))} there, {_plain(is_.get(name))} now)" for name in options)
        elif was != is_:
            yield key


def _plain(value: Any) -> str:
    """As ``--set`` takes it."""
    return value if isinstance(value, str) else json.dumps(value)


def version(video: Path) -> list[int]:
    """What tells a video file from another that took its place: its size and when it was last written, in nanoseconds."""
    status = video.stat()
    return [status.st_size, status.st_mtime_ns]


def _save(rows: Rows, temporary: Path) -> None:
    with temporary.open("wb") as file:
        np.save(file, rows, allow_pickle=False)
