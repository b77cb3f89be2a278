"""Features in one pickle or torch file: UniVL, howto100m, collaborative-experts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taco_bench.api import PICKLE_ENDINGS, DataError, Track, read_pickle, read_torch
from taco_bench_readers.arrays import kind_of
from taco_bench_readers.filesets import OneFile
from taco_bench_readers.looks import pickle_head, torch_head

BOTH = ("2d", "3d")
POOLED: dict[str, float | None] = dict.fromkeys(BOTH)
FOLDER = re.compile(r"aggregated_.+?(?:_([\d.]+)fps)?(?:_\d+px)?(?:_stride(\d+))?(?:_offset\d+)?(?:_inner_stride\d+)?")


class UniVLPickle:
    """UniVL's YouCook2 and MSR-VTT: one pickle ``{id: array}``, S3D, one row a second."""

    def recognise(self, path: Path) -> str:
        """A dictionary of arrays, in a folder that is not collaborative-experts'."""
        head = pickle_head(path)
        ours = head.outer == "dict" and head.has_arrays and not head.strings & set(BOTH) and not FOLDER.fullmatch(path.parent.name)
        return "a pickled dictionary of arrays" if ours else ""

    def open(self, path: Path) -> OneFile:
        """The file."""
        return OneFile(path, "univl", {"features": 1.0}, lambda: {"features": _by_id(read_pickle(path), path)})


class Howto100mPickle:
    """howto100m's YouCook2: a pickled list of ``{id, caption, 2d, 3d}``, two streams pooled over clips that are cut already."""

    def recognise(self, path: Path) -> str:
        """A list, and the keys in its first entry."""
        head = pickle_head(path)
        return "a pickled list with the keys 2d and 3d" if head.outer == "list" and set(BOTH) <= head.strings else ""

    def open(self, path: Path) -> OneFile:
        """The file."""
        return OneFile(path, "clip", POOLED, lambda: _transposed_list(read_pickle(path), path))


class Howto100mTorch:
    """howto100m's MSR-VTT: a torch file ``{"2d": {id: tensor}, "3d": {id: tensor}}``, pooled over clips; read with weights_only."""

    def recognise(self, path: Path) -> str:
        """An archive of torch.save with the keys."""
        return "a torch file with the keys 2d and 3d" if set(BOTH) <= torch_head(path).strings else ""

    def open(self, path: Path) -> OneFile:
        """The file."""
        return OneFile(path, "clip", POOLED, lambda: _torch(path))


class CollaborativeExperts:
    """collaborative-experts: ``aggregated_EXPERT_FPS_PX_strideK_offset0/MODEL-avg.pickle``, each ``{id: array}``; a stream a MODEL. The
    path is one pickle, such a folder, or the folder above them. Whole clips.
    """

    def recognise(self, path: Path) -> str:
        """The folder's name."""
        found = _expert_files(path)
        return f"{found[0].parent.name}/{found[0].name}" if found else ""

    def open(self, path: Path) -> Experts:
        """The file or the folder's files."""
        found = _expert_files(path) or ([path] if path.is_file() else [])
        if not found:
            raise DataError("there is no aggregated_*/*.pickle", where=str(path), hint="name structured-symlinks/, or one pickle below it")
        return Experts(found)


class Experts:
    """Several pickles, a stream each."""

    cut = "whole"

    def __init__(self, paths: list[Path]) -> None:
        self._by_stream: dict[str, OneFile] = {}
        for path in paths:
            name = path.stem.removesuffix("-avg")
            if name in self._by_stream:
                other = self._by_stream[name].path
                raise DataError(
                    f"two files are named {name}: {other} and {path}", where=str(path), hint="name the one pickle that you want"
                )
            self._by_stream[name] = _expert(path, name)
        self.streams = tuple(self._by_stream)

    def ids(self) -> list[str]:
        """Of all streams."""
        return list(dict.fromkeys(id for file in self._by_stream.values() for id in file.ids()))

    def read(self, stream: str, id: str) -> Track:
        """One item."""
        return self._by_stream[stream].read(stream, id)

    def files(self) -> list[Path]:
        """The pickles."""
        return [file.path for file in self._by_stream.values()]


def _expert(path: Path, name: str) -> OneFile:
    return OneFile(path, "whole", {name: _expert_rate(path.parent.name)}, lambda: {name: _by_id(read_pickle(path), path)})


def _expert_rate(folder: str) -> float | None:
    """Rows a second of features that are not pooled, from the folder's name: frames a second over the stride."""
    found = FOLDER.fullmatch(folder)
    return float(found[1]) / int(found[2]) if found and found[1] and found[2] else None


def _expert_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix in PICKLE_ENDINGS and FOLDER.fullmatch(path.parent.name) else []
    folders = [path] if FOLDER.fullmatch(path.name) else sorted(path.glob("aggregated_*"))
    return [file for folder in folders for file in sorted(folder.iterdir()) if file.suffix in PICKLE_ENDINGS]


def _by_id(found: Any, path: Path) -> Mapping[str, Any]:
    if not isinstance(found, dict) or not found or not all(isinstance(key, str) for key in found):
        what = "is empty" if isinstance(found, (dict, list)) and not found else f"is no dictionary by id, but {kind_of(found)}"
        raise DataError(f"the pickle {what}", where=str(path), hint="expected {id: array}; `taco-bench list reader` shows the known forms")
    return found


def _transposed_list(found: Any, path: Path) -> Mapping[str, Mapping[str, Any]]:
    """From a list of ``{id, 2d, 3d}`` to arrays by stream and id."""
    if not isinstance(found, list) or not found:
        what = "is empty" if found == [] else f"is no list, but {kind_of(found)}"
        raise DataError(f"the pickle {what}", where=str(path), hint="expected a list of {id, caption, 2d, 3d}")
    arrays: dict[str, dict[str, Any]] = {stream: {} for stream in BOTH}
    for number, entry in enumerate(found):
        if not isinstance(entry, dict) or not {"id", *BOTH} <= set(entry):
            raise DataError(f"entry {number} lacks id, 2d or 3d", where=str(path), hint="expected a list of {id, caption, 2d, 3d}")
        id = str(entry["id"])
        if id in arrays["2d"]:
            raise DataError(f"the id {id!r} occurs twice", where=f"{path}, entry {number}", hint="keep one of them")
        for stream in BOTH:
            arrays[stream][id] = entry[stream]
    return arrays


def _torch(path: Path) -> Mapping[str, Mapping[str, Any]]:
    found = read_torch(path)
    if not isinstance(found, dict) or not set(BOTH) <= set(found):
        raise DataError(
            "the torch file lacks the keys 2d and 3d", where=str(path), hint='expected {"2d": {id: tensor}, "3d": {id: tensor}}'
        )
    return {stream: {id: _numpy(value, path) for id, value in _by_id(found[stream], path).items()} for stream in BOTH}


def _numpy(value: Any, path: Path) -> Any:
    import torch

    if not isinstance(value, torch.Tensor):
        raise DataError(f"a value is {kind_of(value)}, not a tensor", where=str(path), hint="expected {id: tensor}")
    return value.float().numpy() if value.dtype == torch.bfloat16 else value.numpy()
