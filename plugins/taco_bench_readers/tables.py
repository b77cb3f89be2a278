"""Tables: csv files as spreadsheets and scripts leave them."""

from __future__ import annotations

import csv
from pathlib import Path

from taco_bench.api import DataError


def header_of(path: Path) -> list[str]:
    """The column names of a csv file; none where it is none."""
    if path.suffix.lower() != ".csv" or not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [name.strip() for name in next(csv.reader(file), [])]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def read_pairs(path: Path, key: str, value: str) -> list[tuple[str, str, int]]:
    """Two columns of a csv file and the line of each row. A byte order mark and any line ends are fine; empty lines are none.

    Raises:
        DataError: the file is missing, empty or not UTF-8, a column is missing, or a row has no value; names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        what = f"byte {error.object[error.start]:#04x} is not UTF-8"
        raise DataError(what, where=f"{path}, line {line}", hint="save the table as UTF-8") from None
    except OSError as error:
        raise DataError(f"the table cannot be read: {error.strerror}", where=str(path), hint="check the path") from None
    reader = csv.reader(text.splitlines())
    names = [name.strip() for name in next(reader, [])]
    if key not in names or value not in names:
        found = "the table is empty" if not names else f"the table has the columns {', '.join(names)}"
        raise DataError(found, where=str(path), hint=f"its first line must name {key} and {value}")
    rows = []
    for row in reader:
        pair = [row[at].strip() if at < len(row) else "" for at in (names.index(key), names.index(value))]
        if any(row) and not all(pair):
            raise DataError(f"a row has no {key} or no {value}", where=f"{path}, line {reader.line_num}", hint="complete or remove it")
        if any(row):
            rows.append((pair[0], pair[1], reader.line_num))
    if not rows:
        raise DataError("the table has no rows", where=str(path), hint=f"one row a video: {key},{value}")
    return rows


def beside(path: Path, name: str) -> Path:
    """A file that a table names, seen from the table's folder, else from the working folder, as the scripts see it."""
    near = path.parent / name
    return near if near.exists() or not Path(name).exists() else Path(name)
