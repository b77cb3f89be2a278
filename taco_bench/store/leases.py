"""Leases: who is making what in a results folder that several workers share.

A lease is a file that its holder writes anew every few seconds, with a counter. Nobody compares clocks: a holder on this machine is
looked up, one elsewhere is watched, and taken for dead when its counter has stood still for :data:`PATIENCE` seconds of the watcher's
own monotonic clock. Should a holder that only slept wake up, it finds another's token in the file and gives up before it saves anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from taco_bench.atomic import cannot_write
from taco_bench.errors import PassingError
from taco_bench.store.processes import started_at, this_machine

BEAT = 2.0
PATIENCE = 60.0
_OWN: set[str] = set()
"""Tokens of the leases that this process may hold; one of its leases that is not among them is nobody's."""


class LeaseLostError(PassingError):
    """Another worker has taken over; what was made under the lease must not be saved."""


class Leases:
    """The leases of a results folder.

    Args:
        folder: where their files lie.
        patience: seconds that a counter may stand still.
        clock: seconds, never going back.
    """

    def __init__(self, folder: Path, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder, self.patience, self.clock = folder, patience, clock
        self._watched: dict[str, tuple[Any, float]] = {}  # the counter last seen, and since when

    def take(self, name: str, run: str, label: str = "") -> Lease | None:
        """Take a lease that nobody holds, or whose holder is dead; None where somebody holds it.

        Args:
            name: of what is to be made.
            run: of which grid, for the count of workers that died over it.
            label: for people.

        Raises:
            UserError: the folder cannot be written to, or the disk is full.
        """
        path = self.folder / f"{name}.json"
        try:
            found = read(path)
            if found is not None and not (self._is_dead(name, found) and _remove(path, found.get("token"))):
                return None
            deaths = found.get("deaths", 0) + 1 if found and found.get("run") == run else 0
            lease = Lease(path, run, label, deaths)
            return lease if lease.create() else None
        except OSError as error:
            raise cannot_write(path, error.strerror or str(error)) from error

    def all(self) -> dict[str, dict[str, Any]]:
        """The leases that there are, by what they are for."""
        files = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        return {path.stem: found for path in files if not path.name.startswith(".") and (found := read(path)) is not None}

    def _is_dead(self, name: str, found: dict[str, Any]) -> bool:
        if found.get("machine") == this_machine():
            return is_surely_dead(found)
        counter = (found.get("token"), found.get("beat"))
        seen, since = self._watched.get(name, (None, 0.0))
        if counter != seen:
            self._watched[name] = (counter, self.clock())
            return False
        return self.clock() - since > self.patience


def is_surely_dead(found: dict[str, Any]) -> bool:
    """Whether a lease's holder was a process of this machine that has ended, or is this one and gave it up. Others can only be watched."""
    if found.get("machine") != this_machine():
        return False
    if found.get("pid") == os.getpid() and found.get("token") not in _OWN:
        return True
    return started_at(int(found.get("pid", 0))) != str(found.get("started"))


class Lease:
    """One lease, kept alive by a thread while it is held; a context manager that gives it back.

    Attributes:
        deaths: how many workers of the same grid died while they held it.
        progress: shown to whoever watches; free to be replaced at any time.
    """

    def __init__(self, path: Path, run: str, label: str, deaths: int) -> None:
        self.path, self.token, self.deaths = path, uuid.uuid4().hex, deaths
        _OWN.add(self.token)
        self.progress: dict[str, Any] = {}
        self._lost, self._ended = False, threading.Event()
        pid = os.getpid()
        self._content = {
            "token": self.token,
            "run": run,
            "label": label,
            "machine": this_machine(),
            "pid": pid,
            "started": started_at(pid),
            "deaths": deaths,
        }
        self._beat = 0
        self._thread = threading.Thread(target=self._keep_alive, daemon=True)

    def create(self) -> bool:
        """Make the file; False where somebody was faster."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._write()
        try:
            os.link(temporary, self.path)  # whole at once, and never over another
        except FileExistsError:
            return False
        finally:
            temporary.unlink()
        return True

    def __enter__(self) -> Lease:
        """Begin to beat."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        self._ended.set()
        self._thread.join()
        _OWN.discard(self.token)  # whatever happens to the file, nobody has to wait for this process
        if self.is_held():
            self.path.unlink(missing_ok=True)

    def is_held(self) -> bool:
        """Whether the file still has this lease's token; not where it cannot be read."""
        found = read(self.path)
        return found is not None and found.get("token") == self.token

    def check(self, *, surely: bool = False) -> None:
        """Raise where it is lost; ``surely`` looks at the file now, not at the last beat.

        Raises:
            LeaseLostError: another worker has taken over.
        """
        if self._lost or (surely and not self.is_held()):
            raise LeaseLostError(self.path.stem)

    def _keep_alive(self) -> None:
        while not self._ended.wait(BEAT):
            try:
                found = read(self.path)
                if found is None or found.get("token", self.token) != self.token:
                    self._lost = True
                    return
                self._beat_once()
            except OSError:
                continue  # a full disk or a share that is away: the next beat may succeed

    def _beat_once(self) -> None:
        temporary = self._write()
        try:
            temporary.replace(self.path)
        finally:
            temporary.unlink(missing_ok=True)

    def _write(self) -> Path:
        """A new temporary file with the state of things."""
        self._beat += 1
        temporary = self.path.with_name(f".{self.path.stem}-{self.token}-{self._beat}.tmp")
        try:
            temporary.write_text(json.dumps({**self._content, "beat": self._beat, "progress": self.progress}), encoding="utf-8")
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return temporary


def read(path: Path) -> dict[str, Any] | None:
    """What a lease says; None where there is none, empty where it is not whole."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remove(path: Path, token: str | None) -> bool:
    """Remove a dead holder's lease, and only that: of several who try one succeeds, and a lease just taken is put back."""
    aside = path.with_name(f".{path.stem}-{uuid.uuid4().hex}.dead")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return False
    mine = (read(aside) or {}).get("token") == token
    if not mine:
        with contextlib.suppress(FileExistsError):  # its holder finds that out by the token
            os.link(aside, path)
    aside.unlink()
    return mine
