"""Folders and lists of ``.npy`` files with one row or so a second: howto100m, MMPT, UniVL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from taco_bench.api import DataError
from taco_bench_readers.filesets import FileSet
from taco_bench_readers.looks import is_ms_tcn, npy_files, npy_names
from taco_bench_readers.shapes import refuse_transposed, taken_width
from taco_bench_readers.special import is_special
from taco_bench_readers.tables import beside, header_of, read_pairs

ONE = "features"


class NpyFolder:
    """A folder of ``ID.npy``, [rows, width]: MMPT and VideoCLIP (S3D, 512 wide), COIN's S3D. Segments are cut as MMPT does.

    Args:
        rate: rows a second.
    """

    cut = "mmpt"

    def __init__(self, rate: float = 1.0) -> None:
        self.rate = rate

    def recognise(self, path: Path) -> str:
        """Files ``ID.npy``, and nothing that speaks for another form."""
        names = npy_names(path)
        if not names or is_special(path, names):
            return ""
        return f"files ID.npy, such as {taken_width(path / name for name in names) or names[0]}"

    def open(self, path: Path) -> FileSet:
        """The folder; not MS-TCN's, whose arrays are transposed."""
        if is_ms_tcn(path):
            what = "these lie beside groundTruth/ and mapping.txt, as MS-TCN's features, which are transposed (width, rows)"
            raise DataError(what, where=str(path), hint="--reader ms-tcn (or PATH:ms-tcn) reads them so")
        return FileSet(self.cut, {ONE: self.rate}, lambda: {ONE: _folder(path)})


class MmptFirst(NpyFolder):
    """The same files as MMPT reads them for MSR-VTT: of each clip the first 32 rows alone (max_video_len 32), whatever comes after; only by
    this name. Other readers give all rows, of which a model takes ``model.max_video_tokens``, evenly spread.

    Args:
        rate: rows a second.
    """

    cut = "mmpt-first32"

    def recognise(self, path: Path) -> str:
        """Never: files do not say how many of their rows count."""
        return ""


class Howto100mNpy:
    """A csv ``video_path,feature_path`` of antoine77340/video_feature_extractor and the ``.npy`` files that it names; ids are the videos'
    file names. Segments are cut as howto100m does.

    Args:
        rate: rows a second: 1 for its 2D features, 1.5 for its 3D features (16 frames at 24 a second).
    """

    def __init__(self, rate: float = 1.0) -> None:
        self.rate = rate

    def recognise(self, path: Path) -> str:
        """The columns."""
        return "a csv with video_path and feature_path" if {"video_path", "feature_path"} <= set(header_of(path)) else ""

    def open(self, path: Path) -> FileSet:
        """The table's files."""
        return FileSet("howto100m", {ONE: self.rate}, lambda: {ONE: _listed(path, "video_path", "feature_path", path.parent)})


class UniVLCsv:
    """A csv ``video_id,feature_file`` of UniVL (HowTo100M) and the folder that its files lie in, one row a second.

    Args:
        folder: of the files; empty: where the csv lies.
    """

    def __init__(self, folder: str = "") -> None:
        self.folder = folder

    def recognise(self, path: Path) -> str:
        """The columns."""
        return "a csv with video_id and feature_file" if {"video_id", "feature_file"} <= set(header_of(path)) else ""

    def open(self, path: Path) -> FileSet:
        """The table's files."""
        folder = Path(self.folder) if self.folder else path.parent
        return FileSet("univl", {ONE: 1.0}, lambda: {ONE: _listed(path, "video_id", "feature_file", folder)})


def _folder(path: Path) -> Mapping[str, Path]:
    found = npy_files(path) if path.is_dir() else {}
    if not found:
        raise DataError("there is no .npy file", where=str(path), hint="name the folder that holds ID.npy")
    refuse_transposed(found.values(), path)
    return found


def _listed(table: Path, key: str, value: str, folder: Path) -> Mapping[str, Path]:
    """By id; files are seen from ``folder`` or, for howto100m, from where its script was run."""
    found: dict[str, Path] = {}
    for name, file, line in read_pairs(table, key, value):
        id = Path(name).stem if key == "video_path" else name
        if id in found:
            raise DataError(f"the id {id!r} occurs twice", where=f"{table}, line {line}", hint="keep one row a video")
        found[id] = _npy(beside(folder / table.name, file))
    refuse_transposed(found.values(), table)
    return found


def _npy(path: Path) -> Path:
    """UniVL's tables leave the ending out or not."""
    return path.with_name(path.name + ".npy") if path.suffix != ".npy" and not path.exists() else path
