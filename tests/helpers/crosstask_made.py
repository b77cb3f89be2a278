"""A small CrossTask release, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

TASKS = """101
Make Tea
http://www.wikihow.com/Make-Tea
3
boil water,add tea_leaves,pour water

102
Change a Bulb
http://www.wikihow.com/Change-a-Bulb
2
remove bulb,insert bulb

"""
RELATED = """900
Make Coffee
http://www.wikihow.com/Make-Coffee
1
pour coffee

"""
VIDEOS = ["101,aa", "102,bb", "900,rel", "101,cc", "102,dd-_1", "101,ee"]
VAL = ["101,ee"]
ANNOTATIONS = {
    "101_aa": "1,2.1,5.7\n3,6.28,9.0\n1,7.0,8.0\n",
    "102_bb": "2,3,4\n1,0.5,1.5\n",
    "101_cc": "2,10.0,11.0\n",
    "102_dd-_1": "1,1.0,2.0\n2,4.0,6.5\n",
    "101_ee": "3,0.0,1.0\n",
}


def write_release(folder: Path) -> Path:
    """The files of a release under a folder, which is made."""
    (folder / "annotations").mkdir(parents=True)
    (folder / "tasks_primary.txt").write_text(TASKS)
    (folder / "tasks_related.txt").write_text(RELATED)
    for name, lines in (("videos.csv", VIDEOS), ("videos_val.csv", VAL)):
        (folder / name).write_text("".join(f"{line},https://www.youtube.com/watch?v={line[4:]}\n" for line in lines))
    for name, text in ANNOTATIONS.items():
        (folder / "annotations" / f"{name}.csv").write_text(text)
    return folder


def write_features(folder: Path, lengths: dict[str, int], width: int = 8) -> Path:
    """A folder of VIDEO.npy, float16 [seconds, width], whose numbers are the second that they are of."""
    folder.mkdir(parents=True)
    for video, length in lengths.items():
        np.save(folder / f"{video}.npy", np.repeat(np.arange(length, dtype=np.float16)[:, None], width, axis=1))
    return folder
