"""Data sets and readers, each whole but for one fault."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from helpers.feature_forms import FORMS
from rows_of_table import Row
from taco_bench_readers.npy import NpyFolder

from taco_bench.api import Clip, Step, Track, sha256_of
from taco_bench.testing import DatasetContract, ReaderContract


class Data:
    """Six clips in memory."""

    streams: ClassVar[tuple[str, ...]] = ("first", "second")

    def clips(self) -> Any:
        return [self.clip(split, number) for split in ("train", "val", "test") for number in range(2)]

    def clip(self, split: str, number: int) -> Clip:
        steps = (Step("open", 0, 3), Step("close", 5, 8))
        return Clip(f"{split}-{number}", split, (f"caption {number} of {split}",), f"video {split} {number}", steps, "t", ("open", "close"))

    def read(self, stream: str, clip: Clip) -> Any:
        if not clip.video:
            raise KeyError(clip.id)
        return np.full((8, 4), len(clip.id) + len(stream), np.float32)

    def seconds(self, stream: str, clip: Clip) -> Any:
        return np.arange(8) + 0.5

    def remarks(self) -> Any:
        return ["made by hand"]

    def files(self) -> list[Path]:
        return []

    def fingerprints(self) -> dict[str, str]:
        return {"made": "1"}


def changed(**changes: Any) -> type[Data]:
    """The clips of the data set with other fields, from functions of a clip."""

    class Changed(Data):
        def clip(self, split: str, number: int) -> Clip:
            clip = super().clip(split, number)
            return replace(clip, **{field: change(clip) for field, change in changes.items()})

    Changed.__name__ = "Changed" + "".join(field.title() for field in changes)
    return Changed


class NoStreams(Data):
    streams = ()


class Sets(Data):
    """Another order each time."""

    turn = itertools.count()

    def clips(self) -> Any:
        found = super().clips()
        return found[::-1] if next(self.turn) % 2 else found


class Untested(Data):
    def clips(self) -> Any:
        return [clip for clip in super().clips() if clip.split == "train"]


class InSeconds(Data):
    def clip(self, split: str, number: int) -> Clip:
        return replace(super().clip(split, number), steps=(Step("open", 0.0, 2.5),))  # type: ignore[arg-type]


class Blank(Data):
    def clip(self, split: str, number: int) -> Clip:
        return replace(super().clip(split, number), captions=("a caption", " "))


class Alike(Data):
    def clip(self, split: str, number: int) -> Clip:
        return replace(super().clip(split, number), captions=("Alike",))


class OneText(Data):
    def clip(self, split: str, number: int) -> Clip:
        return replace(super().clip(split, number), captions="a caption")  # type: ignore[arg-type]


class Flat(Data):
    def read(self, stream: str, clip: Clip) -> Any:
        return super().read(stream, clip)[:, 0]


class Lists(Data):
    def read(self, stream: str, clip: Clip) -> Any:
        return super().read(stream, clip).tolist()


class NanFeatures(Data):
    def read(self, stream: str, clip: Clip) -> Any:
        return super().read(stream, clip) * np.float32("nan")


class TwoWidths(Data):
    def read(self, stream: str, clip: Clip) -> Any:
        return super().read(stream, clip)[:, : 3 + (clip.split == "test")]


class NoFeatures(Data):
    def read(self, stream: str, clip: Clip) -> Any:
        raise KeyError(clip.id)


class Noise(Data):
    def read(self, stream: str, clip: Clip) -> Any:
        return np.random.default_rng().normal(size=(8, 4))


class EmptyWhereMissing(Data):
    def read(self, stream: str, clip: Clip) -> Any:
        return super().read(stream, clip)[: 0 if clip.split == "val" else 8]


class ErrorWhereMissing(Data):
    def read(self, stream: str, clip: Clip) -> Any:
        if clip.split == "val":
            raise ValueError("no features")
        return super().read(stream, clip)


class ShortFeatures(Data):
    def read(self, stream: str, clip: Clip) -> Any:
        return super().read(stream, clip)[:6]


class NoSuchFile(Data):
    def files(self) -> list[Path]:
        return [Path("nowhere.json")]


class Unfingerprinted(Data):
    def files(self) -> list[Path]:
        return [Path(__file__)]

    def fingerprints(self) -> dict[str, str]:
        return {}


class Timed(Data):
    def fingerprints(self) -> dict[str, str]:
        import time

        return {"made": str(time.perf_counter_ns())}


class OfFile(Data):
    """Its captions come from a file, where it is given a folder."""

    def __init__(self, root: str = "") -> None:
        self.root = root

    def files(self) -> list[Path]:
        return [Path(self.root) / "all.txt"] if self.root else []

    def fingerprints(self) -> dict[str, str]:
        return {path.name: sha256_of(path) for path in self.files()} or super().fingerprints()


class Constant(OfFile):
    def fingerprints(self) -> dict[str, str]:
        return {"all.txt": "v1"}


class ByTime(OfFile):
    def fingerprints(self) -> dict[str, str]:
        return {path.name: str(path.stat().st_mtime_ns) for path in self.files()}


class ByPath(OfFile):
    def fingerprints(self) -> dict[str, str]:
        return {path.name: sha256_of(str(path), path) for path in self.files()}


def _written(_: Any, folder: Path) -> dict[str, str]:
    (folder / "all.txt").write_text("captions", encoding="utf-8")
    return {"root": str(folder)}


IN_A_FOLDER = {"local_options": _written}


class Backwards(Data):
    def seconds(self, stream: str, clip: Clip) -> Any:
        return super().seconds(stream, clip)[::-1]


class NoLines(Data):
    def remarks(self) -> Any:
        return [None]


D = DatasetContract
DATA = [
    Row(D, "test_streams_have_names", NoStreams, "name each stream"),
    Row(D, "test_each_clip_has_an_id_of_its_own", changed(id=lambda clip: clip.split), "occurs 2 times"),
    Row(D, "test_each_clip_has_an_id_of_its_own", changed(id=lambda clip: ""), "give it a text"),
    Row(D, "test_splits_are_known", changed(split=lambda clip: "dev"), "train, val and test"),
    Row(D, "test_splits_are_known", Untested, "nothing can be evaluated"),
    Row(D, "test_splits_share_nothing", changed(video=lambda clip: clip.id[-1]), "same-video"),
    Row(D, "test_distinct_captions_are_distinct", Alike, "in two splits", registered={"distinct_captions": True}),
    Row(D, "test_captions_have_text", Blank, "a tuple of texts"),
    Row(D, "test_captions_have_text", OneText, "a tuple of texts"),
    Row(D, "test_segments_lie_in_time", changed(start=lambda clip: 9.0, end=lambda clip: 3.0), "leave the clip out"),
    Row(D, "test_steps_follow_each_other", changed(steps=lambda clip: clip.steps[::-1]), "sort them by time"),
    Row(D, "test_steps_follow_each_other", changed(procedure=lambda clip: ("open",)), "procedure lacks"),
    Row(D, "test_steps_follow_each_other", InSeconds, "whole numbers"),
    Row(D, "test_steps_lie_inside_their_clip", ShortFeatures, "ends at row 8"),
    Row(D, "test_the_same_clips_each_time", Sets, "sort what comes"),
    Row(D, "test_every_stream_can_be_read", Flat, "no array"),
    Row(D, "test_every_stream_can_be_read", Lists, "no array"),
    Row(D, "test_every_stream_can_be_read", NanFeatures, "not finite"),
    Row(D, "test_every_stream_can_be_read", TwoWidths, "one a stream"),
    Row(D, "test_every_stream_can_be_read", NoFeatures, "features of the first clip"),
    Row(D, "test_the_same_features_each_time", Noise, "other numbers"),
    Row(D, "test_a_clip_without_features", EmptyWhereMissing, "raise KeyError"),
    Row(D, "test_a_clip_without_features", ErrorWhereMissing, "raise KeyError"),
    Row(D, "test_files_are_there", NoSuchFile, "which is no file"),
    Row(D, "test_fingerprints_say_what_was_read", Unfingerprinted, "hash each"),
    Row(D, "test_fingerprints_say_what_was_read", Timed, "another answer"),
    Row(D, "test_fingerprints_say_what_was_read", Constant, "a byte more in all.txt", IN_A_FOLDER),
    Row(D, "test_fingerprints_say_what_was_read", ByTime, "in another folder", IN_A_FOLDER),
    Row(D, "test_fingerprints_say_what_was_read", ByPath, "in another folder", IN_A_FOLDER),
    Row(D, "test_its_clock", Backwards, "in order"),
    Row(D, "test_its_remarks", NoLines, "lines of text"),
    Row(D, "test_its_preset_can_be_used", Data, "model.width", registered={"preset": {"model.width": "wide"}}),
    Row(D, "test_its_locations_are_options", Data, "no options", registered={"locations": ("folder",)}),
]  # fmt: skip


class Files:
    """What another reader opened, to be broken."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.streams, self.cut = inner, tuple(inner.streams), inner.cut

    def ids(self) -> Any:
        return self.inner.ids()

    def read(self, stream: str, id: str) -> Any:
        return self.inner.read(stream, id)

    def files(self) -> Any:
        return self.inner.files()


