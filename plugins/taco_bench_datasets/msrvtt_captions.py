"""MSR-VTT's captions in the forms that code bases keep them in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taco_bench.api import DataFolder
from taco_bench_datasets.annotation_files import malformed, read_csv, read_object
from taco_bench_datasets.raw_captions import RAW_CAPTIONS, read_raw_captions

WATCHED = re.compile(r"(?:[?&]v=|youtu\.be/|/embed/|/v/)([A-Za-z0-9_-]{11})(?![A-Za-z0-9_-])")
DATA_JSON = "MSRVTT_data.json"
FOLDS = "MSRVTT_val_fold_*.csv"


@dataclass(frozen=True)
class Captions:
    """What is known of the clips.

    Attributes:
        what: the form, for people.
        of: the captions of each clip, in the order of their file.
        durations: seconds of each clip, where known.
        sources: the web video that each clip was cut from, where known.
    """

    what: str
    of: Mapping[str, tuple[str, ...]]
    durations: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


def caption_files(folder: DataFolder) -> list[Path]:
    """The files of the first form that is there: all captions from json or pickle, else one caption a training clip from csv files.

    Raises:
        DataError: there is none.
    """
    whole = folder.find(DATA_JSON, RAW_CAPTIONS)
    found = [whole] if whole else folder.all(FOLDS)
    if not found:
        raise folder.missing(DATA_JSON, RAW_CAPTIONS, FOLDS)
    return found


def read_captions(paths: Sequence[Path]) -> Captions:
    """The captions in the files of :func:`caption_files`."""
    if paths[0].name == DATA_JSON:
        return _data_json(paths[0])
    if paths[0].name == RAW_CAPTIONS:
        return Captions(f"all captions ({RAW_CAPTIONS})", read_raw_captions(paths[0]))
    rows = [row for path in paths for row in read_csv(path, ["video_id", "sentence"])]
    return Captions(f"one caption a clip ({len(paths)} files {FOLDS})", {row["video_id"]: (row["sentence"],) for row in rows})


def _data_json(path: Path) -> Captions:
    """``videos[{video_id, url, start time, end time, split, ...}]`` and ``sentences[{video_id, caption, sen_id}]``."""
    document = read_object(path)
    captions: dict[str, list[tuple[int, str]]] = defaultdict(list)
    durations, sources = {}, {}
    one: Any = {}
    try:
        for one in document["sentences"]:
            captions[one["video_id"]].append((int(one["sen_id"]), one["caption"].strip()))
        for one in document["videos"]:
            durations[one["video_id"]] = float(one["end time"]) - float(one["start time"])
            sources[one["video_id"]] = one["url"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise malformed(path, one.get("video_id", "an entry without video_id") if isinstance(one, dict) else "an entry", error) from None
    ordered = {video: tuple(text for _, text in sorted(pairs)) for video, pairs in captions.items()}
    return Captions(f"all captions ({DATA_JSON})", ordered, durations, sources)


def youtube_in(url: str) -> str:
    """YouTube's id in the address of a video; empty where it is another site's."""
    found = WATCHED.search(url)
    return found[1] if found else ""
