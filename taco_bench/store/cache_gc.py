"""What of the cache can go: feature stores that nobody will ask for again, and notes on stores that are gone."""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from taco_bench.data.store.build import LOCK
from taco_bench.data.store.cached import note_of, state_of, stores_root
from taco_bench.data.store.check import checked_as, checked_root
from taco_bench.data.store.choose import choose_reader
from taco_bench.data.store.layout import CARD
from taco_bench.data.store.opened import Store
from taco_bench.errors import UserError
from taco_bench.plugins import Plugins

DAYS = 30
"""A store that has not been used for longer can go."""


@dataclass(frozen=True)
class CacheWaste:
    """A store's folder or a note, and why it can go."""

    path: Path
    why: str

    @property
    def size(self) -> int:
        """Of all its files, in bytes."""
        files = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return sum(path.stat().st_size for path in files if path.is_file())


def cache_waste(plugins: Plugins) -> list[CacheWaste]:
    """What can go; all of it would be made again if it were asked for, except from files that are gone.

    Args:
        plugins: whose readers say which files a store was built from.
    """
    folders = sorted(path for path in stores_root().glob("[!.]*") if path.is_dir())
    found = [CacheWaste(folder, why) for folder in folders if not _in_use(folder) and (why := _why(folder, plugins))]
    gone = {item.path for item in found}
    return [*found, *_notes({path for path in folders if path not in gone})]


def remove_waste(found: list[CacheWaste]) -> None:
    """Remove it: of a store its card first, so that nothing half removed counts as one.

    Raises:
        UserError: a file cannot be removed.
    """
    for item in found:
        try:
            if item.path.is_dir():
                for path in (item.path / CARD, note_of(item.path)):
                    path.unlink(missing_ok=True)
                shutil.rmtree(item.path)
            else:
                item.path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"cannot remove {item.path.name}: {error.strerror}", where=str(item.path.parent)) from None


def _in_use(folder: Path) -> bool:
    """Whether a store is being built in it."""
    try:
        with (folder / LOCK).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _why(folder: Path, plugins: Plugins) -> str:
    """Why a store can go; empty where it stays."""
    if not (folder / CARD).is_file():
        return "left by a build that was killed"
    note = note_of(folder)
    days = int((time.time() - (note if note.is_file() else folder / CARD).stat().st_mtime) // 86400)
    return _source(note, plugins) or (f"not used for {days} days" if days > DAYS else "")


def _source(note: Path, plugins: Plugins) -> str:
    """What has become of the files that a store was built from; empty where they are as they were, or nothing says which they are."""
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        path, reader, state = Path(told["path"]), str(told["reader"]), told["state"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    if not path.exists():
        return f"{path} is gone"
    try:
        same = state_of(choose_reader(path, reader, plugins).files.files()) == state
    except (UserError, OSError):
        return f"{path} can no longer be read by {reader}"
    return "" if same else f"{path} has changed"


def _notes(stores: set[Path]) -> Iterator[CacheWaste]:
    """Notes on stores that are not there, or not in the state that was checked."""
    for note in sorted(stores_root().glob("[!.]*.json")):
        if not note.with_suffix("").is_dir():
            yield CacheWaste(note, "note on a store that is gone")
    for note in sorted(checked_root().glob("[!.]*")):
        folder = Path(note.read_text(encoding="utf-8").rstrip("\n"))
        if (stores_root() in folder.parents and folder not in stores) or _state(folder) != note.name:
            yield CacheWaste(note, "a check of a store that is gone or another by now")


def _state(folder: Path) -> str:
    try:
        return checked_as(Store(folder))
    except UserError:
        return ""
