"""Text files as people have them: with a byte-order mark, with CRLF, with blank lines; errors that name file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from taco_bench.api import DataError


def numbered_lines(path: Path, hint: str) -> list[tuple[int, str]]:
    """The lines that are not blank, stripped, each with its number from 1.

    Args:
        path: a text file; a byte-order mark and any line ending are accepted.
        hint: what to do where it cannot be read.

    Raises:
        DataError: it cannot be opened, or a byte of it is not UTF-8; names the file and the line.
    """
    found = []
    for number, raw in enumerate(_bytes(path, hint).splitlines(), start=1):
        try:
            line = raw.decode("utf-8").strip().lstrip("\ufeff")
        except UnicodeDecodeError as error:
            what = f"byte {raw[error.start]:#04x} is not UTF-8"
            raise DataError(what, where=f"{path}, line {number}", hint="save the file as UTF-8") from None
        if line:
            found.append((number, line))
    return found


def read_json(path: Path, hint: str) -> Any:
    """The content of a JSON file.

    Raises:
        DataError: it cannot be opened, is empty, truncated or no JSON; names the file, line and column.
    """
    content = _bytes(path, hint)
    if not content.strip():
        raise DataError("the file is empty", where=str(path), hint=hint)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(f"byte {error.start} is not UTF-8", where=str(path), hint="save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        what = f"the file is no whole JSON: {error.msg}"
        raise DataError(what, where=f"{path}, line {error.lineno}, column {error.colno}", hint=hint) from None


def _bytes(path: Path, hint: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror}", where=str(path), hint=hint) from None
