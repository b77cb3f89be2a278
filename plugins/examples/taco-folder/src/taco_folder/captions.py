"""The csv: read whole, and every fault in it told at once with its line and id."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from taco_bench.api import Clip, DataError

from taco_folder.splits import SPLITS

NEEDED = ("id", "caption")
OPTIONAL = ("split", "video", "start", "end")
TOLD = 5
"""Faults that a message names; more are counted."""


@dataclass(frozen=True)
class Line:
    """One caption of one clip; ``video`` is the id where the csv has no such column."""

    number: int
    id: str
    caption: str
    split: str
    video: str
    start: float | None
    end: float | None


def read_lines(path: Path) -> list[Line]:
    """All lines, in their order.

    Raises:
        DataError: no such file, no csv of UTF-8, a column that is missing or unknown, or lines that cannot be used: each by its number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns(reader.fieldnames or (), path)
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise DataError(
            "the csv of captions cannot be read", where=str(path), hint=f"{error.strerror}: --set data.captions=FILE.csv"
        ) from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"this is no csv in UTF-8: {error}", where=str(path), hint="save it as 'CSV UTF-8', with commas") from None
    faults: list[str] = []
    lines = [line for number, row in rows if (line := _line(number, row, faults)) is not None]
    named = {bool(line.split) for line in lines}
    if len(named) == 2:
        first = next(line for line in lines if not line.split)
        faults.append(f"line {first.number}, id {first.id!r}: no split, though other lines have one")
    refuse(faults, path)
    if not lines:
        raise DataError("the csv has no captions", where=str(path), hint="a line a caption, below id,caption")
    return lines


def _check_columns(names: Iterable[str], path: Path) -> None:
    missing = [name for name in NEEDED if name not in names]
    unknown = [repr(name) for name in names if name not in NEEDED + OPTIONAL]
    what = [f"no column {', '.join(missing)}"] * bool(missing) + [f"unknown column {', '.join(unknown)}"] * bool(unknown)
    if what:
        raise DataError("; ".join(what), where=f"{path}, line 1", hint=f"its first line is id,caption and any of {','.join(OPTIONAL)}")


def _line(number: int, row: Mapping[str | None, str | None], faults: list[str]) -> Line | None:
    value = {name: (row.get(name) or "").strip() for name in NEEDED + OPTIONAL}
    where = f"line {number}, id {value['id']!r}"
    own = [f"no {name}" for name in NEEDED if not value[name]]
    own += ["more fields than columns: put quotes around a caption with a comma"] * (None in row)
    own += [f"split {value['split']!r} is none of {', '.join(SPLITS)}"] * (value["split"] not in ("", *SPLITS))
    start, end = (_seconds(name, value[name], own) for name in ("start", "end"))
    if (start or 0.0) >= (math.inf if end is None else end):
        own.append(f"the clip begins at {start or 0.0:g} s and ends at {end:g} s")
    faults += [f"{where}: {fault}" for fault in own]
    if own:
        return None
    return Line(number, value["id"], value["caption"], value["split"], value["video"] or value["id"], start, end)


def _seconds(name: str, text: str, faults: list[str]) -> float | None:
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        faults.append(f"{name} {text!r} is no number of seconds")
        return None
    return found


def clips_of(lines: Iterable[Line], path: Path, split: Callable[[Line], str]) -> list[Clip]:
    """A clip an id, with all its captions; lines of one id must agree in all else, and clips of one video in their split."""
    first: dict[str, Line] = {}
    captions: dict[str, list[str]] = {}
    by_video: dict[str, Line] = {}
    faults: list[str] = []
    for line in lines:
        known, other = first.setdefault(line.id, line), by_video.setdefault(line.video, line)
        captions.setdefault(line.id, []).append(line.caption)
        if (line.split, line.video, line.start, line.end) != (known.split, known.video, known.start, known.end):
            faults.append(
                f"line {line.number}, id {line.id!r}: not the split, video, start and end of line {known.number}, which has this id"
            )
        elif line.split != other.split:
            faults.append(f"line {line.number}, id {line.id!r}: of the video {line.video!r} line {other.number} is in {other.split}")
    refuse(faults, path)
    return [Clip(id, split(line), tuple(captions[id]), line.video, start=line.start, end=line.end) for id, line in first.items()]


def refuse(faults: list[str], path: Path) -> None:
    """Raise a DataError with the first faults, and the number of the rest."""
    if faults:
        more = [f"and {len(faults) - TOLD} more"] * (len(faults) > TOLD)
        raise DataError(
            "; ".join(faults[:TOLD] + more), where=str(path), hint="mend these lines; columns are id,caption," + ",".join(OPTIONAL)
        )
