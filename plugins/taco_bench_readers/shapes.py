"""What the headers of ``.npy`` files say of their axes: [rows, width], or turned round."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from taco_bench.api import DataError
from taco_bench_readers.arrays import npy_shape

FEW = 64
"""Headers that are looked at."""
KNOWN = frozenset((128, 512, 768, 1024, 1280, 2048, 3200, 4096))
"""Widths that video features commonly have: VGGish, S3D, CLIP, I3D, EfficientNet, ResNet, CrossTask's, VGG16."""
TURN = "PATH:ms-tcn:RATE (--reader ms-tcn:RATE) reads files [width, rows]"

Shape = tuple[int, int]


def shapes(paths: Iterable[Path]) -> dict[Path, Shape]:
    """The shapes of the first few files whose header says that they have two axes."""
    found = ((path, npy_shape(path)) for path in itertools.islice(paths, FEW))
    return {path: (shape[0], shape[1]) for path, shape in found if len(shape) == 2}


def refuse_transposed(paths: Iterable[Path], where: Path) -> None:
    """Refuse a set whose files all share their first axis and not their second, which cannot be the width.

    Raises:
        DataError: it is one; names two files.
    """
    found = shapes(paths)
    if len(set(found.values())) < 2 or len({first for first, _ in found.values()}) > 1:
        return
    (one, shape), (other, another) = next((a, b) for a, b in itertools.combinations(found.items(), 2) if a[1] != b[1])
    what = f"the arrays look transposed: {one.name} is {list(shape)}, {other.name} {list(another)}, expected [rows, width]"
    raise DataError(what, where=str(where), hint=f"{TURN}; or save them as [rows, width]")


def taken_width(paths: Iterable[Path]) -> str:
    """What is taken as the width, for people, and what speaks against it; empty where no header can be read."""
    found = shapes(paths)
    if not found:
        return ""
    path, (rows, width) = next(iter(found.items()))
    told = f"{path.name} {[rows, width]}: {width} taken as the width"
    if len(found) > 1 and len(set(found.values())) == 1 and width not in KNOWN:
        told += ", though all files have this shape" + (f" and {rows} is a common width; {TURN}" if rows in KNOWN else "")
    return told


def turned_width(paths: Iterable[Path], default: int) -> int:
    """The width of files [width, rows]: the first axis that most of them share, ``default`` where none do."""
    firsts = Counter(first for first, _ in shapes(paths).values())
    (width, count), *_ = firsts.most_common(1) or [(default, 0)]
    return width if count > 1 or len(firsts) == 1 else default
