"""Every annotation file at hand loads, and the counts are those of the paper and of the manifests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from taco_bench_datasets.activitynet import ActivityNet, read_paragraphs
from taco_bench_datasets.annotation_files import read_csv, read_json, read_list
from taco_bench_datasets.msrvtt import Msrvtt
from taco_bench_datasets.msrvtt_splits import ids_of
from taco_bench_datasets.youcook2 import YouCook2

from taco_bench.api import Clip, read_pickle


def splits(clips: list[Clip]) -> dict[str, int]:
    return dict(Counter(clip.split for clip in clips))


def videos(clips: list[Clip], *names: str) -> set[str]:
    return {clip.video for clip in clips if clip.split in names}


@pytest.fixture(scope="module")
def youcook2(shared_data: Path) -> list[Clip]:
    return list(YouCook2(str(shared_data)).clips())


class TestYouCook2:
    def test_all_segments(self, shared_data: Path) -> None:
        clips = list(YouCook2(str(shared_data), test="all").clips())
        assert splits(clips) == {"train": 10_337, "test": 3_492}
        assert len(clips) == 13_829
        assert len(videos(clips, "train", "test")) == 1_790
        assert len(videos(clips, "train")) == 1_333

    def test_the_test_list(self, youcook2: list[Clip]) -> None:
        assert splits(youcook2) == {"train": 10_337, "test": 3_350}
        assert len(videos(youcook2, "test")) == 436

    def test_the_form_of_dense_captions_says_the_same(self, youcook2: list[Clip], shared_data: Path) -> None:
        other = list(YouCook2(str(shared_data), form="anet").clips())
        assert {clip.id: clip for clip in other} == {clip.id: clip for clip in youcook2}

    def test_captions_are_whole_sentences(self, youcook2: list[Clip]) -> None:
        clip = next(clip for clip in youcook2 if clip.video == "xHr8X2Wpmno")
        assert clip == Clip("xHr8X2Wpmno_0", "test", ("pick the ends off the verdalago",), "xHr8X2Wpmno", start=47.0, end=60.0)
        assert sum(" the " in clip.captions[0] for clip in youcook2) > 6_000  # a stop word

    def test_of_two_sentences_at_one_time_the_listed_one_is_tested(self, youcook2: list[Clip], shared_data: Path) -> None:
        rows = read_csv(shared_data / "youcook2" / "validation_youcook.csv", ["video_id", "text"])
        assert Counter((r["video_id"], r["text"]) for r in rows) == Counter((c.video, c.captions[0]) for c in youcook2 if c.split == "test")

    def test_no_video_is_in_two_splits(self, shared_data: Path) -> None:
        clips = list(YouCook2(str(shared_data), held_out=100).clips())
        assert len(videos(clips, "val")) == 100
        assert splits(clips)["train"] + splits(clips)["val"] == 10_337
        assert not videos(clips, "train") & videos(clips, "val")
        assert not videos(clips, "train", "val") & videos(clips, "test")

    def test_the_other_files(self, shared_data: Path) -> None:
        folder = shared_data / "youcook2"
        assert len(read_list(folder / "train_list.txt")) == 1_333
        assert len(read_list(folder / "val_list.txt")) == 457
        assert len(read_list(folder / "yc2_duration_frame.csv")) == 2_000  # no header
        assert len(read_json(folder / "yc2_val_anet_format_para.json")) == 457
        assert sum(len(entry["sentences"]) for entry in read_json(folder / "val_yc2.json").values()) == 3_492


LISTS = {
    "MSRVTT_train.9k.csv": 9_000, "MSRVTT_train.7k.csv": 7_010, "MSRVTT_JSFUSION_test.csv": 1_000, "train_list_full.txt": 6_513,
    "test_list_full.txt": 2_990, "test_list_miech.txt": 1_000, "train_list_1_5.txt": 1_290, "train_list_4_5.txt": 5_203,
    **{f"MSRVTT_val_fold_{i}.csv": 2_250 for i in (1, 2, 3, 4)},
}  # fmt: skip
CE = {
    "msrvtt/train_list_jsfusion.txt": 9_000, "msrvtt/val_list_jsfusion.txt": 1_000, "msrvtt/train_list_miech.txt": 6_656,
    "msrvtt/test_list_miech.txt": 1_000, "msrvtt/train_list_full.txt": 6_513, "msrvtt/val_list_full.txt": 497,
    "msrvtt/test_list_full.txt": 2_990, "msvd/train_list.txt": 1_200, "msvd/val_list.txt": 100, "msvd/test_list.txt": 670,
    "activity-net/train_list.txt": 10_009, "activity-net/val_1_list.txt": 4_917, "activity-net/val_2_list.txt": 4_885,
    "didemo/train_list.txt": 8_392, "didemo/val_list.txt": 1_065, "didemo/test_list.txt": 1_004,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "count"), [*((f"msrvtt_splits/{n}", c) for n, c in LISTS.items()), *((f"ce_splits/{n}", c) for n, c in CE.items())]
)
def test_a_list(name: str, count: int, shared_data: Path) -> None:
    assert len(ids_of(shared_data / name)) == count


class TestMsrvtt:
    @pytest.mark.parametrize(("split", "training"), [("1k-a-9k", 9_000), ("1k-a-7k", 7_010)])
    def test_sizes(self, split: str, training: int, shared_data: Path) -> None:
        clips = list(Msrvtt(str(shared_data), split=split).clips())  # type: ignore[arg-type]
        assert splits(clips) == {"train": training, "test": 1_000}
        assert all(len(clip.captions) == 1 for clip in clips)
        assert not videos(clips, "train") & videos(clips, "test")

    def test_captions_are_of_their_clip(self, shared_data: Path) -> None:
        clips = {clip.id: clip for clip in Msrvtt(str(shared_data)).clips()}
        assert clips["video9770"].captions == ("a person is connecting something to system",)
        assert clips["video0"].captions == ("a car is shown",)
        assert clips["video0"].split == "train"

    def test_lists_in_csv_and_text_are_the_same(self, shared_data: Path) -> None:
        own, ce = shared_data / "msrvtt_splits", shared_data / "ce_splits" / "msrvtt"
        nine, test = set(ids_of(own / "MSRVTT_train.9k.csv")), set(ids_of(own / "MSRVTT_JSFUSION_test.csv"))
        assert nine == set(ids_of(ce / "train_list_jsfusion.txt"))
        assert test == set(ids_of(ce / "val_list_jsfusion.txt"))
        seven = set(ids_of(own / "MSRVTT_train.7k.csv"))
        assert seven == set(ids_of(ce / "train_list_full.txt")) | set(ids_of(ce / "val_list_full.txt"))
        assert seven < nine
        assert test < set(ids_of(ce / "test_list_full.txt"))

    def test_the_numbers_of_the_test_captions(self, shared_data: Path) -> None:
        chosen = read_pickle(shared_data / "msrvtt_splits" / "jsfusion_val_caption_idx.pkl")
        assert set(chosen) == set(ids_of(shared_data / "ce_splits" / "msrvtt" / "val_list_jsfusion.txt"))
        assert {0 <= int(number) < 20 for number in chosen.values()} == {True}


class TestActivityNet:
    @pytest.mark.parametrize(("test", "count"), [("val_1", 4_917), ("val_2", 4_885)])
    def test_sizes(self, test: str, count: int, shared_data: Path) -> None:
        clips = list(ActivityNet(str(shared_data), test=test).clips())  # type: ignore[arg-type]
        assert splits(clips) == {"train": 10_009, "test": count}
        assert not videos(clips, "train") & videos(clips, "test")

    def test_a_paragraph(self, shared_data: Path) -> None:
        paragraphs, durations = read_paragraphs(shared_data / "activitynet_captions" / "train.json")
        text = paragraphs["v_QOlSCBRmfWY"]
        assert text.startswith("A young woman is seen standing in a room and leads into her dancing. The girl dances around the room while")
        assert "  " not in text
        assert durations["v_QOlSCBRmfWY"] == 82.73

    @pytest.mark.parametrize(("name", "count"), [("train", 37_421), ("val_1", 17_505), ("val_2", 17_031)])
    def test_sentences(self, name: str, count: int, shared_data: Path) -> None:
        table = read_json(shared_data / "activitynet_captions" / f"{name}.json")
        assert sum(len(entry["sentences"]) for entry in table.values()) == count

    def test_the_lists_name_the_same_videos(self, shared_data: Path) -> None:
        for name in ("train", "val_1", "val_2"):
            table = read_json(shared_data / "activitynet_captions" / f"{name}.json")
            assert set(table) == set(read_list(shared_data / "ce_splits" / "activity-net" / f"{name}_list.txt"))


@pytest.mark.parametrize(("name", "shared"), [("msvd", {("train", "val"): 1}), ("didemo", {})])
def test_lists_that_share_a_source_video(name: str, shared: dict[tuple[str, str], int], shared_data: Path) -> None:
    """The one of MSVD is why its data set says that a run must acknowledge it."""
    source: Callable[[str], str] = (lambda clip: clip.rsplit("_", 2)[0]) if name == "msvd" else str
    sets = {
        split: set(map(source, read_list(shared_data / "ce_splits" / name / f"{split}_list.txt"))) for split in ("train", "val", "test")
    }
    pairs = [("train", "val"), ("train", "test"), ("val", "test")]
    assert {pair: len(sets[pair[0]] & sets[pair[1]]) for pair in pairs if sets[pair[0]] & sets[pair[1]]} == shared
