"""MSR-VTT's splits and captions, written small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.written import Malicious, write_csv, write_list, write_pickle
from taco_bench_datasets.msrvtt import Msrvtt
from taco_bench_datasets.msrvtt_captions import youtube_in

from taco_bench.api import DataError

CLIPS = [f"video{i}" for i in range(8)]
CAPTIONS = {name: tuple(f"caption {c} of {name}" for c in range(3)) for name in CLIPS}


def data_json(folder: Path, **changes: Any) -> None:
    videos = [
        {"video_id": name, "url": f"web{int(name[5:]) // 2}", "start time": 2.0, "end time": 14.5, "split": "train", "category": 1}
        for name in CLIPS
    ]
    sentences = [
        {"video_id": name, "caption": text, "sen_id": 10 * int(name[5:]) + i} for name in CLIPS for i, text in enumerate(CAPTIONS[name])
    ]
    document = {"videos": videos, "sentences": sentences[::-1], **changes}  # the numbers say the order, not the file
    (folder / "MSRVTT_data.json").write_text(json.dumps(document))


def raw_captions(folder: Path) -> None:
    write_pickle(folder / "raw-captions.pkl", {name: [text.split() for text in texts] for name, texts in CAPTIONS.items()})


def folds(folder: Path) -> None:
    for fold in (1, 2):
        write_csv(
            folder / f"MSRVTT_val_fold_{fold}.csv",
            [{"key": "ret0", "vid_key": "msr0", "video_id": name, "sentence": CAPTIONS[name][0]} for name in CLIPS[fold - 1 : 6 : 2]],
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every list; 1k-A tests video6 and video7."""
    write_csv(tmp_path / "MSRVTT_train.9k.csv", [{"video_id": name} for name in CLIPS[:6]])
    write_csv(tmp_path / "MSRVTT_train.7k.csv", [{"video_id": name} for name in CLIPS[:4]])
    rows = [{"key": "ret0", "vid_key": "msr0", "video_id": name, "sentence": CAPTIONS[name][2]} for name in CLIPS[6:]]
    write_csv(tmp_path / "MSRVTT_JSFUSION_test.csv", rows)
    for name, clips in {
        "train_list_jsfusion": CLIPS[:6], "val_list_jsfusion": CLIPS[6:], "train_list_miech": [*CLIPS[:3], "video6"],
        "test_list_miech": CLIPS[4:6], "train_list_full": CLIPS[:3], "val_list_full": CLIPS[3:4], "test_list_full": CLIPS[4:],
    }.items():  # fmt: skip
        write_list(tmp_path / f"{name}.txt", clips)
    write_pickle(tmp_path / "jsfusion_val_caption_idx.pkl", {"video6": 2, "video7": 2})
    return tmp_path


def splits(dataset: Msrvtt) -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for clip in dataset.clips():
        found.setdefault(clip.split, {})[clip.id] = clip.captions
    return found


FIXED = {name: CAPTIONS[name][2:] for name in CLIPS[6:]}


def every(*places: int) -> dict[str, tuple[str, ...]]:
    return {CLIPS[i]: CAPTIONS[CLIPS[i]] for i in places}


@pytest.mark.parametrize("write", [data_json, raw_captions])
@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("1k-a-9k", {"train": every(0, 1, 2, 3, 4, 5), "test": FIXED}),
        ("1k-a-7k", {"train": every(0, 1, 2, 3), "test": FIXED}),
        ("1k-b", {"train": every(0, 1, 2, 6), "test": every(4, 5)}),
        ("full", {"train": every(0, 1, 2), "val": every(3), "test": every(4, 5, 6, 7)}),
    ],
)
def test_splits(folder: Path, write: Any, split: Any, expected: Any) -> None:
    write(folder)
    assert splits(Msrvtt(str(folder), split=split)) == expected


@pytest.mark.parametrize("split", ["1k-a-9k", "1k-a-7k"])
def test_text_lists_say_the_same_as_csv(folder: Path, split: Any) -> None:
    raw_captions(folder)
    csv = splits(Msrvtt(str(folder), split=split))
    for path in folder.glob("*.csv"):
        path.unlink()
    dataset = Msrvtt(str(folder), split=split)
    assert splits(dataset) == csv
    assert {path.suffix for path in dataset.files()} == {".txt", ".pkl"}


def test_one_caption_a_clip_where_there_is_nothing_else(folder: Path) -> None:
    folds(folder)
    dataset = Msrvtt(str(folder))
    assert splits(dataset)["train"] == {name: CAPTIONS[name][:1] for name in CLIPS[:6]}
    assert dataset.remarks() == ["captions: one caption a clip (2 files MSRVTT_val_fold_*.csv); 6 for training, 2 for the test"]
    raw_captions(folder)
    assert splits(Msrvtt(str(folder)))["train"] == every(0, 1, 2, 3, 4, 5)


