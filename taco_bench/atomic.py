"""Files that are replaced whole or not at all, and their hashes."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from taco_bench.errors import UserError


def replace_file(path: Path, write: Callable[[Path], None], told: str = "") -> None:
    """Let ``write`` fill a temporary file beside ``path``, sync it, and rename it to ``path``.

    Args:
        path: the file.
        write: fills the file that it is given.
        told: what an error says cannot be written; empty: the file's name.

    Raises:
        UserError: the folder cannot be written to, or the disk is full; ``path`` is as it was.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=f"-{path.name}", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except Exception as error:
        reason = _reason(error)
        if reason is None:
            raise
        raise cannot_write(path, reason, told) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def cannot_write(path: Path, reason: str, told: str = "") -> UserError:
    """What to tell where a file cannot be written."""
    hint = "free some space or make the folder writable; --results DIR and TACO_BENCH_CACHE name other folders"
    return UserError(f"cannot write {told or path.name}: {reason}", where=str(path.parent), hint=hint)


def _reason(error: Exception) -> str | None:
    """What the operating system says; libraries written in Rust, such as safetensors, say it in their message alone."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    number = re.search(r"\(os error (\d+)\)", str(error))
    return os.strerror(int(number[1])) if number else None


def replace_text(path: Path, text: str) -> None:
    """Replace a file by ``text`` in UTF-8; errors as :func:`replace_file`."""

    def write(temporary: Path) -> None:
        temporary.write_text(text, encoding="utf-8")

    replace_file(path, write)


def file_hash(path: Path) -> str:
    """The SHA-256 of a file's content, as ``sha256sum`` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of(*parts: bytes | str | Path) -> str:
    """The SHA-256 of byte strings, texts and files, one after the other, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            with part.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
        else:
            content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()
