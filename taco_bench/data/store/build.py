"""Builds a store out of feature files: as a whole or not at all."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from taco_bench.atomic import cannot_write
from taco_bench.data.store.checked import Checker
from taco_bench.data.store.layout import CARD, MOST_BYTES_OF_AN_ID, StoreCard, StoredFile, fingerprint_of, read_card, write_card
from taco_bench.data.store.tracks import FeatureFiles
from taco_bench.data.store.writer import SHARD_BYTES, StoreWriter
from taco_bench.errors import DataError, UserError
from taco_bench.reporting import Reporter

BUILDING, LOCK = ".building", ".lock"
DATA = re.compile(r"data-[0-9a-f]{16}(-\d+)?")
MOST_BAD = 20
"""After this many malformed items a build that does not skip them gives up."""


@dataclass(frozen=True)
class Source:
    """What a store is built from.

    Attributes:
        files: as a reader opened them.
        stream: one of theirs.
        path: of the files.
        reader: its name and options.
        videos: the only ids to take; None: all.
    """

    files: FeatureFiles
    stream: str
    path: Path
    reader: str
    videos: Collection[str] | None = None

    def ids(self) -> list[str]:
        """The ids to take, in the order of their bytes.

        Raises:
            DataError: there are none, one occurs twice, or one cannot be stored.
        """
        wanted = None if self.videos is None else set(self.videos)
        ids = sorted((id for id in self.files.ids() if wanted is None or id in wanted), key=str.encode)
        for id, after in itertools.zip_longest(ids, ids[1:]):
            if id == after:
                raise DataError(f"the id {id!r} occurs twice", where=str(self.path), hint="keep one of them")
            if not 0 < len(id.encode()) <= MOST_BYTES_OF_AN_ID or "\0" in id:
                raise DataError(f"the id {id!r} cannot be stored", where=str(self.path), hint=f"ids have 1 to {MOST_BYTES_OF_AN_ID} bytes")
        if not ids:
            raise self._nothing(wanted)
        return ids

    def _nothing(self, wanted: set[str] | None) -> DataError:
        """What to tell where no id is left."""
        there = sorted(self.files.ids())[:2]
        if wanted is None or not there:
            return DataError("there are no features", where=str(self.path), hint="check the path; ids are the files' names or keys")
        asked = " and ".join(sorted(wanted)[:2])
        what = f"there are no features of any of the videos or clips asked for, such as {asked}; there are those of {' and '.join(there)}"
        hint = "ids are the files' names or keys; are these the features of another data set?"
        return DataError(what, where=str(self.path), hint=hint)


def build_store(
    folder: Path,
    source: Source,
    stream: str,
    reporter: Reporter,
    on_bad: Literal["error", "skip"] = "error",
    shard_bytes: int = SHARD_BYTES,
    *,
    keep: bool = False,
) -> StoreCard:
    """Build a store in ``folder``, in place of the one that may be there, which stays whole and in use until the new one is.

    Args:
        folder: of the store; new, empty, or a store's.
        source: what to build it from.
        stream: its name in data sets and encoders.
        reporter: shows how far it is.
        on_bad: what to do about malformed items: "error" names them, "skip" leaves them out and counts them.
        shard_bytes: most bytes of a shard.
        keep: leave a store that is there, such as one that another process has built while this one waited for it.

    Raises:
        DataError: malformed items, or none that is not.
        UserError: the folder holds other things or cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_other_things(folder)
        with _lock(folder):
            if keep and is_built(folder):
                return read_card(folder)
            _remove_others(folder, _data_of(folder))  # of builds that were killed
            (folder / BUILDING).mkdir()
            try:
                card = _filled(folder, source, stream, reporter, on_bad, shard_bytes)
            except BaseException:
                shutil.rmtree(folder / BUILDING, ignore_errors=True)
                raise
            write_card(folder, card)
            _remove_others(folder, card.data)
            return card
    except OSError as error:
        raise cannot_write(folder, error.strerror or str(error)) from error


def _refuse_other_things(folder: Path) -> None:
    """A store's folder is its own: whatever a killed build left there is removed."""
    others = [path.name for path in folder.iterdir() if path.name not in (CARD, LOCK, BUILDING) and not DATA.fullmatch(path.name)]
    if others:
        what = f"the folder holds other things, such as {others[0]}"
        raise UserError(what, where=str(folder), hint="name a new folder, an empty one, or that of a store")


