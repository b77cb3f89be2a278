"""The annotations of COIN (Tang et al., CVPR 2019): COIN.json, or PDPP's two lists of its records."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from taco_bench.api import DataError, DataFolder
from taco_bench_datasets.annotation_files import read_json
from taco_bench_datasets.step_segments import Segment

LISTS = ("coin_train_70.json", "coin_test_30.json")
SUBSETS = {"training": "train", "testing": "test"}
FIRST, LAST = 1, 778
"""The step ids of the taxonomy; background, which no segment is, is class 0."""

AGAIN = "take the file from coin-dataset/annotations again; `taco-bench data status coin` says where to ask"


class Record(NamedTuple):
    """A video of COIN.

    Attributes:
        id: YouTube's.
        task: its class, such as "ReplaceCDDriveWithSSD".
        split: "train" or "test".
        duration: in seconds.
        segments: in the order of the file.
    """

    id: str
    task: str
    split: str
    duration: float
    segments: list[Segment]


def find_annotations(root: str) -> list[Path]:
    """COIN.json, else the one other COIN*.json, else PDPP's two lists; ``root`` may be the file itself.

    Raises:
        DataError: no folder is named, or it has none of them, or several COIN*.json.
    """
    if root and Path(root).is_file():
        return [Path(root)]
    folder = DataFolder("coin", root)
    whole, others, one = folder.find("COIN.json"), folder.all("COIN*.json"), folder.find(*LISTS)
    if whole:
        return [whole]
    if len(others) > 1:
        where = str(others[0].parent)
        raise DataError(f"there are {len(others)} COIN*.json", where=where, hint="name one of them by --set data.root=FILE")
    if not others and not one:
        raise folder.missing("COIN.json", " and ".join(LISTS))
    return others or [one.parent / name for name in LISTS if one]


def read_records(path: Path) -> Iterator[Record]:
    """The videos of one file: ``{"database": {id: record}}``, or a list of ``{id: record}`` with one key each.

    Raises:
        DataError: another form, or a record without its fields; names the video.
    """
    content = read_json(path, AGAIN)
    if isinstance(content, dict) and isinstance(content.get("database"), dict):
        pairs = list(content["database"].items())
    elif isinstance(content, list) and all(isinstance(entry, dict) and len(entry) == 1 for entry in content):
        pairs = [pair for entry in content for pair in entry.items()]
    else:
        hint = 'expected {"database": {video: record}}, or a list of {video: record}; ' + AGAIN
        raise DataError("the file is not in COIN's form", where=str(path), hint=hint)
    if not pairs:
        raise DataError("the file has no video", where=str(path), hint=AGAIN)
    return (_record(video, row, f"{path}, video {video!r}") for video, row in pairs)


def _record(video: str, row: Mapping[str, Any], where: str) -> Record:
    try:
        duration, task, subset = float(row["duration"]), str(row["class"]), row["subset"]
        found = [(a["id"], str(a["label"]), *map(float, a["segment"])) for a in row["annotation"]]
        segments = [_segment(where, *parts) for parts in found]
    except KeyError as error:
        raise DataError(f"the record has no {error}", where=where, hint=AGAIN) from None
    except (TypeError, ValueError):
        hint = '"segment" is [start, end] in seconds, "duration" a number; ' + AGAIN
        raise DataError("the record has a value of the wrong kind", where=where, hint=hint) from None
    if subset not in SUBSETS:
        raise DataError(f"the subset is {subset!r}", where=where, hint="subsets are " + " and ".join(SUBSETS))
    if not (math.isfinite(duration) and duration > 0):
        raise DataError(f"the duration is {duration} s", where=where, hint=AGAIN)
    return Record(video, task, SUBSETS[subset], duration, segments)


def _segment(where: str, step: Any, text: str, start: float, end: float) -> Segment:
    number = int(step)
    if not FIRST <= number <= LAST:
        hint = f"the taxonomy has the steps {FIRST} to {LAST}; mend the record, or take the file again"
        raise DataError(f"step {step!r} is unknown", where=where, hint=hint)
    if not math.isfinite(start + end):
        raise DataError(f"the segment of step {step} is [{start}, {end}]", where=where, hint=AGAIN)
    return Segment(str(number), text, start, end)
