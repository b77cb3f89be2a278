"""Folders of ``.npy`` files in forms of their own: CrossTask, BMT, MLDS, MS-TCN."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from taco_bench.api import DataError
from taco_bench_readers.arrays import Rows, columns
from taco_bench_readers.filesets import FileSet
from taco_bench_readers.looks import first_shape, npy_files, npy_names
from taco_bench_readers.shapes import turned_width

CROSSTASK = {"i3d-rgb": (0, 1024), "resnet152": (1024, 3072), "vggish": (3072, 3200)}
"""Columns of the release's arrays, by stream."""
BMT = {"rgb": 25 / 64, "flow": 25 / 64, "vggish": 1 / 0.96}
"""Rows a second: I3D over stacks of 64 frames at 25 a second, VGGish over 0.96 s."""
AVI = ".avi.npy"
MS_TCN_WIDTH = 2048


def is_special(path: Path, names: Sequence[str]) -> bool:
    """Whether a folder of ``.npy`` files is of a form below, by its names or by the width of its first array."""
    readers: tuple[Any, ...] = (CrossTask(), Bmt(), Mlds())
    return any(reader.recognise(path) for reader in readers)


class CrossTask:
    """CrossTask's release: ``ID.npy`` with 3,200 columns, one row a second, as three streams: i3d-rgb, resnet152, vggish."""

    def recognise(self, path: Path) -> str:
        """The width."""
        shape = first_shape(path)
        return "files ID.npy that are 3,200 wide" if len(shape) == 2 and 3200 in shape else ""

    def open(self, path: Path) -> FileSet:
        """The folder."""
        return FileSet(
            "crosstask", dict.fromkeys(CROSSTASK, 1.0), lambda: dict.fromkeys(CROSSTASK, _some(npy_files(path), path, "ID.npy")), _part
        )


class Bmt:
    """BMT and v-iashin/video_features: ``ID_rgb.npy``, ``ID_flow.npy`` and ``ID_vggish.npy``, any of the three; cut by fraction of the
    duration.
    """

    def recognise(self, path: Path) -> str:
        """The names' ends."""
        names = npy_names(path)
        ends = tuple(f"_{stream}.npy" for stream in BMT)
        return (
            f"files ID_rgb.npy, ID_flow.npy or ID_vggish.npy, such as {names[0]}"
            if names and all(name.endswith(ends) for name in names)
            else ""
        )

    def open(self, path: Path) -> FileSet:
        """The folder, with the streams that it has."""
        found = {stream: files for stream in BMT if (files := npy_files(path, f"_{stream}.npy"))}
        _some(found, path, "ID_rgb.npy, ID_flow.npy or ID_vggish.npy")
        return FileSet("fraction", {stream: BMT[stream] for stream in found}, lambda: found)


class Mlds:
    """The MSVD features of the MLDS and CPSC homeworks: ``CLIP.avi.npy``, 80 rows of VGG16 spread evenly over the clip."""

    def recognise(self, path: Path) -> str:
        """The names' ends."""
        names = npy_names(path)
        return f"files CLIP{AVI}, such as {names[0]}" if names and all(name.endswith(AVI) for name in names) else ""

    def open(self, path: Path) -> FileSet:
        """The folder."""
        return FileSet("whole", {"features": None}, lambda: {"features": _some(npy_files(path, AVI), path, f"CLIP{AVI}")})


class MsTcn:
    """MS-TCN's features (Breakfast, 50Salads, GTEA): ``ID.npy`` [width, rows], transposed; never found by looking, only by this name. The
    width is the first axis that the files share, 2048 in MS-TCN's own.

    Args:
        rate: rows a second: 15; 30 for 50Salads.
    """

    def __init__(self, rate: float = 15.0) -> None:
        self.rate = rate

    def recognise(self, path: Path) -> str:
        """Never: to turn an array round is nothing to guess."""
        return ""

    def open(self, path: Path) -> FileSet:
        """The folder."""
        found = _some(npy_files(path), path, "ID.npy")
        width = turned_width(found.values(), MS_TCN_WIDTH)

        def turned(file: Path, stream: str, values: Rows) -> Rows:
            if len(values) != width:
                hint = "--reader npy-folder reads [rows, width]"
                raise DataError(f"the array is {list(values.shape)}, not [{width}, rows]", where=str(file), hint=hint)
            return values.T

        return FileSet("mmpt", {"features": self.rate}, lambda: {"features": found}, turned)


def _part(path: Path, stream: str, values: Rows) -> Rows:
    return columns(values, *CROSSTASK[stream], 3200, path)


def _some(found: Any, path: Path, expected: str) -> Any:
    if not found:
        raise DataError("there are no such feature files", where=str(path), hint=f"name the folder that holds {expected}")
    return found
