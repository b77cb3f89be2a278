"""MSR-VTT: a web clip and its captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from taco_bench.api import Clip, read_pickle
from taco_bench_datasets.annotation_files import malformed, read_csv
from taco_bench_datasets.held_out import held_out
from taco_bench_datasets.msrvtt_captions import Captions, caption_files, read_captions, youtube_in
from taco_bench_datasets.msrvtt_splits import SPLITS, Split, ids_of, test_files, training_files
from taco_bench_datasets.raw_captions import captions_of
from taco_bench_datasets.recipes import PAPER
from taco_bench_datasets.stored import Annotations, StoredDataset

PRESET = PAPER


class Msrvtt(StoredDataset):
    """Clips of 10 to 30 seconds; in training one of a clip's captions is drawn each time, in the test every caption is a query.

    Args:
        root: folder of the annotations, or one above it; empty: TACO_BENCH_DATA.
        features: "s3d-hm=PATH,r152=PATH", or a folder with a sub-folder a stream.
        split: 1k-A with 9k or 7k training clips and one fixed caption a test clip, 1k-B, or the official one.
        held_out: training clips that become the validation split, beside the official one of full.
    """

    manifest = "msrvtt"

    def __init__(self, root: str = "", features: str = "", split: Split = "1k-a-9k", held_out: Annotated[int, Field(ge=0)] = 0) -> None:
        super().__init__(root, features)
        self.split, self.held_out = split, held_out

    def annotation_files(self) -> list[Path]:
        """Lists and captions."""
        val = SPLITS[self.split].val
        lists = [*training_files(self.folder, self.split), *([self.folder.need(val)] if val else []), *test_files(self.folder, self.split)]
        return list(dict.fromkeys([*lists, *caption_files(self.folder)]))

    def read_annotations(self) -> Annotations:
        """The clips of the split."""
        paths = caption_files(self.folder)
        captions = read_captions(paths)
        train = list(dict.fromkeys(name for path in training_files(self.folder, self.split) for name in ids_of(path)))
        kept = held_out(train, self.held_out)
        val = SPLITS[self.split].val
        splits = {
            "train": captions_of((name for name in train if name not in kept), captions.of, paths[0]),
            "val": captions_of(
                [*ids_of(self.folder.need(val))] if val else [name for name in train if name in kept], captions.of, paths[0]
            ),
            "test": _tested(test_files(self.folder, self.split), captions, paths[0]),
        }
        if val:
            splits["val"] |= captions_of(kept, captions.of, paths[0])
        web = {name: youtube_in(url) for name, url in captions.sources.items()}
        clips = [Clip(name, split, texts, name, web=web.get(name, "")) for split, found in splits.items() for name, texts in found.items()]
        counts = {split: sum(map(len, found.values())) for split, found in splits.items()}
        told = [f"captions: {captions.what}; {counts['train']} for training, {counts['test']} for the test", *_shared(clips, captions)]
        return Annotations(clips, captions.durations, told)


def _tested(paths: Sequence[Path], captions: Captions, where: Path) -> dict[str, tuple[str, ...]]:
    """The captions of each test clip: of the csv; or the one whose number the pickle gives; or all."""
    if paths[0].suffix == ".csv":
        return {row["video_id"]: (row["sentence"],) for row in read_csv(paths[0], ["video_id", "sentence"])}
    found = captions_of(ids_of(paths[0]), captions.of, where)
    if len(paths) == 1:
        return found
    chosen = read_pickle(paths[1])
    one: dict[str, tuple[str, ...]] = {}
    for name in found:
        try:
            one[name] = (captions.of[name][int(chosen[name])],)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise malformed(paths[1], name, error) from None
    return one


def _shared(clips: Sequence[Clip], captions: Captions) -> list[str]:
    """Test clips cut from a web video that training clips are cut from too: so in the published split, and no leak of ours."""
    known = {captions.sources[clip.id] for clip in clips if clip.split == "train" and clip.id in captions.sources}
    count = sum(clip.split == "test" and captions.sources.get(clip.id) in known for clip in clips)
    return [f"{count} test clips are cut from web videos that training clips are cut from too, as published"] if count else []
