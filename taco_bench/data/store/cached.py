"""Feature stores in the cache: beside each a note on what it was built from, whose time says when it was last used."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from taco_bench.atomic import replace_text, sha256_of
from taco_bench.resources import cache_root


def stores_root() -> Path:
    """The folder of the cached stores."""
    return cache_root() / "stores"


def note_of(folder: Path) -> Path:
    """The note on a cached store: ``{"path", "reader", "state"}``."""
    return folder.with_name(f"{folder.name}.json")


def state_of(files: Iterable[Path]) -> str:
    """A hash of the names, sizes and times of files, since hashing their content takes as long as building a store of them."""
    stats = [(path, path.stat()) for path in sorted(files)]
    return sha256_of("\n".join(f"{path.absolute()} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats))


def note_use(folder: Path, path: Path, reader: str, state: str) -> None:
    """Say that a cached store is in use.

    Args:
        folder: of the store.
        path: that it was built from.
        reader: its name and options.
        state: of the files (:func:`state_of`).
    """
    note = note_of(folder)
    if note.is_file():
        os.utime(note)
    else:
        replace_text(note, json.dumps({"path": str(path.absolute()), "reader": reader, "state": state}))
