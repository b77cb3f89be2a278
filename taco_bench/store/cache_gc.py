"""What of the cache can go: feature stores that nobody will ask for again, and notes on stores that are gone."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from taco_bench.data.store.build import LOCK, locked_if_free
from taco_bench.data.store.cached import note_of, state_of, stores_root
from taco_bench.data.store.check import checked_as, checked_root
from taco_bench.data.store.choose import choose_reader
from taco_bench.data.store.layout import CARD
from taco_bench.data.store.opened import Store
from taco_bench.errors import UserError
from taco_bench.plugins import Plugins

REMOVED = ".removed-"
"""How the name of a store begins that is being removed."""
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
    found = [CacheWaste(folder, why) for folder in folders if _free(folder) and (why := _why(folder, plugins))]
    gone = {item.path for item in found}
    found += [CacheWaste(folder, "left by a removal that was killed") for folder in sorted(stores_root().glob(f"{REMOVED}*"))]
    return [*found, *_notes({path for path in folders if path not in gone})]


def remove_waste(found: list[CacheWaste], plugins: Plugins) -> list[CacheWaste]:
    """Remove it; what was removed. A store that is built, or was used or built since it was found, stays.

    Args:
        found: by :func:`cache_waste`.
        plugins: as there.

    Raises:
        UserError: a file cannot be removed.
    """
    return [item for item in found if _removed(item.path, plugins)]


def _removed(path: Path, plugins: Plugins) -> bool:
    try:
        if path.is_dir():
            return _removed_store(path, plugins)
        if path.parent == stores_root() and path.with_suffix("").is_dir():  # there is a store again
            return False
        path.unlink(missing_ok=True)
        return True
    except OSError as error:
        raise UserError(f"cannot remove {path.name}: {error.strerror}", where=str(path.parent)) from None


def _removed_store(folder: Path, plugins: Plugins) -> bool:
    """Under the lock of builds it is looked at again and takes another name, so that nothing half removed counts as a store."""
    if folder.name.startswith(REMOVED):
        shutil.rmtree(folder)
        return True
    with locked_if_free(folder) as free:
        if not free or not _why(folder, plugins):
            return False
        aside = folder.with_name(REMOVED + folder.name)
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
        note_of(folder).unlink(missing_ok=True)
    shutil.rmtree(aside)
    return True


def _free(folder: Path) -> bool:
    """Whether no store is being built in it."""
    if not (folder / LOCK).exists():
        return True
    with locked_if_free(folder) as free:
        return free


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