def _data_of(folder: Path) -> str:
    """The folder that the card names, if there is one."""
    try:
        return read_card(folder).data
    except DataError:
        return ""


def _filled(folder: Path, source: Source, stream: str, reporter: Reporter, on_bad: str, shard_bytes: int) -> StoreCard:
    """Write all files and give them their final folder; the card still names the old one."""
    skipped: dict[str, str] = {}
    with StoreWriter(folder / BUILDING, shard_bytes) as writer:
        width, absent = _copied(source, writer, stream, reporter, on_bad, skipped)
        index = writer.finish()
        shards, rows, rate, items = writer.shards, writer.rows, writer.rate, len(writer.ids)
    _sync(folder / BUILDING, [*index, *shards])
    fingerprint = fingerprint_of(source.files.cut, [*index, *shards])
    names = (f"data-{fingerprint[:16]}{suffix}" for suffix in ("", *(f"-{n}" for n in range(2, 1000))))
    data = next(name for name in names if not (folder / name).exists())  # the old store may have the same content
    (folder / BUILDING).rename(folder / data)
    described = (stream, width, rate, source.files.cut, f"{source.path} {source.stream}", source.reader)
    return StoreCard(*described, items, rows, absent, data, fingerprint, shards, index, skipped)


def _copied(source: Source, writer: StoreWriter, stream: str, reporter: Reporter, on_bad: str, skipped: dict[str, str]) -> tuple[int, int]:
    """Copy every item; the width, and how many ids the stream does not have."""
    ids, absent, checker, first = source.ids(), 0, Checker(str(source.path)), None
    with reporter.bar(f"features {stream}", len(ids)) as advance:
        for id in ids:
            advance()
            try:
                track = source.files.read(source.stream, id)
                values = checker.checked(id, track)
            except KeyError:
                absent += 1
                continue
            except DataError as error:
                first, skipped[id] = first or error, f"{error.what} ({error.where})"
                if on_bad == "error" and len(skipped) == MOST_BAD:
                    break
                continue
            writer.add(id, values, track)
    if first and (on_bad == "error" or not writer.ids):
        more = (
            f"{first.what}; the same or other faults in {len(skipped) - 1} more: {', '.join(list(skipped)[1:6])}"
            if len(skipped) > 1
            else first.what
        )
        build = f"taco-bench features build --from {source.path} --reader {source.reader} --stream {stream}/{source.stream} --out FOLDER"
        rest = f"; `{build} --on-bad skip` leaves such ids out and counts them" if on_bad == "error" else ""
        raise DataError(more, where=first.where, hint=first.hint + rest)
    if not writer.ids:
        raise DataError(f"none of the {len(ids)} ids is in stream {source.stream!r}", where=str(source.path), hint="name another stream")
    return checker.width, absent


def _sync(folder: Path, files: list[StoredFile]) -> None:
    """Let everything reach the disk before the card says that it is there."""
    for path in (*(folder / file.name for file in files), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove_others(folder: Path, data: str) -> None:
    for path in folder.iterdir():
        if path.name == BUILDING or (DATA.fullmatch(path.name) and path.name != data):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One build at a time; the lock of a process that was killed is free. A folder that was removed meanwhile is made again."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            file = (folder / LOCK).open("w")
        except FileNotFoundError:
            continue
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is(file, folder / LOCK):
                yield
                return


@contextmanager
def locked_if_free(folder: Path) -> Iterator[bool]:
    """Whether nobody builds a store in a folder; as long as the block lasts nobody begins to, where it is so."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context((folder / LOCK).open("a"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = _is(file, folder / LOCK)
        except OSError:
            free = False
        yield free


def _is(file: IO[str], path: Path) -> bool:
    """Whether a file that was opened is the one that has its name now: who waited for a lock may hold that of a folder that is gone."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def skipped_line(card: StoreCard) -> str:
    """What was left out, in a line; empty where nothing was."""
    parts = [f"{card.absent} ids are not in this stream"] if card.absent else []
    if card.skipped:
        first, why = next(iter(card.skipped.items()))
        parts.append(f"{len(card.skipped)} malformed ids were skipped, the first is {first}: {why}")
    return "; ".join(parts)


def is_built(folder: Path) -> bool:
    """Whether there is a store that can be opened."""
    try:
        card = read_card(folder)
    except DataError:
        return False
    return all(path.is_file() for path in card.files(folder))
