"""HowTo100M: captions merged to clips, kept in arrays."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from helpers.written import write_csv, write_list, write_pickle
from hypothesis import given
from hypothesis import strategies as st
from taco_bench_datasets.howto100m import HowTo100M
from taco_bench_datasets.narration import Merging, collect

from taco_bench.api import Clip, DataError

FOUR, SEVEN, TWELVE = "one two three four", "a b c d e f g", " ".join("abcdefghijkl")


def naive_runs(words: list[int], least: int) -> list[list[int]]:
    """Captions are taken until there are enough words; what is left at the end goes to the last clip."""
    clips: list[list[int]] = [[]]
    for place in range(len(words)):
        clips[-1].append(place)
        if sum(words[at] for at in clips[-1]) >= least:
            clips.append([])
    rest = clips.pop()
    if clips:
        clips[-1] += rest
    elif rest:
        clips = [rest]
    return clips


@given(st.lists(st.integers(1, 14), max_size=12), st.integers(1, 20))
def test_captions_are_merged_until_there_are_enough_words(words: list[int], least: int) -> None:
    starts = [3.0 * i for i in range(len(words))]
    runs = Merging(least).runs(words, starts, [start + 2 for start in starts])
    assert [list(range(first, last + 1)) for first, last in runs] == naive_runs(words, least)


@given(st.lists(st.floats(0.5, 9), min_size=1, max_size=10), st.floats(0, 20))
def test_clips_last_long_enough(lengths: list[float], least: float) -> None:
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    ends = [start + length for start, length in zip(starts, lengths, strict=True)]
    runs = Merging(1, least).runs([1] * len(lengths), starts, ends)
    assert [place for first, last in runs for place in range(first, last + 1)] == list(range(len(lengths)))
    if len(runs) > 1:
        assert all(ends[last] - starts[first] >= least for first, last in runs)


def table(**videos: list[str]) -> dict[str, Any]:
    """Captions of 4 seconds that begin every 3."""
    return {v: {"start": [3 * i for i in range(len(t))], "end": [3 * i + 4 for i in range(len(t))], "text": t} for v, t in videos.items()}


def write(folder: Path, captions: dict[str, Any], listed: list[str] | None = None, form: str = "json") -> str:
    rows = [
        {"video_id": video, "category_1": "Food", "category_2": "Soup", "rank": 1, "task_id": 3}
        for video in (listed if listed is not None else captions)
    ]
    write_csv(folder / "HowTo100M_v1.csv", rows)
    if form == "json":
        (folder / "caption.json").write_text(json.dumps(captions))
    else:
        write_pickle(folder / "caption.pickle", captions)
    return str(folder)


@pytest.mark.parametrize("form", ["json", "pickle"])
def test_clips_by_hand(tmp_path: Path, form: str) -> None:
    dataset = HowTo100M(write(tmp_path, table(v1=[FOUR, SEVEN, TWELVE, FOUR], v2=[FOUR]), form=form), held_out=0)
    clips = dataset.clips()
    assert len(clips) == 3
    assert list(clips) == [
        Clip("v1_0", "train", (f"{FOUR} {SEVEN}",), "v1", start=0.0, end=7.0),
        Clip("v1_2", "train", (f"{TWELVE} {FOUR}",), "v1", start=6.0, end=13.0),
        Clip("v2_0", "train", (FOUR,), "v2", start=0.0, end=4.0),
    ]
    assert clips[1:] == list(clips)[1:]
    assert clips[-1] == list(clips)[-1]
    with pytest.raises(IndexError):
        clips[3]


@given(st.lists(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=6), min_size=1, max_size=4), st.integers(1, 6))
def test_no_word_is_lost_or_moved(texts: list[list[str]], least: int) -> None:
    """In any script: the text is kept as bytes."""
    names = [f"v{i}" for i in range(len(texts))]
    clips, left_out = collect(table(**dict(zip(names, texts, strict=True))).items(), Merging(least))
    for name, captions in zip(names, texts, strict=True):
        own = [clip for clip in clips if clip.video == name]
        assert " ".join(clip.captions[0] for clip in own).split() == " ".join(captions).split()
        assert all((a.end or 0) > (b.start or 0) for a, b in pairwise(own))  # captions overlap here, so clips do
    assert left_out.captions == sum(not text.split() for captions in texts for text in captions)


def test_captions_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    captions = table(v1=[TWELVE, " ", TWELVE, TWELVE], v2=[FOUR])
    captions["v1"]["end"][2] = captions["v1"]["start"][2]
    captions["v1"]["start"][3] = float("nan")
    captions["v2"]["start"][0] = 9
    dataset = HowTo100M(write(tmp_path, captions), held_out=0)
    assert [clip.id for clip in dataset.clips()] == ["v1_0"]
    told = dataset.remarks()
    assert "4 narrations without length, time or text left out" in told
    assert "1 videos without a narration that can be used left out" in told


def test_videos_are_counted_and_left_out(tmp_path: Path) -> None:
    captions = table(**{f"v{i}": [TWELVE] for i in range(20)})
    exclude = write_list(tmp_path / "exclude.txt", ["v3", "v4", "elsewhere"])
    root = write(tmp_path, captions, [*list(captions)[2:], "silent"])
    dataset = HowTo100M(root, held_out=4, exclude=str(exclude))
    videos = {split: {clip.video for clip in dataset.clips() if clip.split == split} for split in ("train", "test")}
    assert {split: len(found) for split, found in videos.items()} == {"train": 12, "test": 4}
    assert not (videos["train"] | videos["test"]) & {"v0", "v1", "v3", "v4"}
    assert dataset.remarks() == [
        "16 clips of 16 videos; 4 videos held out as test",
        "2 of 3 excluded ids are in HowTo100M",
        "1 listed videos without narration left out",
        "2 narrated videos that are not listed left out",
    ]
    assert exclude in dataset.files()
    few = {clip.video for clip in HowTo100M(root, videos=5).clips()}
    more = {clip.video for clip in HowTo100M(root, videos=9).clips()}
    assert len(few) == 5
    assert few < more


ACTIVITYNET, CLIPPED, WHOLE, UNNAMED = "QOlSCBRmfWI", "GLd3aX16zBg", "xHr8X2Wpmno", "V53XmPeyjIU"


def test_excluded_ids_in_any_spelling(tmp_path: Path) -> None:
    """As ActivityNet, the clips of YouCook2 and of MSVD, and HowTo100M spell them."""
    root = write(tmp_path, table(**{name: [TWELVE] for name in (ACTIVITYNET, CLIPPED, WHOLE, UNNAMED)}))
    ids = [f"v_{ACTIVITYNET}", f"{CLIPPED}_0", f"{CLIPPED}_12_25.5", WHOLE, "video7", "7oNZdYPyCzc"]
    dataset = HowTo100M(root, held_out=0, exclude=str(write_list(tmp_path / "exclude.txt", ids)))
    assert [clip.video for clip in dataset.clips()] == [UNNAMED]
    assert "4 of 6 excluded ids are in HowTo100M" in dataset.remarks()


def test_a_file_that_excludes_nothing_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path, table(**{WHOLE: [TWELVE]}))
    path = write_list(tmp_path / "exclude.txt", ["video1", "video2", "video3", "video4"])
    with pytest.raises(DataError, match="none of the 4 ids to exclude is a video of HowTo100M; the first are video1, video2") as caught:
        HowTo100M(root, exclude=str(path)).clips()
    assert str(path) in caught.value.where
    assert "YouTube" in caught.value.hint


@pytest.mark.parametrize("entry", [3, {}, {"start": [1], "end": [2, 3], "text": ["a"]}, {"start": ["soon"], "end": [2], "text": ["a"]}])
def test_a_malformed_entry(tmp_path: Path, entry: Any) -> None:
    root = write(tmp_path, {**table(v1=[TWELVE]), "v2": entry})
    with pytest.raises(DataError, match="'v2' is malformed"):
        HowTo100M(root).clips()


def test_the_index_of_many_clips_is_small_and_quick() -> None:
    """2,000 videos of 100 captions: 100,000 clips, without a Clip made."""
    names = [f"v{i}" for i in range(2_000)]
    one = table(v=["a b c d e"] * 100)["v"]
    started = time.perf_counter()
    clips, _ = collect(dict.fromkeys(names, one).items(), Merging())
    assert time.perf_counter() - started < 20
    assert len(clips) == 100_000
    arrays = (clips.owner, clips.number, clips.times, clips.spans)
    assert sum(array.nbytes for array in arrays) == 32 * len(clips)
    assert clips[99_999].id == "v1999_98"
