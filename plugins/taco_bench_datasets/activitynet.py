"""ActivityNet Captions: a whole video and all its sentences joined to a paragraph (P 4.1; ArrowLuo/CLIP4Clip, gabeur/mmt)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from taco_bench.api import Clip
from taco_bench_datasets.annotation_files import malformed, read_list, read_object
from taco_bench_datasets.held_out import held_out
from taco_bench_datasets.raw_captions import RAW_CAPTIONS, captions_of, read_raw_captions
from taco_bench_datasets.recipes import PARAGRAPHS
from taco_bench_datasets.stored import Annotations, StoredDataset
from taco_bench_datasets.wording import FormError

PRESET: dict[str, Any] = {**PARAGRAPHS, "task.ks": (1, 5, 50)}
"""R@50 in the place of R@10, as Tab. 7."""

Paragraphs = dict[str, str]


class ActivityNet(StoredDataset):
    """Videos of about two minutes with a paragraph each.

    Args:
        root: folder of the annotations, or one above it; empty: TACO_BENCH_DATA.
        features: "s3d-hm=PATH,r152=PATH", or a folder with a sub-folder a stream; ids with v_ or without.
        test: val_1, as the paper, or val_2: other sentences on almost the same videos.
        held_out: training videos that become the validation split; the paper has none, so 0.
    """

    manifest = "activitynet"

    def __init__(
        self,
        root: str = "",
        features: str = "",
        test: Literal["val_1", "val_2"] = "val_1",
        held_out: Annotated[int, Field(ge=0)] = 0,
    ) -> None:
        super().__init__(root, features)
        self.test, self.held_out = test, held_out

    def annotation_files(self) -> list[Path]:
        """Two json files, else two lists and the raw captions."""
        found = [self.folder.find("train.json"), self.folder.find(f"{self.test}.json")]
        if all(found):
            return [path for path in found if path]
        lists = [self.folder.find("train_list.txt"), self.folder.find(f"{self.test}_list.txt"), self.folder.find(RAW_CAPTIONS)]
        if not all(lists):
            raise self.folder.missing(f"train.json and {self.test}.json", f"train_list.txt, {self.test}_list.txt and {RAW_CAPTIONS}")
        return [path for path in lists if path]

    def read_annotations(self) -> Annotations:
        """A clip a video."""
        paths = self.annotation_files()
        if len(paths) == 2:
            (train, lengths), (test, others) = map(read_paragraphs, paths)
            durations, what = lengths | others, "json"
        else:
            raw = read_raw_captions(paths[2])
            train, test = ({name: " ".join(texts) for name, texts in captions_of(read_list(p), raw, paths[2]).items()} for p in paths[:2])
            durations, what = {}, f"lists and {RAW_CAPTIONS}"
        kept = held_out(train, self.held_out)
        clips = [Clip(name, "val" if name in kept else "train", (text,), name) for name, text in train.items()]
        clips += [Clip(name, "test", (text,), name) for name, text in test.items()]
        return Annotations(clips, durations, [f"annotations: {what}; the sentences of a video joined to a paragraph; test on {self.test}"])


def read_paragraphs(path: Path) -> tuple[Paragraphs, dict[str, float]]:
    """The paragraph and the duration of each video of ``{v_ID: {duration, timestamps, sentences}}``; sentences stripped, joined by a blank.

    Raises:
        DataError: an entry is malformed or has no sentence; names the id.
    """
    paragraphs, durations = {}, {}
    for video, entry in read_object(path).items():
        try:
            paragraphs[video] = " ".join(text.strip() for text in entry["sentences"] if text.strip())
            durations[video] = float(entry["duration"])
            if not paragraphs[video]:
                raise FormError("it has no sentence")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise malformed(path, video, error) from None
    return paragraphs, durations