def opening(files: type[Files]) -> type:
    """The reader of folders of .npy, that opens such files."""

    class Opening(NpyFolder):
        def open(self, path: Path) -> Any:
            return files(super().open(path))

    Opening.__name__ = files.__name__
    return Opening


class Claims(NpyFolder):
    def recognise(self, path: Path) -> str:
        return "it is there"


class NeverSees(NpyFolder):
    def recognise(self, path: Path) -> str:
        return ""


class OpensAnything(NpyFolder):
    def open(self, path: Path) -> Any:
        list(path.iterdir())  # a file is no folder
        return super().open(path)


class UnknownCut(Files):
    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.cut = "halves"


class IdsTwice(Files):
    def ids(self) -> Any:
        return [*super().ids(), super().ids()[0]]


class NanTrack(Files):
    def read(self, stream: str, id: str) -> Any:
        return Track(super().read(stream, id).values * np.float16("nan"), 1.0)


class NoRate(Files):
    def read(self, stream: str, id: str) -> Any:
        return Track(super().read(stream, id).values, 0.0)


class AnyId(Files):
    def read(self, stream: str, id: str) -> Any:
        return super().read(stream, id if id in super().ids() else super().ids()[0])


class NamesNoFiles(Files):
    def files(self) -> Any:
        return []


