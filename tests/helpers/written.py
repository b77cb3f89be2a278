"""Small annotation files in the real data sets' forms, written by tests."""

from __future__ import annotations

import csv
import json
import pickle
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Rows = Iterable[Mapping[str, object]]
SENTENCES = {
    "tr1": ["cut the onion", "fry the onion in a pan", "add salt"],
    "tr2": ["peel the potato", "boil the water"],
    "va1": ["mix the flour", "knead the dough"],
    "va2": ["serve the soup"],
}
"""Of a tiny YouCook2: segment i of a video lasts from 10 i to 10 i + 8."""
TRAINING = ("tr1", "tr2")


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_pickle(path: Path, found: Any) -> Path:
    path.write_bytes(pickle.dumps(found))
    return path


def write_list(path: Path, names: Iterable[str]) -> Path:
    path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return path


class Malicious:
    """Runs code where it is unpickled by Python's own means."""

    def __reduce__(self) -> Any:
        return (eval, ("__import__('pathlib').Path('/tmp/was-run').touch()",))


def youcook2_json(folder: Path, sentences: Mapping[str, Sequence[str]] = SENTENCES, name: str = "yc2_annotations_trainval.json") -> Path:
    database = {
        video: {
            "duration": 10.0 * len(texts),
            "subset": "training" if video.startswith("tr") else "validation",
            "annotations": [{"segment": [10 * i, 10 * i + 8], "id": i, "sentence": text} for i, text in enumerate(texts)],
        }
        for video, texts in sentences.items()
    }
    path = folder / name
    path.write_text(json.dumps({"database": database}), encoding="utf-8")
    return path


def youcook2_test_list(folder: Path, clips: Iterable[tuple[str, int]] = (("va1", 0), ("va1", 1))) -> Path:
    rows = [{"end": 10 * i + 8, "start": 10 * i, "task": 101, "text": SENTENCES[video][i], "video_id": video} for video, i in clips]
    return write_csv(folder / "validation_youcook.csv", rows)


def youcook2_anet(folder: Path, prefix: str = "") -> None:
    for split, name in (("tr", "yc2_train_anet_format.json"), ("va", "yc2_val_anet_format.json")):
        table = {
            prefix + video: {
                "duration": 10.0 * len(texts),
                "timestamps": [[10 * i, 10 * i + 8] for i in range(len(texts))],
                "sentences": [f" {text}" for text in texts],
            }
            for video, texts in SENTENCES.items()
            if video.startswith(split)
        }
        (folder / name).write_text(json.dumps(table), encoding="utf-8")


def youcook2_univl(folder: Path) -> None:
    table = {
        video: {
            "start": np.array([10 * i for i in range(len(texts))], object),
            "end": np.array([10 * i + 8 for i in range(len(texts))], object),
            "text": np.array(texts, object),
            "transcript": np.array(["none"] * len(texts), object),
        }
        for video, texts in SENTENCES.items()
    }
    write_pickle(folder / "youcookii_data.pickle", table)
    for split, name in (("tr", "youcookii_train.csv"), ("va", "youcookii_val.csv")):
        videos = [video for video in SENTENCES if video.startswith(split)]
        write_csv(folder / name, [{"video_id": video, "feature_file": f"{video}.npy"} for video in videos])


def youcook2_mmpt(folder: Path, training: Sequence[str] = ("tr1_0", "tr1_2", "tr2_1"), test: Sequence[str] = ("va1_1", "va2_0")) -> None:
    """howto100m's lists, whose captions have no stop words, and the json under the name that MMPT has it."""
    for name, clips in (("youcook_train.pkl", training), ("youcook_val.pkl", test)):
        vector = np.zeros(2048, np.float32)
        write_pickle(folder / name, [{"id": clip, "caption": "onion pan", "2d": vector, "3d": vector} for clip in clips])
    youcook2_json(folder, name="youcookii_annotations_trainval.json")


def features(folder: Path, seconds: Mapping[str, int], width: int = 8) -> Path:
    """A folder in MMPT's layout: VIDEO.npy, one row a second, row i of which begins with i."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (video, rows) in enumerate(seconds.items()):
        values = np.random.default_rng(number).normal(size=(rows, width)).astype(np.float16)
        values[:, 0] = np.arange(rows)
        np.save(folder / f"{video}.npy", values)
    return folder
