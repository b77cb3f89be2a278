"""MSVD and DiDeMo, as collaborative-experts keeps them: three lists of ids and ``raw-captions.pkl``."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path, PurePosixPath

from taco_bench.api import Clip
from taco_bench_datasets.annotation_files import read_list
from taco_bench_datasets.raw_captions import RAW_CAPTIONS, captions_of, read_raw_captions
from taco_bench_datasets.recipes import PAPER
from taco_bench_datasets.stored import Annotations, StoredDataset

PRESET = PAPER
SPLITS = ("train", "val", "test")


class ListedDataset(StoredDataset):
    """A data set of three lists."""

    def annotation_files(self) -> list[Path]:
        """The lists and the captions."""
        return [*(self.folder.need(f"{split}_list.txt") for split in SPLITS), self.folder.need(RAW_CAPTIONS)]

    def read_annotations(self) -> Annotations:
        """The clips of the lists."""
        *lists, raw = self.annotation_files()
        captions = self._by_listed_id(read_raw_captions(raw))
        clips = []
        for split, path in zip(SPLITS, lists, strict=True):
            clips += [self._clip(name, split, texts) for name, texts in captions_of(read_list(path), captions, raw).items()]
        return Annotations(clips, remarks=[f"annotations: lists and {RAW_CAPTIONS}; {sum(len(c.captions) for c in clips)} captions"])

    def _by_listed_id(self, captions: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return captions

    @abstractmethod
    def _clip(self, name: str, split: str, captions: tuple[str, ...]) -> Clip: ...


class Msvd(ListedDataset):
    """Short clips with about 40 captions each; every test caption is a query, for a video the best of each clip's captions counts.

    One web video is in the training and the validation list, so a run needs ``--acknowledge same-video``; the test list shares none.

    Args:
        root: folder of the annotations, or one above it; empty: TACO_BENCH_DATA.
        features: "s3d-hm=PATH,r152=PATH", or a folder with a sub-folder a stream.
    """

    manifest = "msvd"

    def __init__(self, root: str = "", features: str = "") -> None:
        super().__init__(root, features)

    def _clip(self, name: str, split: str, captions: tuple[str, ...]) -> Clip:
        return Clip(name, split, captions, name.rsplit("_", 2)[0])  # VIDEO_START_END


class Didemo(ListedDataset):
    """Personal videos; the descriptions of a video are joined to a paragraph.

    Args:
        root: folder of the annotations, or one above it; empty: TACO_BENCH_DATA.
        features: "s3d-hm=PATH,r152=PATH", or a folder with a sub-folder a stream.
    """

    manifest = "didemo"

    def __init__(self, root: str = "", features: str = "") -> None:
        super().__init__(root, features)

    def _by_listed_id(self, captions: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Lists have the names of files, captions may have them without their endings."""
        names = {name for split in SPLITS for name in read_list(self.folder.need(f"{split}_list.txt"))}
        return captions | {name: captions[_stem(name)] for name in names if name not in captions and _stem(name) in captions}

    def _clip(self, name: str, split: str, captions: tuple[str, ...]) -> Clip:
        return Clip(_stem(name), split, (" ".join(captions),), _stem(name))


def _stem(name: str) -> str:
    return PurePosixPath(name).stem if not name.endswith(".") else name[:-1]  # some names end in a dot
