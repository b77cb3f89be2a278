"""YouCook2: a clip and its sentence; the paper's test is the list of 3,350 clips of MIL-NCE (P 4.1, facts in registry/datasets)."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from taco_bench.api import Clip, DataError
from taco_bench_datasets.annotation_files import read_csv
from taco_bench_datasets.held_out import held_out
from taco_bench_datasets.recipes import PAPER
from taco_bench_datasets.segments import BadSegments, Segment, sound_segments
from taco_bench_datasets.stored import Annotations, StoredDataset
from taco_bench_datasets.youcook2_forms import FORMS, Form

PRESET = PAPER
TEST_LIST = "validation_youcook.csv"
KEYS = ("video_id", "start", "end", "text")


class YouCook2(StoredDataset):
    """Segments of cooking videos with their full sentences.

    Args:
        root: folder of the annotations, or one above it; empty: TACO_BENCH_DATA.
        features: "s3d-hm=PATH,r152=PATH", or a folder with a sub-folder a stream.
        form: of the annotations; auto: the first that is there.
        test: the clips of validation_youcook.csv, as the paper, or all validation clips.
        held_out: training videos that become the validation split; the paper has none, so 0.
        bad_segments: error, or skip those without length, text or place in their video.
    """

    manifest = "youcook2"

    def __init__(
        self,
        root: str = "",
        features: str = "",
        form: Literal["auto", "json", "univl", "anet", "mmpt"] = "auto",
        test: Literal["list", "all"] = "list",
        held_out: Annotated[int, Field(ge=0)] = 0,
        bad_segments: BadSegments = "error",
    ) -> None:
        super().__init__(root, features)
        self.form, self.test, self.held_out, self.bad_segments = form, test, held_out, bad_segments

    def annotation_files(self) -> list[Path]:
        """The form's files, and the list of test clips."""
        _, paths = self._form
        return [*paths, *([self.folder.need(TEST_LIST)] if self.test == "list" else [])]

    def read_annotations(self) -> Annotations:
        """All segments, those of the test list or all of the validation split as test."""
        form, paths = self._form
        segments, faults = sound_segments(form.read(*paths), self.bad_segments, str(paths[0]))
        training = [segment for segment in segments if segment.training]
        test, left_out = self._test([segment for segment in segments if not segment.training])
        kept = held_out((segment.video for segment in training), self.held_out)
        clips = [_clip(segment, "val" if segment.video in kept else "train") for segment in training]
        clips += [_clip(segment, "test") for segment in test]
        durations = {segment.video: segment.duration for segment in segments if segment.duration is not None}
        return Annotations(clips, durations, [f"annotations: {form.what} ({paths[0].name})", *self._others(form), *faults, *left_out])

    @cached_property
    def _form(self) -> tuple[Form, tuple[Path, ...]]:
        for name in FORMS if self.form == "auto" else (self.form,):
            paths = FORMS[name].found(self.folder)
            if paths:
                return FORMS[name], paths
        asked = FORMS["json" if self.form == "auto" else self.form]
        raise self.folder.missing(" and ".join(" or ".join(names) for names in asked.files))

    def _others(self, form: Form) -> list[str]:
        """Forms that are there too and are not read."""
        if self.form != "auto":
            return []
        found = [f"{other.what} (data.form={name})" for name, other in FORMS.items() if other is not form and other.found(self.folder)]
        return [f"not read, though it is there: {', '.join(found)}"] if found else []

    def _test(self, validation: list[Segment]) -> tuple[list[Segment], list[str]]:
        """The validation segments that are tested, and how many are not, or are listed and not there."""
        if self.test == "all":
            return validation, []
        path = self.folder.need(TEST_LIST)
        rows = read_csv(path, KEYS)
        listed = Counter((row["video_id"], *_times(path, row)) for row in rows)
        texts = {(row["video_id"], *_times(path, row), row["text"]) for row in rows}
        test = _listed(validation, listed, texts)
        absent = listed - Counter((segment.video, segment.start, segment.end) for segment in test)
        told = [f"{len(validation) - len(test)} validation clips that {TEST_LIST} does not list left out"]
        if absent:
            video, start, end = next(iter(absent))
            first = f"the first is {video} from {start:g} to {end:g} s"
            told.append(f"{absent.total()} clips of {TEST_LIST} are not among the annotations, {first}")
        return test, told


def _times(path: Path, row: dict[str, str]) -> tuple[float, float]:
    try:
        return float(row["start"]), float(row["end"])
    except ValueError as error:
        raise DataError(f"a time of {row['video_id']!r} is no number: {error}", where=str(path), hint="mend that row") from None


def _listed(segments: list[Segment], listed: Counter[tuple[str, float, float]], texts: set[tuple[str, float, float, str]]) -> list[Segment]:
    """The segments whose video and times are listed; of several with the same times those whose sentence is, as many as there are."""
    left = listed.copy()
    chosen = set()
    for exact in (True, False):
        for segment in segments:
            key = (segment.video, segment.start, segment.end)
            if left[key] and segment.id not in chosen and (not exact or (*key, segment.text) in texts):
                chosen.add(segment.id)
                left[key] -= 1
    return [segment for segment in segments if segment.id in chosen]


def _clip(segment: Segment, split: str) -> Clip:
    return Clip(segment.id, split, (segment.text,), segment.video, start=segment.start, end=segment.end)
