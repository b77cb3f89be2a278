"""The files of MS-TCN's data sets (Abu Farha and Gall, CVPR 2019): Breakfast, 50Salads, GTEA.

``mapping.txt`` has a line ``NUMBER NAME`` for each class, ``splits/{train,test}.splitN.bundle`` a video a line, ``groundTruth/VIDEO.txt``
the class of each frame, a line each.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from taco_bench.api import DataError, DataFolder, Step
from taco_bench_datasets.annotation_files import numbered_lines, read_list

MAPPING, LABELS, FEATURES = "mapping.txt", "groundTruth", "features"
PARTS = ("train", "test")
AGAIN = "take it from MS-TCN's data.zip again; `taco-bench data status ms-tcn` says where to ask"
SHOWN = 3


def find_folder(root: str) -> Path:
    """The folder that holds mapping.txt: the one that is named, or the only one below it.

    Raises:
        DataError: none is named, or there is none or more than one.
    """
    folder = DataFolder("ms-tcn", root)
    found = [place for place in folder.folders if (place / MAPPING).is_file()]
    if not found:
        raise folder.missing(MAPPING)
    if len(found) > 1:
        names = ", ".join(map(str, found))
        raise DataError(f"{MAPPING} lies in {len(found)} folders: {names}", where="data.root", hint="name one of them")
    return found[0]


def read_mapping(path: Path) -> tuple[str, ...]:
    """The classes' names, in the order of their lines.

    Raises:
        DataError: no class, a line of another form, or a name or number that occurs twice; names the line.
    """
    found: dict[str, str] = {}
    for number, line in numbered_lines(path, AGAIN):
        place, _, name = line.partition(" ")
        if not place.isdigit() or not name or name in found.values() or place in found:
            what = f"{line!r} is no class" if not (place.isdigit() and name) else f"{line!r} has a number or a name for the second time"
            raise DataError(what, where=f"{path}, line {number}", hint="a line reads NUMBER NAME, such as 0 background")
        found[place] = name
    if not found:
        raise DataError("the file has no class", where=str(path), hint=AGAIN)
    return tuple(found.values())


def bundle_files(folder: Path, split: int) -> list[Path]:
    """The lists of the training and the test videos of a split.

    Raises:
        DataError: they are not there; names the splits that are.
    """
    paths = [folder / "splits" / f"{part}.split{split}.bundle" for part in PARTS]
    absent = [path for path in paths if not path.is_file()]
    if absent:
        found = (re.fullmatch(r"train\.split(\d+)\.bundle", path.name) for path in (folder / "splits").glob("train.split*.bundle"))
        splits = sorted(int(match[1]) for match in found if match)
        there = f"the folder has the splits {', '.join(map(str, splits))}: --set data.split=N" if splits else AGAIN
        raise DataError(f"there is no {absent[0].name}", where=str(absent[0].parent), hint=there)
    return paths


def read_bundle(path: Path) -> list[str]:
    """The videos of a list, without the ending .txt that its lines have.

    Raises:
        DataError: the list is empty, or has a video twice; names the line.
    """
    return [PurePosixPath(line).name.removesuffix(".txt") for line in read_list(path, AGAIN)]


def label_files(folder: Path, videos: Sequence[str]) -> dict[str, Path]:
    """By video the file of its labels.

    Raises:
        DataError: some are missing; names the first few.
    """
    found = {video: folder / LABELS / f"{video}.txt" for video in videos}
    absent = [video for video, path in found.items() if not path.is_file()]
    if absent:
        more = ", ..." if len(absent) > SHOWN else ""
        what = f"{len(absent)} of {len(found)} listed videos have no labels: {', '.join(absent[:SHOWN])}{more}"
        raise DataError(what, where=str(folder / LABELS), hint=f"each needs {LABELS}/VIDEO.txt; {AGAIN}")
    return found


def read_labels(path: Path, classes: Collection[str]) -> list[str]:
    """[frames] the class of each frame.

    Raises:
        DataError: no frame, a blank line between others, which would shift what follows, or a class that mapping.txt lacks; names the line.
    """
    lines = numbered_lines(path, AGAIN)
    if not lines:
        raise DataError("the file has no label", where=str(path), hint=AGAIN)
    for place, (number, label) in enumerate(lines, start=1):
        if number != place:
            raise DataError("the line is blank", where=f"{path}, line {place}", hint="one label a frame; " + AGAIN)
        if label not in classes:
            hint = f"take {MAPPING} and {LABELS} of the same data set"
            raise DataError(f"the label {label!r} is not in {MAPPING}", where=f"{path}, line {number}", hint=hint)
    return [label for _, label in lines]


def steps_of(labels: Sequence[str], background: Collection[str]) -> tuple[Step, ...]:
    """Runs of equal labels that are not background, each as a step: [first frame, the one after the last)."""
    bounds = [0, *(at for at in range(1, len(labels)) if labels[at] != labels[at - 1]), len(labels)]
    runs = [(labels[start], start, end) for start, end in itertools.pairwise(bounds)]
    return tuple(Step(label.replace("_", " "), start, end, label) for label, start, end in runs if label not in background)
