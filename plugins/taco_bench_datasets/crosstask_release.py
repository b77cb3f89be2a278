"""The annotation release of CrossTask (Zhukov et al., CVPR 2019): tasks, videos and annotated segments."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from taco_bench.api import DataError, DataFolder
from taco_bench_datasets.annotation_files import numbered_lines
from taco_bench_datasets.step_segments import Segment

RELEASE = "take it from crosstask_release.zip again; `taco-bench data status crosstask` says where to ask"
TASKS = "tasks_primary.txt"
DEPTH = 3
"""Folders that are looked into below the one that is named: FOLDER/crosstask/crosstask_release."""


class Task(NamedTuple):
    """A task and its steps.

    Attributes:
        id: such as "23521".
        title: such as "Make Jello Shots".
        steps: in order, underscores turned into spaces.
    """

    id: str
    title: str
    steps: tuple[str, ...]


class Video(NamedTuple):
    """A line of videos.csv; ``key`` names the annotation file."""

    task: str
    id: str

    @property
    def key(self) -> str:
        """TASK_VIDEO."""
        return f"{self.task}_{self.id}"


def find_release(root: str) -> Path:
    """The folder that holds tasks_primary.txt: the one that is named, or one up to two levels below it.

    Raises:
        DataError: none is named, or there is none or more than one.
    """
    folder = DataFolder("crosstask", root)
    found = sorted(path.parent for depth in range(DEPTH) for path in folder.folders[0].glob("*/" * depth + TASKS))
    if not found:
        raise folder.missing(TASKS)
    if len(found) > 1:
        raise DataError(f"{TASKS} lies in {len(found)} folders: " + ", ".join(map(str, found)), where="data.root", hint="name one of them")
    return found[0]


def read_tasks(path: Path) -> dict[str, Task]:
    """Tasks by id, in the order of tasks_primary.txt or tasks_related.txt: five lines each, a blank line between them.

    Raises:
        DataError: the file ends inside a task, a number is none, or the number of steps differs from the steps; names the line.
    """
    lines = numbered_lines(path, RELEASE)
    if not lines:
        raise DataError("the file has no task", where=str(path), hint=RELEASE)
    if len(lines) % 5:
        raise DataError(f"the file ends inside the task {lines[len(lines) // 5 * 5][1]!r}", where=str(path), hint=RELEASE)
    tasks: dict[str, Task] = {}
    for at in range(0, len(lines), 5):
        (first, task), (_, title), _, (third, number), (_, listed) = lines[at : at + 5]
        if not task.isdigit() or task in tasks:
            what = f"the task id {task!r} " + ("occurs twice" if task in tasks else "is no number")
            raise DataError(what, where=f"{path}, line {first}", hint="a task is five lines: id, title, URL, number of steps, steps")
        steps = tuple(step.strip().replace("_", " ") for step in listed.split(","))
        if number != str(len(steps)):
            what = f"task {task} is said to have {number!r} steps, but {len(steps)} are listed"
            raise DataError(what, where=f"{path}, line {third}", hint=RELEASE)
        tasks[task] = Task(task, title, steps)
    return tasks


def read_videos(path: Path) -> list[Video]:
    """The videos of videos.csv or videos_val.csv, lines ``task,video,url``, in the order of the file.

    Raises:
        DataError: no video, a line of another form, or a video that a task has twice; names the line.
    """
    videos: dict[Video, None] = {}
    for number, line in numbered_lines(path, RELEASE):
        parts = [part.strip() for part in line.split(",")]
        where = f"{path}, line {number}"
        if len(parts) != 3 or not parts[0].isdigit() or not parts[1]:
            raise DataError(f"{line!r} is no video", where=where, hint="a line reads task,video,url")
        video = Video(parts[0], parts[1])
        if video in videos:
            raise DataError(f"task {video.task} has the video {video.id!r} twice", where=where, hint="keep one of the lines")
        videos[video] = None
    if not videos:
        raise DataError("the file has no video", where=str(path), hint=RELEASE)
    return list(videos)


def read_annotation(path: Path, task: Task) -> list[Segment]:
    """The segments of annotations/TASK_VIDEO.csv, lines ``step,start,end``: steps count from 1, times are seconds.

    Raises:
        DataError: a line of another form, or a step that the task does not have; names the line.
    """
    return [_segment(line, f"{path}, line {number}", task) for number, line in numbered_lines(path, RELEASE)]


def _segment(line: str, where: str, task: Task) -> Segment:
    parts = line.split(",")
    try:
        step, start, end = int(parts[0]), float(parts[1]), float(parts[2])
        if len(parts) > 3 or not math.isfinite(start + end):
            raise ValueError
    except (ValueError, IndexError):
        hint = "a line reads step,start,end; is the file cut off? " + RELEASE
        raise DataError(f"{line!r} is no segment", where=where, hint=hint) from None
    if not 1 <= step <= len(task.steps):
        what = f"step {step} is unknown: task {task.id} ({task.title}) has the steps 1 to {len(task.steps)}"
        raise DataError(what, where=where, hint=f"mend the line, or take {TASKS} and the annotations from the same release")
    return Segment(step_label(task.id, step), task.steps[step - 1], start, end)


def step_label(task: str, step: int) -> str:
    """The class of a step, one of 133: tasks share texts such as "pour water", not classes."""
    return f"{task}-{step}"


def annotation_files(folder: Path) -> Mapping[str, Path]:
    """The files under annotations/ by TASK_VIDEO.

    Raises:
        DataError: there are none.
    """
    found = {path.stem: path for path in sorted((folder / "annotations").glob("*.csv"))}
    if not found:
        raise DataError("there are no annotations", where=str(folder / "annotations"), hint=RELEASE)
    return found
