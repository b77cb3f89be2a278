"""A small data set in MS-TCN's form."""

from __future__ import annotations

from pathlib import Path

import numpy as np

NAMES = ("background", "take_cup", "pour_milk")
LABELS = {
    "P1_cereals": [0, 0, 1, 1, 1, 2, 0, 0],
    "P2_cereals": [1, 1, 1, 2, 2, 2],
    "P3_cereals": [0, 1, 1, 0, 1, 2, 2],
}
WIDTH = 5


def write(folder: Path, rows: dict[str, int] | None = None) -> Path:
    """Split 1 trains on P1 and P2, split 2 on P2 and P3; row i of a video is all i."""
    for name in ("features", "groundTruth", "splits"):
        (folder / name).mkdir(parents=True)
    (folder / "mapping.txt").write_text("".join(f"{number} {name}\n" for number, name in enumerate(NAMES)))
    for video, labels in LABELS.items():
        (folder / "groundTruth" / f"{video}.txt").write_text("".join(f"{NAMES[label]}\n" for label in labels))
        count = (rows or {}).get(video, len(labels))
        np.save(folder / "features" / f"{video}.npy", np.tile(np.arange(count, dtype=np.float32), (WIDTH, 1)))
    for split, train, test in ((1, ("P1", "P2"), ("P3",)), (2, ("P2", "P3"), ("P1",))):
        for part, people in (("train", train), ("test", test)):
            (folder / "splits" / f"{part}.split{split}.bundle").write_text("".join(f"{person}_cereals.txt\n" for person in people))
    return folder
