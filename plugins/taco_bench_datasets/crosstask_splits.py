"""Which videos of CrossTask are evaluated: the official rule, MMPT's single draw, and PDPP's lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from taco_bench.api import DataError
from taco_bench_datasets.annotation_files import read_json
from taco_bench_datasets.crosstask_release import Video

Protocol = Literal["official", "mmpt", "pdpp"]
TRAINING = 30
"""Training videos a primary task in the official protocol (Zhukov et al., 6.1) and in MMPT (n_train)."""

LISTS = {"train": "train_list.json", "test": "test_list.json"}
PDPP = "take train_list.json and test_list.json from MCG-NJU/PDPP: dataset/crosstask, and put them into the release folder or beside it"


def split_of(protocol: Protocol, videos: Sequence[Video], val: Sequence[Video], folder: Path) -> dict[Video, str]:
    """The split of each video; videos that a protocol does not use are absent.

    Args:
        protocol: "official", "mmpt" or "pdpp".
        videos: of primary tasks, with an annotation and, for "mmpt", with features; in the order of videos.csv.
        val: of videos_val.csv.
        folder: of the release; "pdpp" looks for its lists here and one folder above.
    """
    if protocol == "pdpp":
        return _pdpp(videos, folder)
    held_out = set(val)
    rest = [video for video in videos if video not in held_out]
    training = mmpt_training(videos, held_out) if protocol == "mmpt" else set()
    split = {video: "train" if video in training else "test" for video in rest}
    return {video: split.get(video, "val") for video in videos}


def mmpt_training(videos: Sequence[Video], val: Collection[Video]) -> set[Video]:
    """The training videos that fairseq's MMPT draws: 30 of each task that has more, all of a task that has not.

    MMPT seeds numpy's global generator with 0, takes the videos in the order of videos.csv that have features and an annotation and are
    not in videos_val.csv, and draws task after task in the order in which a task first occurs among those that have features and an
    annotation, those of videos_val.csv among them. This is that draw exactly (numpy keeps the legacy generator's stream) as long as the
    features are the same: its authors
    had 1,690 test videos (VideoCLIP, 5.2) and which ones is not published, so with all 2,750 the draw is the rule's, not theirs.

    Source: facebookresearch/fairseq, examples/MMPT: mmpt/processors/dsprocessor.py, CrossTaskMetaProcessor.
    """
    of_task: dict[str, list[Video]] = defaultdict(list)
    for video in videos:
        own = of_task[video.task]  # its place among the tasks, whether or not the video is left out
        if video not in val:
            own.append(video)
    legacy = np.random.RandomState(0)  # the published draw is its
    chosen: set[Video] = set()
    for found in of_task.values():
        drawn = legacy.choice(len(found), TRAINING, replace=False) if len(found) > TRAINING else range(len(found))
        chosen.update(found[int(at)] for at in drawn)
    return chosen


def _pdpp(videos: Sequence[Video], folder: Path) -> dict[Video, str]:
    listed: dict[Video, str] = {}
    for split, name in LISTS.items():
        path = next((place / name for place in (folder, folder.parent) if (place / name).is_file()), folder / name)
        rows = read_json(path, PDPP)
        try:
            listed.update({Video(str(row["task"]), row["vid"]): split for row in rows})
            if not isinstance(rows, list):
                raise TypeError
        except (TypeError, KeyError):
            raise DataError("the file is no list of videos", where=str(path), hint=PDPP) from None
    return {video: listed[video] for video in videos if video in listed}
