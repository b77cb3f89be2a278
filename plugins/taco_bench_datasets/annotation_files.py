"""Reading annotation files: lists of ids, csv and json, with or without a byte order mark, with any line ends."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from taco_bench.api import DataError

AGAIN = "copy or download it again"


def read_text(path: Path) -> str:
    """A text file in UTF-8, without its byte order mark, its line ends as they are.

    Raises:
        DataError: it cannot be read, is empty, or is not UTF-8; names the byte.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror}", where=str(path), hint="check the path") from None
    if not raw.strip():
        raise DataError("the file is empty", where=str(path), hint=AGAIN)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"byte {error.start} ({raw[error.start]:#04x}) is not UTF-8"
        raise DataError(what, where=str(path), hint="save the file as UTF-8") from None


def read_list(path: Path) -> list[str]:
    """The ids of a file with one a line; blank lines do not count.

    Raises:
        DataError: as :func:`read_text`, or an id that occurs twice; names the line.
    """
    found: dict[str, int] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        name = line.strip()
        if name in found:
            where = f"{path}, line {number}"
            raise DataError(f"the id {name!r} occurs twice", where=where, hint=f"line {found[name]} has it too; keep one of them")
        if name:
            found[name] = number
    return list(found)


def read_csv(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a csv file with a header that has at least these columns, values without blanks around them.

    Raises:
        DataError: as :func:`read_text`, a column that is missing, or a row that is too short, such as the last of a truncated file; names
            the line.
    """
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), skipinitialspace=True)
    header = [name.strip() for name in reader.fieldnames or ()]
    absent = [name for name in columns if name not in header]
    if absent:
        what = f"the csv has no column {absent[0]!r}; it has {', '.join(header)}"
        raise DataError(what, where=f"{path}, line 1", hint=f"expected the columns {', '.join(columns)}")
    reader.fieldnames = header
    found = []
    for row in reader:
        values = {name: (row[name] or "").strip() for name in columns}
        if not all(values.values()):
            empty = next(name for name, value in values.items() if not value)
            raise DataError(f"the row has no {empty}", where=f"{path}, line {reader.line_num}", hint=f"is the file truncated? {AGAIN}")
        found.append(values)
    return found


def read_json(path: Path) -> dict[str, Any]:
    """The object in a json file.

    Raises:
        DataError: as :func:`read_text`, or no valid json, such as a truncated file, or another value than an object; names the line.
    """
    try:
        found = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        what = f"this is no valid json: {error.msg.lower()}"
        raise DataError(what, where=f"{path}, line {error.lineno}", hint=f"is the file truncated? {AGAIN}") from None
    if not isinstance(found, dict):
        raise DataError(f"the json holds {type(found).__name__}, expected an object", where=str(path), hint=AGAIN)
    return found


def malformed(path: Path, name: object, error: Exception) -> DataError:
    """What to tell of an entry that is not built as it should be."""
    what = f"the entry of {name!r} is malformed ({type(error).__name__}: {error})"
    return DataError(what, where=str(path), hint=f"compare it with another entry, or {AGAIN}")
