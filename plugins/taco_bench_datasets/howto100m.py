"""HowTo100M: narrated videos for pre-training (P 4.1, 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from taco_bench.api import DataError, read_pickle
from taco_bench_datasets.annotation_files import malformed, read_csv, read_list, read_object
from taco_bench_datasets.held_out import held_out
from taco_bench_datasets.narration import Merging, collect
from taco_bench_datasets.recipes import PAPER
from taco_bench_datasets.stored import Annotations, StoredDataset

PRESET: dict[str, Any] = {
    **PAPER,
    "encoder": "s3d-hm",
    "model.video_layers": 4,
    "train.steps": 500_000,
    "train.batch_size": 64,
}
"""P 4.3, Tab. 8: 500k steps, K = 64, four video layers. Token limits, warm-up and weight decay are not stated: as on single sets."""

VIDEOS, CAPTIONS = "HowTo100M_v1.csv", ("caption.json", "caption.pickle")
Count = Annotated[int, Field(ge=0)]


class HowTo100M(StoredDataset):
    """Narrations merged with their neighbours until a clip has ten words.

    The index takes about 30 bytes a clip beside the text. Reading the caption file takes as much memory as Python needs for all of it
    (tens of GiB for the whole set), and an experiment tokenizes every caption before it starts: ``videos`` takes a part that fits.

    Args:
        root: folder of the csv and the captions, or one above it; empty: TACO_BENCH_DATA.
        features: "s3d-hm=PATH", or a folder with a sub-folder a stream.
        min_words: words of a clip; shorter ones are merged with the clips after them.
        min_time: seconds of a clip.
        videos: how many, drawn by a hash of their ids; 0: all.
        held_out: of these, videos that are the test split, so that a pre-training has a figure; the paper has none.
        exclude: file with ids, one a line, that must not be trained on, such as the test videos of other data sets.
    """

    manifest = "howto100m"

    def __init__(
        self,
        root: str = "",
        features: str = "",
        min_words: Annotated[int, Field(ge=1)] = 10,
        min_time: Annotated[float, Field(ge=0)] = 0.0,
        videos: Count = 0,
        held_out: Count = 50,
        exclude: str = "",
    ) -> None:
        super().__init__(root, features)
        self.merging, self.videos, self.held_out, self.exclude = Merging(min_words, min_time), videos, held_out, exclude

    def annotation_files(self) -> list[Path]:
        """The list of videos, the captions, and the videos to leave out."""
        return [self.folder.need(VIDEOS), self.folder.need(*CAPTIONS), *([Path(self.exclude)] if self.exclude else [])]

    def read_annotations(self) -> Annotations:
        """The index of all clips."""
        csv, captions, *exclude = self.annotation_files()
        listed = dict.fromkeys(row["video_id"] for row in read_csv(csv, ["video_id"]))
        table = _table(captions)
        out = set(read_list(exclude[0])) if exclude else set()
        known = [video for video in listed if video in table and video not in out]
        chosen = held_out(known, self.videos) if self.videos else frozenset(known)
        test = held_out(chosen, self.held_out)
        names = [video for video in known if video in chosen]
        try:
            clips, left_out = collect(table, names, ["test" if video in test else "train" for video in names], self.merging)
        except ValueError as error:
            raise malformed(captions, error.args[1], error.args[0]) from None
        counts = {
            "listed videos without narration": sum(video not in table for video in listed),
            "narrated videos that are not listed": sum(video not in listed for video in table),
            "excluded videos": sum(video in out for video in listed),
            "narrations without length, time or text": left_out.captions,
            "videos without a narration that can be used": left_out.videos,
        }
        told = [f"{len(clips)} clips of {len(names)} videos; {len(test)} videos held out as test"]
        return Annotations(clips, remarks=told + [f"{count} {what} left out" for what, count in counts.items() if count])


def _table(path: Path) -> Mapping[str, Any]:
    found = read_object(path) if path.suffix == ".json" else read_pickle(path)
    if not isinstance(found, dict):
        raise DataError("the captions are no {video: {start, end, text}}", where=str(path), hint="use the released file")
    return found
