"""A folder as somebody might have it, without a video: features as numbers, a row a second."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

HEADER = ("id", "caption", "split", "video", "start", "end")
LINES = (
    ("pan", "a pan on a stove", "train", "kitchen", "0", "4"),
    ("pan", "somebody heats a pan", "train", "kitchen", "0", "4"),
    ("egg", "an egg is broken into it", "train", "kitchen", "4", "9.5"),
    ("walk", "a dog walks, then sits", "train", "", "", ""),
    ("door", "a door is opened", "val", "", "2", ""),
    ("bike", "two bikes pass", "test", "street", "", "6"),
)
VIDEOS = {"kitchen": 12, "walk": 5, "door": 7, "street": 9}
"""Seconds of each."""


def write_csv(path: Path, lines: object = LINES, header: tuple[str, ...] = HEADER) -> str:
    """The csv; its path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *lines])  # type: ignore[misc]
    return str(path)


def write_features(folder: Path, videos: dict[str, int] = VIDEOS) -> str:
    """Row t of a video is filled with t; what ``data.features`` is to be."""
    rows = []
    for video, seconds in videos.items():
        np.save(folder / f"{video}.npy", np.repeat(np.arange(seconds, dtype=np.float32)[:, None], 8, axis=1))
        rows.append((f"{video}.mp4", f"{video}.npy"))
    return f"efficientnet-lite0={write_csv(folder / 'features.csv', rows, ('video_path', 'feature_path'))}"