def test_held_out_clips_leave_the_test_as_it_is(folder: Path) -> None:
    data_json(folder)
    found = splits(Msrvtt(str(folder), held_out=2))
    assert len(found["val"]) == 2
    assert found["train"] | found["val"] == every(0, 1, 2, 3, 4, 5)
    assert not set(found["train"]) & set(found["val"])
    assert found["test"] == FIXED
    full = splits(Msrvtt(str(folder), split="full", held_out=1))
    assert len(full["val"]) == 2
    assert "video3" in full["val"]


def test_test_clips_of_the_same_web_video_are_counted(folder: Path) -> None:
    """1k-B trains on video6, whose web video gave no test clip; it tests 4 and 5, which share theirs with each other alone."""
    data_json(folder)
    assert not any("web videos" in remark for remark in Msrvtt(str(folder), split="1k-b").remarks())
    write_list(folder / "test_list_miech.txt", ["video5", "video7"])
    (remark,) = [remark for remark in Msrvtt(str(folder), split="1k-b").remarks() if "web videos" in remark]
    assert remark.startswith("1 test clips")


def test_durations(folder: Path) -> None:
    data_json(folder)
    assert Msrvtt(str(folder)).annotations.durations["video3"] == 12.5


class TestBadInput:
    def test_no_captions(self, folder: Path) -> None:
        with pytest.raises(DataError, match=r"needs MSRVTT_data\.json or raw-captions\.pkl"):
            Msrvtt(str(folder)).clips()

    @pytest.mark.parametrize(
        ("name", "split", "needed"),
        [
            ("val_list_full.txt", "full", "val_list_full"),
            ("test_list_miech.txt", "1k-b", "test_list_miech"),
            ("train_list_miech.txt", "1k-b", "train_list_miech"),
        ],
    )
    def test_no_list(self, folder: Path, name: str, split: Any, needed: str) -> None:
        data_json(folder)
        (folder / name).unlink()
        with pytest.raises(DataError, match=f"needs {needed}"):
            Msrvtt(str(folder), split=split).clips()

    def test_captions_that_lack_a_listed_clip(self, folder: Path) -> None:
        data_json(folder, sentences=[{"video_id": "video0", "caption": "a", "sen_id": 0}])
        with pytest.raises(DataError, match="5 of 6 listed ids have no caption, the first is 'video1'"):
            Msrvtt(str(folder)).clips()

    @pytest.mark.parametrize("sentences", [[{"video_id": "video0"}], [3], {"a": 1}, [{"video_id": "video0", "caption": 3, "sen_id": 1}]])
    def test_sentences_of_another_form(self, folder: Path, sentences: Any) -> None:
        data_json(folder, sentences=sentences)
        with pytest.raises(DataError, match="malformed"):
            Msrvtt(str(folder)).clips()

    @pytest.mark.parametrize("chosen", [{"video6": 2}, {"video6": 2, "video7": 3}, {"video6": 2, "video7": "last"}])
    def test_numbers_of_captions_that_are_not_there(self, folder: Path, chosen: Any) -> None:
        raw_captions(folder)
        (folder / "MSRVTT_JSFUSION_test.csv").unlink()
        write_pickle(folder / "jsfusion_val_caption_idx.pkl", chosen)
        with pytest.raises(DataError, match="'video7' is malformed"):
            Msrvtt(str(folder)).clips()

    def test_a_pickle_that_would_run_code(self, folder: Path) -> None:
        raw_captions(folder)
        (folder / "MSRVTT_JSFUSION_test.csv").unlink()
        write_pickle(folder / "jsfusion_val_caption_idx.pkl", Malicious())
        with pytest.raises(DataError, match="refused"):
            Msrvtt(str(folder)).clips()


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("https://www.youtube.com/watch?v=9lZi22qLlEo", "9lZi22qLlEo"),
        ("https://www.youtube.com/watch?list=x&v=9lZi22qLlEo&t=3", "9lZi22qLlEo"),
        ("https://youtu.be/9lZi22qLlEo?t=3", "9lZi22qLlEo"),
        ("https://www.youtube.com/watch?v=9lZi22qLlEoTooLong", ""),
        ("https://elsewhere.org/9lZi22qLlEo", ""),
        ("", ""),
    ],
)
def test_youtubes_id_stands_in_the_address(url: str, web: str) -> None:
    assert youtube_in(url) == web


def test_clips_know_the_web_video_and_keep_their_names(folder: Path) -> None:
    """Several clips of one web video stay videos of their own: pools and clusters are by ``video``."""
    raw_captions(folder)
    assert {(clip.video == clip.id, clip.web) for clip in Msrvtt(str(folder)).clips()} == {(True, "")}
    data_json(folder)
    document = json.loads((folder / "MSRVTT_data.json").read_text())
    for at, video in enumerate(document["videos"]):
        video["url"] = f"https://www.youtube.com/watch?v=abcdefghi{at // 2}A"
    (folder / "MSRVTT_data.json").write_text(json.dumps(document))
    found = {clip.id: clip for clip in Msrvtt(str(folder)).clips()}
    assert found["video6"].web == found["video7"].web == "abcdefghi3A"
    assert all(clip.video == clip.id for clip in found.values())
