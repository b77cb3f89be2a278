"""YouCook2's annotations in the forms that code bases keep them in, each as the same segments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taco_bench.api import DataFolder, read_pickle
from taco_bench_datasets.annotation_files import malformed, read_csv, read_object
from taco_bench_datasets.segments import Segment
from taco_bench_datasets.wording import FormError

Names = tuple[str, ...]
Paths = tuple[Path, ...]
SUBSETS = ("training", "validation")


@dataclass(frozen=True)
class Form:
    """One form.

    Attributes:
        what: for people.
        files: its files; each by all the names that it goes by.
        read: the segments of these files, of training and validation.
    """

    what: str
    files: tuple[Names, ...]
    read: Callable[..., list[Segment]]

    def found(self, folder: DataFolder) -> Paths:
        """The files, where all of them are there."""
        paths = [folder.find(*names) for names in self.files]
        return tuple(path for path in paths if path) if all(paths) else ()


def official(path: Path) -> list[Segment]:
    """``database[video] = {duration, subset, annotations: [{segment: [s, e], id, sentence}]}``."""
    found = []
    for video, entry in _database(path).items():
        try:
            training, duration = _is_training(entry["subset"]), float(entry["duration"])
            for one in entry["annotations"]:
                start, end = map(float, one["segment"])
                found.append(Segment(video, int(one["id"]), start, end, one["sentence"].strip(), training, duration))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise malformed(path, video, error) from None
    return found


def _is_training(subset: object) -> bool:
    if subset not in SUBSETS:
        raise FormError(f"the subset is {subset!r}; subsets are {' and '.join(SUBSETS)}")
    return subset == "training"


def _database(path: Path) -> Mapping[str, Any]:
    found = read_object(path).get("database")
    if not isinstance(found, dict):
        raise malformed(path, "database", FormError("expected an object of videos"))
    return found


def dense(training: Path, validation: Path) -> list[Segment]:
    """Two files of ``{video: {duration, timestamps: [[s, e], ...], sentences}}``, with or without v_ before the ids."""
    return [*_dense(training, training=True), *_dense(validation, training=False)]


def _dense(path: Path, *, training: bool) -> list[Segment]:
    found = []
    table = read_object(path)
    prefix = "v_" if all(video.startswith("v_") for video in table) else ""  # one video's own id starts with it
    for video, entry in table.items():
        try:
            for index, ((start, end), text) in enumerate(zip(entry["timestamps"], entry["sentences"], strict=True)):
                times = float(start), float(end)
                found.append(Segment(video.removeprefix(prefix), index, *times, text.strip(), training, float(entry["duration"])))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise malformed(path, video, error) from None
    return found


def univl(captions: Path, training: Path, validation: Path) -> list[Segment]:
    """UniVL's pickle ``{video: {start, end, text}}`` of arrays, and a csv of the videos of each split."""
    table = read_pickle(captions)
    found = []
    for path, is_training in ((training, True), (validation, False)):
        for video in dict.fromkeys(row["video_id"] for row in read_csv(path, ["video_id"])):
            try:
                entry = table[video]
                rows = zip(entry["start"], entry["end"], entry["text"], strict=True)
                found += [Segment(video, i, float(s), float(e), str(t).strip(), is_training) for i, (s, e, t) in enumerate(rows)]
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise malformed(captions, video, error) from None
    return found


def mmpt(training: Path, validation: Path, annotations: Path) -> list[Segment]:
    """howto100m's lists of clips ``{id: VIDEO_INDEX, ...}``, whose sentences have lost their stop words, joined with the official json."""
    by_video: dict[str, dict[int, Segment]] = defaultdict(dict)
    for segment in official(annotations):
        by_video[segment.video][segment.index] = segment
    found = []
    for path, is_training in ((training, True), (validation, False)):
        for place, clip in enumerate(_clips(path)):
            try:
                video, _, index = clip["id"].rpartition("_")
                segment = by_video[video][int(index)]
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise malformed(path, _id_of(clip, place), error) from None
            found.append(Segment(video, segment.index, segment.start, segment.end, segment.text, is_training, segment.duration))
    return found


def _clips(path: Path) -> Sequence[Any]:
    found = read_pickle(path)
    if not isinstance(found, (list, tuple)):
        raise malformed(path, "the whole", FormError("expected a list of clips"))
    return found


def _id_of(clip: object, place: int) -> object:
    return clip.get("id", place) if isinstance(clip, dict) else place


JSON = ("yc2_annotations_trainval.json", "youcookii_annotations_trainval.json")

FORMS: dict[str, Form] = {
    "json": Form("the official json", (JSON,), official),
    "univl": Form("UniVL's csv and pickle", (("youcookii_data.pickle",), ("youcookii_train.csv",), ("youcookii_val.csv",)), univl),
    "anet": Form("dense captions in ActivityNet's form", (("yc2_train_anet_format.json",), ("yc2_val_anet_format.json",)), dense),
    "mmpt": Form("howto100m's pickles joined with the official json", (("youcook_train.pkl",), ("youcook_val.pkl",), JSON), mmpt),
}
"""In the order in which a folder is looked at: the whole training split comes before howto100m's selection of it."""
