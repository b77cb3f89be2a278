"""MSR-VTT's splits: which list files name them. P 4.1 calls 1k-A with 9k "split1" and with 7k "split2"."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from taco_bench.api import DataFolder
from taco_bench_datasets.annotation_files import read_csv, read_list

Split = Literal["1k-a-9k", "1k-a-7k", "1k-b", "full"]
TEST_CSV = ("MSRVTT_JSFUSION_test.csv", "msrvtt_test.csv")
TEST_LIST, TEST_CAPTION = "val_list_jsfusion.txt", "jsfusion_val_caption_idx.pkl"


@dataclass(frozen=True)
class Lists:
    """The files of a split.

    Attributes:
        train: alternatives, each of one or more files that are joined.
        val: its file; empty: the split has none.
        test: its file; empty: 1k-A's, which have one fixed caption a clip.
    """

    train: tuple[tuple[str, ...], ...]
    val: str = ""
    test: str = ""


SPLITS: dict[str, Lists] = {
    "1k-a-9k": Lists((("MSRVTT_train.9k.csv",), ("train_list_jsfusion.txt",))),
    "1k-a-7k": Lists((("MSRVTT_train.7k.csv",), ("train_list_full.txt", "val_list_full.txt"))),
    "1k-b": Lists((("train_list_miech.txt",),), test="test_list_miech.txt"),
    "full": Lists((("train_list_full.txt",),), "val_list_full.txt", "test_list_full.txt"),
}


def training_files(folder: DataFolder, split: str) -> list[Path]:
    """The files that list a split's training clips.

    Raises:
        DataError: no alternative is complete.
    """
    for names in SPLITS[split].train:
        found = [folder.find(name) for name in names]
        if all(found):
            return [path for path in found if path]
    raise folder.missing(*(" and ".join(names) for names in SPLITS[split].train))


def test_files(folder: DataFolder, split: str) -> list[Path]:
    """The files that list its test clips: for 1k-A the csv, or the list with the number of each clip's caption.

    Raises:
        DataError: they are missing.
    """
    own = SPLITS[split].test
    if own:
        return [folder.need(own)]
    csv = folder.find(*TEST_CSV)
    if csv:
        return [csv]
    if not folder.find(TEST_LIST):
        raise folder.missing(TEST_CSV[0], f"{TEST_LIST} and {TEST_CAPTION}")
    return [folder.need(TEST_LIST), folder.need(TEST_CAPTION)]


def ids_of(path: Path) -> list[str]:
    """The ids in a list file, csv or not."""
    return [row["video_id"] for row in read_csv(path, ["video_id"])] if path.suffix == ".csv" else read_list(path)
