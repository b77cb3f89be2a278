"""Annotation files as people have them: text, lists, csv and json, with a byte-order mark or CRLF; errors name file and line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from taco_bench.api import DataError
from taco_bench_datasets.wording import in_words

AGAIN = "copy or download it again"


def read_text(path: Path, hint: str = AGAIN) -> str:
    """A text file in UTF-8, without its byte-order mark, its line ends as they are.

    Args:
        path: of the file.
        hint: what to do where it cannot be read.

    Raises:
        DataError: it cannot be read, is empty, or is not UTF-8; names the line and the byte.
    """
    text = _text(path, hint)
    if not text.strip():
        raise DataError("the file is empty", where=str(path), hint=hint)
    return text


def numbered_lines(path: Path, hint: str = AGAIN) -> list[tuple[int, str]]:
    """The lines that are not blank, stripped, each with its number from 1; of an empty file none.

    Args:
        path: a text file.
        hint: what to do where it cannot be read.

    Raises:
        DataError: it cannot be read, or is not UTF-8.
    """
    lines = enumerate(_text(path, hint).splitlines(), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def _text(path: Path, hint: str) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror}", where=str(path), hint=hint) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"byte {raw[error.start]:#04x} is not UTF-8"
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(what, where=f"{path}, line {line}", hint="save the file as UTF-8") from None


def read_list(path: Path, hint: str = AGAIN) -> list[str]:
    """The ids of a file with one a line; blank lines do not count.

    Raises:
        DataError: as :func:`read_text`, or an id that occurs twice; names the line.
    """
    read_text(path, hint)
    found: dict[str, int] = {}
    for number, name in numbered_lines(path, hint):
        if name in found:
            where = f"{path}, line {number}"
            raise DataError(f"the id {name!r} occurs twice", where=where, hint=f"line {found[name]} has it too; keep one of them")
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


def read_json(path: Path, hint: str = AGAIN) -> Any:
    """The content of a JSON file.

    Raises:
        DataError: as :func:`read_text`, or no valid JSON, such as a truncated file; names line and column.
    """
    try:
        return json.loads(read_text(path, hint))
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}, column {error.colno}"
        raise DataError(f"this is no valid JSON: {error.msg.lower()}", where=where, hint=f"is the file truncated? {hint}") from None


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        DataError: as :func:`read_json`, or another value than an object.
    """
    found = read_json(path)
    if not isinstance(found, dict):
        kind = "list" if isinstance(found, list) else "single value"
        raise DataError(f"the JSON holds a {kind}, expected an object", where=str(path), hint=AGAIN)
    return found


def malformed(path: Path, name: object, error: Exception) -> DataError:
    """What to tell of an entry that is not built as it should be."""
    what = f"the entry of {name!r} is malformed: {in_words(error)}"
    return DataError(what, where=str(path), hint=f"compare it with another entry, or {AGAIN}")
