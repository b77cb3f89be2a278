"""What the contract of data sets needs to run on each first-party data set: folders, real ones where they are at hand, and features."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from helpers.ms_tcn_made import write as write_ms_tcn
from helpers.written import write_csv, write_list, write_pickle

from taco_bench.plugins import load_plugins

_READ: dict[str, Any] = {}


class Shared:
    """Knows the folder of real data, whose annotations are read once where a check asks for no second reading: that takes seconds."""

    name: ClassVar[str]
    folder_of_data: Path

    @pytest.fixture(autouse=True)
    def _real(self, shared_data: Path) -> None:
        self.folder_of_data = shared_data

    @pytest.fixture
    def component(self, tmp_path_factory: pytest.TempPathFactory) -> Any:
        if self.name not in _READ:
            _READ[self.name] = self.new(tmp_path_factory.mktemp(self.name))  # type: ignore[attr-defined]
        return _READ[self.name]


class Msrvtt1k(Shared):
    """Annotations and features are real."""

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        return {"root": str(self.folder_of_data / "msrvtt1000")}


class PlantedFeatures(Shared):
    """Annotations are real; the features stand in, as the data set makes them itself."""

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        return {"root": str(self.folder_of_data), "planted_signal": 1.0}


class RealAnnotations(Shared):
    """Annotations are real; the videos of the first clip of each split have features."""

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        root = str(self.folder_of_data)
        dataset = load_plugins(third_party=False).build("data", {"type": self.name, "root": root})
        first = {clip.split: clip for clip in reversed(dataset.clips())}
        return {"root": root, "features": features(folder / "s3d", (clip.video or clip.id for clip in first.values()))}


def features(folder: Path, videos: Iterable[str]) -> str:
    """250 seconds of each video, in MMPT's layout."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, video in enumerate(videos):
        np.save(folder / f"{video}.npy", np.random.default_rng(number).normal(size=(250, 6)).astype(np.float16))
    return f"s3d-hm={folder}"


class Listed:
    """Lists and raw captions of three clips, written small."""

    names = ("a_1_2", "b_1_2", "c_1_2")

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        for split, name in zip(("train", "val", "test"), self.names, strict=True):
            write_list(folder / f"{split}_list.txt", [name])
        write_pickle(folder / "raw-captions.pkl", {name: [["a", "man", name[0]], ["he", "sings"]] for name in self.names})
        return {"root": str(folder), "features": features(folder / "s3d", self.names)}


class Narrated:
    """Two narrated videos, one of them held out."""

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        videos = ("v1", "v2", "v3")
        row = {"category_1": "Food", "category_2": "Soup", "rank": 1, "task_id": 3}
        write_csv(folder / "HowTo100M_v1.csv", [{"video_id": video, **row} for video in videos])
        said = {"start": [0, 5, 9], "end": [4, 8, 14], "text": ["stir the soup until it is hot", "add salt and taste it", "serve it"]}
        (folder / "caption.json").write_text(json.dumps(dict.fromkeys(videos, said)), encoding="utf-8")
        return {"root": str(folder), "features": features(folder / "s3d", videos), "held_out": 1}


class OfParagraphs:
    """ActivityNet Captions, written small."""

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        entry = {"duration": 60.5, "timestamps": [[0, 5], [5, 9]], "sentences": ["One.", "Two."]}
        for name, videos in {"train": ("v_a", "v_b"), "val_1": ("v_c",), "val_2": ("v_d",)}.items():
            (folder / f"{name}.json").write_text(json.dumps(dict.fromkeys(videos, entry)), encoding="utf-8")
        return {"root": str(folder), "features": features(folder / "s3d", ("v_a", "v_b", "v_c"))}


class Labelled:
    """Three labelled videos in MS-TCN's form."""

    def local_options(self, folder: Path) -> Mapping[str, Any]:
        return {"root": str(write_ms_tcn(folder / "breakfast"))}


DATA: dict[str, type] = {
    "msrvtt1k": Msrvtt1k,
    "crosstask": PlantedFeatures,
    "coin": PlantedFeatures,
    "youcook2": RealAnnotations,
    "msrvtt": RealAnnotations,
    "activitynet": OfParagraphs,
    "msvd": Listed,
    "didemo": Listed,
    "howto100m": Narrated,
    "ms-tcn": Labelled,
}
