"""The video files of a folder."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from taco_bench.errors import DataError

SUFFIXES = frozenset([".3gp", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".ts", ".webm", ".wmv"])


def find_videos(folder: Path) -> dict[str, Path]:
    """The videos in a folder and the folders below it, by id: the file's name without its suffix; sorted.

    Raises:
        DataError: there is no such folder, it has no video, or two videos have one id.
    """
    if not folder.is_dir():
        raise DataError("there is no such folder", where=str(folder), hint="--videos names a folder of video files")
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file():
            found[path.stem].append(path)
    if not found:
        raise DataError("the folder has no video", where=str(folder), hint="a video's name ends in " + ", ".join(sorted(SUFFIXES)))
    for name, paths in found.items():
        if len(paths) > 1:
            what = f"the id {name!r} belongs to {len(paths)} videos: {', '.join(str(path.relative_to(folder)) for path in paths)}"
            raise DataError(what, where=str(folder), hint="an id is a file's name without its suffix; rename or remove all but one")
    return {name: found[name][0] for name in sorted(found)}
