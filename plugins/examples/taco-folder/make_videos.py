"""A folder of tiny videos with a csv of captions, to try the plugin with: ``python make_videos.py DIR`` (needs PyAV, the extra video)."""

from __future__ import annotations

import csv
import itertools
import sys
from pathlib import Path

import av
import numpy as np

SIZE, RATE, SECONDS = 64, 8, 3
COLOURS = {"red": (220, 40, 40), "green": (40, 180, 60), "blue": (40, 70, 220), "yellow": (230, 210, 40), "white": (240, 240, 240)}
SHAPES = ("square", "disc", "cross", "ring")
WAYS = {"left": (0, -1), "right": (0, 1), "down": (1, 0)}


def picture(colour: str, shape: str, way: str, time: float) -> np.ndarray:
    """One frame, uint8 [64, 64, 3]: the shape on grey, where it is at a time between 0 and 1."""
    along = [SIZE / 2 + step * (time - 0.5) * 40 for step in WAYS[way]]
    down, across = np.abs(np.mgrid[:SIZE, :SIZE] - np.reshape(along, (2, 1, 1)))
    far = np.hypot(down, across)
    inside = {
        "square": np.maximum(down, across) < 12,
        "disc": far < 13,
        "cross": (np.minimum(down, across) < 4) & (np.maximum(down, across) < 15),
        "ring": (far > 8) & (far < 14),
    }[shape]
    frame = np.full((SIZE, SIZE, 3), 90, np.uint8)
    frame[inside] = COLOURS[colour]
    return frame


def write_video(path: Path, colour: str, shape: str, way: str) -> None:
    """Three seconds of it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(RATE * SECONDS):
            frame = av.VideoFrame.from_ndarray(picture(colour, shape, way, number / (RATE * SECONDS)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main(folder: Path) -> None:
    """60 videos in ``folder/videos`` and ``folder/captions.csv``, each with two captions."""
    (folder / "videos").mkdir(parents=True, exist_ok=True)
    lines = [("id", "caption")]
    for colour, shape, way in itertools.product(COLOURS, SHAPES, WAYS):
        id = f"{colour}-{shape}-{way}"
        write_video(folder / "videos" / f"{id}.mp4", colour, shape, way)
        lines += [(id, f"a {colour} {shape} moves {way}"), (id, f"moving {way}, a {shape} that is {colour}")]
    with (folder / "captions.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
