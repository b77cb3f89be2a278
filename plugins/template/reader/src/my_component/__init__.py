"""A folder of text files, one a video: a row a line, numbers with commas between them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from taco_bench import hookimpl
from taco_bench.api import DataError, Track
from taco_bench.hookspecs import Register

ENDING = ".my-component.csv"


class MyComponent:
    """Files ``ID.my-component.csv``.

    Args:
        rate: rows a second.
    """

    def __init__(self, rate: float = 1.0) -> None:
        self.rate = rate

    def recognise(self, path: Path) -> str:
        """By their ending; one of them is enough."""
        first = next(path.glob(f"*{ENDING}"), None) if path.is_dir() else None
        return f"files ID{ENDING}, such as {first.name}" if first else ""

    def open(self, path: Path) -> Folder:
        """The folder."""
        found = {file.name.removesuffix(ENDING): file for file in sorted(path.glob(f"*{ENDING}"))} if path.is_dir() else {}
        if not found:
            raise DataError(f"there is no file ID{ENDING}", where=str(path), hint="name the folder that holds them")
        return Folder(found, self.rate)


class Folder:
    """The files by id."""

    streams = ("features",)
    cut = "mmpt"  # the rule by which a segment is cut out of a video's rows; taco_bench.data.store.cuts has them all

    def __init__(self, paths: dict[str, Path], rate: float) -> None:
        self.paths, self.rate = paths, rate

    def ids(self) -> list[str]:
        """The videos."""
        return list(self.paths)

    def read(self, stream: str, id: str) -> Track:
        """One video."""
        path = self.paths[id]
        try:
            return Track(np.loadtxt(path, np.float32, delimiter=",", ndmin=2), self.rate)
        except (OSError, ValueError) as error:
            raise DataError(f"{id} cannot be read: {error}", where=str(path), hint="write it again, or leave it out") from None

    def files(self) -> list[Path]:
        """All of them."""
        return list(self.paths.values())


@hookimpl
def taco_bench_readers(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary=f"a folder of ID{ENDING}")
