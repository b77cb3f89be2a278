"""HowTo100M: narrated videos for pre-training (P 4.1, 4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from taco_bench.api import DataError, plain_video, read_pickle, youtube_of
from taco_bench_datasets.annotation_files import malformed, read_csv, read_list
from taco_bench_datasets.held_out import held_out
from taco_bench_datasets.narration import Merging, collect
from taco_bench_datasets.recipes import PAPER
from taco_bench_datasets.segments import SHOWN
from taco_bench_datasets.stored import Annotations, StoredDataset
from taco_bench_datasets.streamed import streamed

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

    What N videos cost, measured on 50,000 made-up ones of 110 captions (57 clips) each: the index of all clips 5.5 KB a video, text
    included, and 14 s; no more than that while caption.json is read, while caption.pickle must be held whole, at ten times that. An
    experiment then makes an object of every clip (0.4 KB a clip) and tags and tokenizes every caption before it starts (8 KB a clip, and a
    second for 2,000 clips): 0.5 MB a video in all, so that 20,000 videos take 10 GB and the whole set of 1.2 million would take 600.
    ``videos`` takes a part that fits, and the table's header says how many.

    Args:
        root: folder of the csv and the captions, or one above it; empty: TACO_BENCH_DATA.
        features: "s3d-hm=PATH", or a folder with a sub-folder a stream.
        min_words: words of a clip; shorter ones are merged with the clips after them.
        min_time: seconds of a clip.
        videos: how many, drawn by a hash of their ids; 0: all.
        held_out: of these, videos that are the test split, so that a pre-training has a figure; the paper has none.
        exclude: file with ids, one a line, that must not be trained on, such as the test videos of other data sets: YouTube's, also with
            the prefix v_ or as a clip's (``ID_3``, ``ID_10_25``).
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
        out, excluded = _excluded(exclude[0], listed) if exclude else (set[str](), [])
        table, narrated = _opened(captions), set[str]()
        chosen = held_out((video for video, _ in table() if video in listed and video not in out), self.videos) if self.videos else None

        def wanted() -> Iterator[tuple[str, Any]]:
            for video, entry in table():
                narrated.add(video)
                if video in listed and video not in out and (chosen is None or video in chosen):
                    yield video, entry

        try:
            clips, left_out = collect(wanted(), self.merging)
        except ValueError as error:
            raise malformed(captions, error.args[1], error.args[0]) from None
        test = held_out(clips.videos, self.held_out)
        clips.hold_out(test)
        counts = {
            "listed videos without narration": len(listed.keys() - narrated),
            "narrated videos that are not listed": len(narrated - listed.keys()),
            "narrations without length, time or text": left_out.captions,
            "videos without a narration that can be used": left_out.videos,
        }
        told = [f"{len(clips)} clips of {len(clips.videos)} videos; {len(test)} videos held out as test", *excluded]
        return Annotations(clips, remarks=told + [f"{count} {what} left out" for what, count in counts.items() if count])


def _excluded(path: Path, listed: Mapping[str, Any]) -> tuple[set[str], list[str]]:
    """The listed videos that a file names, whatever the spelling, and a line about how many of its ids these are.

    Raises:
        DataError: as :func:`read_list`; or the file names none of them, so that nothing would be left out.
    """
    names, plain = read_list(path), {plain_video(video): video for video in listed}
    found = {name: video for name in names if (video := plain.get(plain_video(name)) or plain.get(youtube_of(name)))}
    if names and not found:
        what = f"none of the {len(names)} ids to exclude is a video of HowTo100M; the first are {', '.join(names[:SHOWN])}"
        hint = "one of YouTube's ids a line, such as GLd3aX16zBg; if none of these videos is among HowTo100M's, leave data.exclude out"
        raise DataError(what, where=f"data.exclude, {path}", hint=hint)
    return set(found.values()), [f"{len(found)} of {len(names)} excluded ids are in HowTo100M"]


def _opened(path: Path) -> Callable[[], Iterable[tuple[str, Any]]]:
    """What gives the videos with their captions, as often as it is called: JSON is read each time, a pickle must be held whole."""
    if path.suffix == ".json":
        return lambda: streamed(path)
    found = read_pickle(path)
    if not isinstance(found, dict):
        raise DataError("the captions are no {video: {start, end, text}}", where=str(path), hint="use the released file")
    return found.items
