"""What can be seen of a path without reading it: names, headers, the first instructions of a pickle."""

from __future__ import annotations

import io
import itertools
import os
import pickletools
import zipfile
from pathlib import Path
from typing import Any

from taco_bench.api import PICKLE_ENDINGS
from taco_bench_readers.arrays import npy_shape

FEW = 64
HEAD = 65536


def npy_names(folder: Path) -> list[str]:
    """The names of some ``.npy`` files in a folder; none where it is no folder."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(itertools.islice((entry.name for entry in entries if entry.name.endswith(".npy")), FEW))


def npy_files(folder: Path, ending: str = ".npy") -> dict[str, Path]:
    """All files with an ending, by their name without it."""
    return {path.name.removesuffix(ending): path for path in sorted(folder.glob(f"*{ending}")) if path.name != ending}


def first_shape(folder: Path) -> tuple[int, ...]:
    """The shape of a folder's first array whose header can be read."""
    return next((shape for name in npy_names(folder) if (shape := npy_shape(folder / name))), ())


def is_ms_tcn(folder: Path) -> bool:
    """Whether a folder of features lies where MS-TCN expects it."""
    return (folder.parent / "groundTruth").is_dir() and (folder.parent / "mapping.txt").is_file()


class PickleHead:
    """The first instructions of a pickle, which are only listed and never followed.

    Attributes:
        outer: "dict", "list", or empty where it is neither or no pickle.
        strings: the strings and names among them.
    """

    def __init__(self, head: bytes) -> None:
        self.outer, self.strings = "", set[str]()
        try:
            for code, argument, _ in itertools.islice(pickletools.genops(io.BytesIO(head)), 400):
                self._see(code.name, argument)
        except (ValueError, KeyError, IndexError, UnicodeError):  # the head ends where it ends, or it is no pickle
            pass

    def _see(self, code: str, argument: Any) -> None:
        if isinstance(argument, str):
            self.strings.update(argument.split())
            if not self.outer and argument == "collections OrderedDict":
                self.outer = "dict"
        if not self.outer and code in ("EMPTY_DICT", "DICT"):
            self.outer = "dict"
        elif not self.outer and code in ("EMPTY_LIST", "LIST"):
            self.outer = "list"

    @property
    def has_arrays(self) -> bool:
        """Whether one of the first values is an array."""
        return bool(
            self.strings & {"_reconstruct", "_frombuffer"} or any(text.endswith(("_reconstruct", "_frombuffer")) for text in self.strings)
        )


def pickle_head(path: Path) -> PickleHead:
    """Of a file whose name says that it is a pickle."""
    if path.suffix not in PICKLE_ENDINGS or not path.is_file():
        return PickleHead(b"")
    with path.open("rb") as file:
        return PickleHead(file.read(HEAD))


def torch_head(path: Path) -> PickleHead:
    """Of the pickle inside a file that torch.save wrote."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
            with archive.open(inside) as file:
                return PickleHead(file.read(HEAD))
    except (OSError, StopIteration, zipfile.BadZipFile):
        return PickleHead(b"")
