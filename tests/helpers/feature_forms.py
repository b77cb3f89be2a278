"""Small sets of features in every form that a reader reads, with what must come back."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
LENGTHS = {"vid-a": 7, "vid_b": 12, "vídeo c": 1}
ODD = "vid_b"
"""The item that tests spoil."""


@dataclass
class Made:
    """One set.

    Attributes:
        path: what is given to the reader.
        streams: by stream and id the arrays [rows, width].
        cut: the rule that must come with it.
        rates: rows a second by stream.
        times: by stream and id, where the form gives them.
        reader: how it is named on the command line; ``looked`` says whether it is found by looking, too.
        raw: as it is stored, before it is written; tests change it and write again.
    """

    path: Path
    streams: dict[str, Arrays]
    cut: str
    rates: dict[str, float | None]
    reader: str
    times: dict[str, Arrays] = field(default_factory=dict)
    looked: bool = True


def rows(width: int, seed: int = 0, kind: Any = np.float32) -> Arrays:
    """Numbers that float16 holds exactly."""
    draw = np.random.default_rng([seed, width])
    return {id: draw.normal(size=(length, width)).astype(np.float16).astype(kind) for id, length in LENGTHS.items()}


Change = Callable[[str, str, np.ndarray], Any]
"""From stream, id and array as they are stored to what is written in their place; None: nothing."""


def as_is(stream: str, id: str, array: np.ndarray) -> Any:
    return array


def npy_folder(folder: Path, change: Change = as_is) -> Made:
    made = Made(folder, {"features": rows(6, kind=np.float16)}, "mmpt", {"features": 1.0}, "npy-folder")
    _npy(made, change, lambda stream, id: f"{id}.npy")
    return made


def mlds(folder: Path, change: Change = as_is) -> Made:
    made = Made(folder, {"features": rows(8)}, "whole", {"features": None}, "mlds")
    _npy(made, change, lambda stream, id: f"{id}.avi.npy")
    return made


def bmt(folder: Path, change: Change = as_is) -> Made:
    streams = {"rgb": rows(6), "flow": rows(6, 1), "vggish": rows(4)}
    made = Made(folder, streams, "fraction", {"rgb": 25 / 64, "flow": 25 / 64, "vggish": 1 / 0.96}, "bmt")
    _npy(made, change, lambda stream, id: f"{id}_{stream}.npy")
    return made


def crosstask(folder: Path, change: Change = as_is) -> Made:
    whole = rows(3200)
    ranges = {"i3d-rgb": (0, 1024), "resnet152": (1024, 3072), "vggish": (3072, 3200)}
    streams = {stream: {id: array[:, a:b] for id, array in whole.items()} for stream, (a, b) in ranges.items()}
    made = Made(folder, {"whole": whole}, "crosstask", dict.fromkeys(ranges, 1.0), "crosstask")
    _npy(made, change, lambda stream, id: f"{id}.npy")
    made.streams = streams
    return made


def ms_tcn(folder: Path, change: Change = as_is) -> Made:
    (folder / "groundTruth").mkdir(parents=True)
    (folder / "mapping.txt").write_text("0 background\n")
    made = Made(folder / "features", {"features": rows(2048)}, "mmpt", {"features": 15.0}, "ms-tcn", looked=False)
    _npy(made, lambda stream, id, array: change(stream, id, array.T), lambda stream, id: f"{id}.npy")
    return made


def howto100m_npy(folder: Path, change: Change = as_is, text: Callable[[str], bytes] = str.encode) -> Made:
    made = Made(folder / "files", {"features": rows(6, kind=np.float16)}, "howto100m", {"features": 1.5}, "howto100m-npy:1.5")
    _npy(made, change, lambda stream, id: f"{id}-3d.npy")
    lines = ["video_path,feature_path", *(f"/videos/{id}.mp4,{folder}/files/{id}-3d.npy" for id in LENGTHS)]
    made.path = folder / "todo.csv"
    made.path.write_bytes(text("\n".join(lines) + "\n"))
    return made


def univl_csv(folder: Path, change: Change = as_is, text: Callable[[str], bytes] = str.encode) -> Made:
    made = Made(folder, {"features": rows(6)}, "univl", {"features": 1.0}, "univl-csv")
    _npy(made, change, lambda stream, id: f"{id}_s3d.npy")
    made.path = folder / "HowTo100M_v1.csv"
    lines = ["video_id,feature_file", *(f"{id},{id}_s3d.npy" for id in LENGTHS)]
    made.path.write_bytes(text("\n".join(lines) + "\n"))
    return made


def univl_pickle(folder: Path, change: Change = as_is) -> Made:
    made = Made(folder / "youcookii_videos_features.pickle", {"features": rows(6)}, "univl", {"features": 1.0}, "univl-pickle")
    _pickle(made.path, _changed(made.streams["features"], "features", change))
    return made


def howto100m_pickle(folder: Path, change: Change = as_is) -> Made:
    streams = {stream: {f"{id}_0": array[:1] for id, array in rows(9, seed).items()} for seed, stream in enumerate(("2d", "3d"))}
    made = Made(folder / "youcook_val.pkl", streams, "clip", {"2d": None, "3d": None}, "howto100m-pickle")
    entries = []
    for id in streams["2d"]:
        pooled = {stream: change(stream, id.removesuffix("_0"), streams[stream][id][0]) for stream in streams}
        entries.append({"id": id, "caption": "cut tomatoes", **{key: value for key, value in pooled.items() if value is not None}})
    _pickle(made.path, entries)
    return made


def howto100m_torch(folder: Path, change: Change = as_is) -> Made:
    import torch

    streams = {stream: {id: array[:1] for id, array in rows(9, seed).items()} for seed, stream in enumerate(("2d", "3d"))}
    made = Made(folder / "msrvtt.pth", streams, "clip", {"2d": None, "3d": None}, "howto100m-torch")
    made.path.parent.mkdir(parents=True, exist_ok=True)
    found = {
        stream: {id: torch.from_numpy(array) for id, array in _changed({i: a[0] for i, a in arrays.items()}, stream, change).items()}
        for stream, arrays in streams.items()
    }
    torch.save(found, made.path)
    return made


def mmt(folder: Path, change: Change = as_is) -> Made:
    import h5py

    streams = {"s3d": rows(6), "audio": rows(4)}
    times = {
        s: {id: np.sort(np.random.default_rng(len(s)).uniform(0, 30, (len(a), 2)), axis=0) for id, a in x.items()}
        for s, x in streams.items()
    }
    made = Made(folder, streams, "times", {"s3d": None, "audio": None}, "mmt-h5")
    made.times = {s: {id: (t[:, 0] + t[:, 1]) / 2 for id, t in x.items()} for s, x in times.items()}
    for id in LENGTHS:
        path = folder / id[0] / id[1] / id[2] / f"{id}.h5"
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            file["raw_captions.0"] = ["a", "caption"]
            for stream in streams:
                value = change(stream, id, streams[stream][id])
                if value is not None:
                    file[f"features.{stream}"], file[f"features_t.{stream}"] = value, times[stream][id]
    return made


def collaborative_experts(folder: Path, change: Change = as_is) -> Made:
    streams = {"resnext101": {id: array[:1] for id, array in rows(9).items()}, "i3d": rows(6)}
    made = Made(folder / "structured-symlinks", streams, "whole", {"resnext101": None, "i3d": 0.5}, "ce-pickle")
    names = {
        "resnext101": "aggregated_imagenet_25fps_256px_stride1_offset0",
        "i3d": "aggregated_i3d_25fps_256px_stride50_offset0_inner_stride1",
    }
    for stream, arrays in streams.items():
        stored = {id: array[0] for id, array in arrays.items()} if stream == "resnext101" else arrays
        path = made.path / names[stream] / f"{stream}-avg.pickle"
        _pickle(path, _changed(stored, stream, change))
    return made


FORMS: dict[str, Callable[..., Made]] = {
    made.__name__: made
    for made in (npy_folder, mlds, bmt, crosstask, ms_tcn, howto100m_npy, univl_csv, univl_pickle, howto100m_pickle, howto100m_torch, mmt)
} | {"ce": collaborative_experts}


def _changed(arrays: Arrays, stream: str, change: Change) -> dict[str, Any]:
    found = {id: change(stream, id, array) for id, array in arrays.items()}
    return {id: value for id, value in found.items() if value is not None}


def _npy(made: Made, change: Change, name: Callable[[str, str], str]) -> None:
    made.path.mkdir(parents=True, exist_ok=True)
    for stream, arrays in made.streams.items():
        for id, array in _changed(arrays, stream, change).items():
            np.save(made.path / name(stream, id), array)


def _pickle(path: Path, what: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(what))
