"""ActivityNet Captions, MSVD and DiDeMo, written small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.written import write_list, write_pickle
from taco_bench_datasets.activitynet import PRESET, ActivityNet
from taco_bench_datasets.listed import Didemo, Msvd

from taco_bench.api import Clip, DataError

SENTENCES = {"v_a": ["One.", " Two. "], "v_b": ["Three."], "v_c": [" Four.", "", "Five."]}


def activitynet(folder: Path) -> None:
    for name, videos in {"train": ("v_a", "v_b"), "val_1": ("v_c",), "val_2": ("v_c",)}.items():
        table = {
            video: {"duration": 60.5, "timestamps": [[0, 5]] * len(SENTENCES[video]), "sentences": SENTENCES[video]} for video in videos
        }
        (folder / f"{name}.json").write_text(json.dumps(table))


class TestActivityNet:
    def test_paragraphs(self, tmp_path: Path) -> None:
        activitynet(tmp_path)
        dataset = ActivityNet(str(tmp_path))
        assert dataset.clips() == [
            Clip("v_a", "train", ("One. Two.",), "v_a"),
            Clip("v_b", "train", ("Three.",), "v_b"),
            Clip("v_c", "test", ("Four. Five.",), "v_c"),
        ]
        assert dataset.annotations.durations == {"v_a": 60.5, "v_b": 60.5, "v_c": 60.5}

    def test_lists_and_raw_captions_say_the_same(self, tmp_path: Path) -> None:
        activitynet(tmp_path)
        clips = ActivityNet(str(tmp_path)).clips()
        for path in tmp_path.glob("*.json"):
            path.unlink()
        write_list(tmp_path / "train_list.txt", ["v_a", "v_b"])
        write_list(tmp_path / "val_1_list.txt", ["v_c"])
        write_pickle(tmp_path / "raw-captions.pkl", {video: [text.split() for text in texts] for video, texts in SENTENCES.items()})
        assert ActivityNet(str(tmp_path)).clips() == clips

    def test_held_out(self, tmp_path: Path) -> None:
        activitynet(tmp_path)
        assert [clip.split for clip in ActivityNet(str(tmp_path), held_out=1).clips()].count("val") == 1

    def test_the_preset_has_the_papers_lengths_and_cut_offs(self) -> None:
        assert PRESET["model.max_video_tokens"] == PRESET["model.max_text_tokens"] == 256
        assert PRESET["task.ks"] == (1, 5, 50)

    @pytest.mark.parametrize(
        "entry", [{}, {"duration": 3, "sentences": []}, {"duration": 3, "sentences": [" "]}, {"duration": "x", "sentences": ["a"]}, 3]
    )
    def test_a_malformed_entry(self, tmp_path: Path, entry: Any) -> None:
        activitynet(tmp_path)
        (tmp_path / "val_1.json").write_text(json.dumps({"v_c": entry}))
        with pytest.raises(DataError, match="'v_c' is malformed") as caught:
            ActivityNet(str(tmp_path)).clips()
        assert caught.value.where == str(tmp_path / "val_1.json")

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"needs train\.json and val_2\.json or train_list\.txt"):
            ActivityNet(str(tmp_path), test="val_2").clips()


def lists(folder: Path, train: str, val: str, test: str, captions: dict[str, list[list[str]]]) -> None:
    for name, clip in {"train": train, "val": val, "test": test}.items():
        write_list(folder / f"{name}_list.txt", [clip])
    write_pickle(folder / "raw-captions.pkl", captions)


def test_msvd_keeps_every_caption_and_knows_the_source_video(tmp_path: Path) -> None:
    captions = {f"-a_b{i}_5_1{i}": [["a", "man"], ["the", "man", "sings"]] for i in range(3)}
    lists(tmp_path, *captions, captions=captions)
    clips = Msvd(str(tmp_path)).clips()
    assert [(clip.id, clip.split, clip.video) for clip in clips] == [
        ("-a_b0_5_10", "train", "-a_b0"), ("-a_b1_5_11", "val", "-a_b1"), ("-a_b2_5_12", "test", "-a_b2"),
    ]  # fmt: skip
    assert {clip.captions for clip in clips} == {("a man", "the man sings")}


def test_didemo_joins_descriptions_and_drops_the_endings_of_files(tmp_path: Path) -> None:
    captions = {"a@1_2.mp4": [["a", "dog"], ["it", "barks"]], "b@1_2": [["a", "cat"]], "c@1_2": [["a", "bird"]]}
    lists(tmp_path, "a@1_2.mp4", "b@1_2.", "c@1_2.3gp", captions)
    assert list(Didemo(str(tmp_path)).clips()) == [
        Clip("a@1_2", "train", ("a dog it barks",), "a@1_2"),
        Clip("b@1_2", "val", ("a cat",), "b@1_2"),
        Clip("c@1_2", "test", ("a bird",), "c@1_2"),
    ]


@pytest.mark.parametrize("name", ["train_list.txt", "test_list.txt", "raw-captions.pkl"])
def test_a_missing_file(tmp_path: Path, name: str) -> None:
    lists(tmp_path, "a_0_1", "b_0_1", "c_0_1", {f"{x}_0_1": [["a"]] for x in "abc"})
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=f"needs {name}"):
        Msvd(str(tmp_path)).clips()