class NextInLine(Files):
    """Reads one item after the other, whatever is asked for."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.line: Iterator[str] = itertools.cycle(inner.ids())

    def read(self, stream: str, id: str) -> Any:
        return super().read(stream, next(self.line))


class FromTheTop(Files):
    """Rows as float64 that are not those which a second reading gives."""

    turn = itertools.count()

    def read(self, stream: str, id: str) -> Any:
        return Track(super().read(stream, id).values + np.float16(next(self.turn)), 1.0)


class Crashes(NpyFolder):
    def open(self, path: Path) -> Any:
        for file in path.glob("*.npy"):
            np.load(file)
        return super().open(path)


R = ReaderContract
SAMPLE = {"sample": lambda self, folder: FORMS["npy_folder"](folder).path, "name": "npy-folder"}
READERS = [
    Row(R, check, factory, message, SAMPLE)
    for check, factory, message in [
        ("test_its_own_form_is_recognised", NeverSees, "by_name_only"),
        ("test_other_forms_are_not_recognised", Claims, "look at names and headers"),
        ("test_other_paths_are_refused", OpensAnything, "raise a DataError"),
        ("test_streams_and_cut", opening(UnknownCut), "cut is 'halves'"),
        ("test_each_id_once", opening(IdsTwice), "more than once"),
        ("test_rows_of_numbers", opening(NanTrack), "not finite"),
        ("test_rows_of_numbers", opening(NoRate), "rate"),
        ("test_an_id_that_is_not_there", opening(AnyId), "raise KeyError"),
        ("test_files_are_there", opening(NamesNoFiles), "every file"),
        ("test_the_same_numbers_each_time", opening(NextInLine), "another order"),
        ("test_a_store_can_be_built", opening(FromTheTop), "other numbers"),
        ("test_a_file_that_is_cut_off", Crashes, "cut off in the middle"),
    ]
]
READERS.append(Row(R, "test_no_other_reader_claims_its_form", NpyFolder, "npy-folder claims", {**SAMPLE, "name": "other"}))
ROWS = [*DATA, *READERS]
WHOLE = [(DatasetContract, OfFile), (ReaderContract, NpyFolder)]
