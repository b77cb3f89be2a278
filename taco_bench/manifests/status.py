"""What of a manifest a folder holds, what is missing and what is wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from taco_bench.errors import DataError
from taco_bench.manifests.locate import DataFolder
from taco_bench.manifests.schema import File, Manifest

SMALL = 16 * 2**20
"""Bytes up to which a file is hashed without being asked to."""

State = Literal["ok", "here", "missing", "wrong"]
Hash = Literal["OK", "differs", "not known", "not looked at", ""]


@dataclass(frozen=True)
class FileStatus:
    """One file of a manifest.

    Attributes:
        file: as the manifest has it.
        state: "ok": its size and hash are the manifest's; "here": it is there, and there was nothing to compare or it was not asked for;
            "missing"; "wrong": it differs.
        note: what differs, or what could not be checked.
        paths: what was found.
        size: bytes found.
        sha256: how the hash of what was found compares with the manifest's, which may not be known; empty: nothing was found.
        needed: whether the data set cannot be read as long as it is missing: required, and no alternative is complete.
    """

    file: File
    state: State
    note: str
    paths: tuple[Path, ...]
    size: int
    sha256: Hash
    needed: bool

    @property
    def bad(self) -> bool:
        """Whether this keeps the data set from being read, or makes it another one."""
        return self.file.required and (self.state == "wrong" or (self.state == "missing" and self.needed))


def manifest_status(manifest: Manifest, root: str, *, hash_all: bool = False) -> list[FileStatus]:
    """Each file of a manifest.

    Args:
        manifest: which files.
        root: the user's folder; empty: that of the environment.
        hash_all: hash large files too.

    Raises:
        DataError: ``root`` is given and does not exist.
    """
    paths = {file.name: _paths(file, manifest, root) for file in manifest.file}
    absent = {file.group for file in manifest.file if file.required and not paths[file.name]}
    whole = {_topic(file) for file in manifest.file if file.required and file.group and file.group not in absent}
    return [_looked_at(file, paths[file.name], hash_all, file.required and _topic(file) not in whole) for file in manifest.file]


def _topic(file: File) -> str:
    """What the alternatives that a file is of are alternatives for."""
    return file.group.partition(":")[0]


def _paths(file: File, manifest: Manifest, root: str) -> tuple[Path, ...]:
    folder = DataFolder(manifest.name, root)
    if not folder.root:
        return ()
    if "*" in file.name:
        return tuple(folder.all(file.name))
    found = folder.find(file.name)
    return (found,) if found else ()


def _looked_at(file: File, paths: tuple[Path, ...], hash_all: bool, needed: bool) -> FileStatus:
    size = sum(path.stat().st_size for path in paths)
    if not paths:
        return FileStatus(file, "missing", "", paths, size, "", needed)
    sha256 = _hashed(file, paths, size, hash_all)
    return FileStatus(file, *_compared(file, paths, size, sha256), paths, size, sha256, needed)


def _hashed(file: File, paths: tuple[Path, ...], size: int, hash_all: bool) -> Hash:
    """How the hash compares; a file of another size has another one."""
    if file.sha256 == "unknown":
        return "not known"
    if file.size not in ("unknown", size):
        return "differs"
    if size > SMALL and not hash_all:
        return "not looked at"
    return "OK" if plain_sha256(*paths) == file.sha256 else "differs"


def _compared(file: File, paths: tuple[Path, ...], size: int, sha256: Hash) -> tuple[State, str]:
    """The state of what was found, and why."""
    if file.count is not None and len(paths) != file.count:
        return "wrong", f"{len(paths)} files, expected {file.count}"
    if not size:
        return "wrong", "empty"
    if file.size not in ("unknown", size):
        return "wrong", f"{size} bytes, expected {file.size}"
    if sha256 == "not known":
        return "here", "its hash is not known" if file.size != "unknown" else "neither size nor hash are known"
    if sha256 == "not looked at":
        return "here", "not hashed; --hash does"
    return ("ok", "") if sha256 == "OK" else ("wrong", "another content: its SHA-256 differs")


def plain_sha256(*paths: Path) -> str:
    """The SHA-256 of files as sha256sum gives it, of several one after the other.

    Raises:
        DataError: one cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise DataError(f"the file cannot be read: {error.strerror}", where=str(path)) from None
    return digest.hexdigest()
