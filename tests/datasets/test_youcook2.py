"""YouCook2 in each form, written small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.written import (
    SENTENCES,
    TRAINING,
    Malicious,
    write_csv,
    write_pickle,
    youcook2_anet,
    youcook2_json,
    youcook2_mmpt,
    youcook2_test_list,
    youcook2_univl,
)
from taco_bench_datasets.youcook2 import YouCook2

from taco_bench.api import Clip, DataError

ALL = {f"{video}_{i}": (text, 10.0 * i, 10.0 * i + 8) for video, texts in SENTENCES.items() for i, text in enumerate(texts)}
TRAIN = {name for name in ALL if name.startswith(TRAINING)}


def found(clips: object) -> dict[str, tuple[str, float | None, float | None]]:
    assert isinstance(clips, list)
    for clip in clips:
        assert clip.video == clip.id.rpartition("_")[0]
        assert clip.split == ("train" if clip.video in TRAINING else "test")
    return {clip.id: (clip.captions[0], clip.start, clip.end) for clip in clips}


class TestForms:
    def test_json(self, tmp_path: Path) -> None:
        youcook2_json(tmp_path)
        youcook2_test_list(tmp_path)
        dataset = YouCook2(str(tmp_path))
        assert found(dataset.clips()) == {name: ALL[name] for name in ALL if name != "va2_0"}
        assert [path.name for path in dataset.files()] == ["yc2_annotations_trainval.json", "validation_youcook.csv"]
        assert set(dataset.fingerprints()) == {"yc2_annotations_trainval.json", "validation_youcook.csv"}
        assert dataset.remarks()[0] == "annotations: the official json (yc2_annotations_trainval.json)"
        assert dataset.remarks()[-1] == "1 validation clips that validation_youcook.csv does not list left out"

    @pytest.mark.parametrize("prefix", ["", "v_"])
    def test_dense_captions(self, tmp_path: Path, prefix: str) -> None:
        youcook2_anet(tmp_path, prefix)
        dataset = YouCook2(str(tmp_path), test="all")
        assert found(dataset.clips()) == ALL
        assert "ActivityNet's form" in dataset.remarks()[0]

    def test_univl(self, tmp_path: Path) -> None:
        youcook2_univl(tmp_path)
        dataset = YouCook2(str(tmp_path), test="all")
        assert found(dataset.clips()) == ALL
        assert "UniVL's csv and pickle" in dataset.remarks()[0]

    def test_mmpt_has_its_clips_and_the_jsons_sentences(self, tmp_path: Path) -> None:
        youcook2_mmpt(tmp_path)
        dataset = YouCook2(str(tmp_path), form="mmpt", test="all")
        chosen = ("tr1_0", "tr1_2", "tr2_1", "va1_1", "va2_0")
        assert found(dataset.clips()) == {name: ALL[name] for name in chosen}
        assert "howto100m's pickles" in dataset.remarks()[0]

    def test_the_whole_json_comes_before_its_selection(self, tmp_path: Path) -> None:
        youcook2_mmpt(tmp_path)
        dataset = YouCook2(str(tmp_path), test="all")
        assert found(dataset.clips()) == ALL
        assert dataset.remarks()[1] == "not read, though it is there: howto100m's pickles joined with the official json (data.form=mmpt)"

    def test_the_folder_above(self, tmp_path: Path) -> None:
        (tmp_path / "youcook2").mkdir()
        youcook2_json(tmp_path / "youcook2")
        assert found(YouCook2(str(tmp_path), test="all").clips()) == ALL


def test_held_out_videos_are_the_validation_split(tmp_path: Path) -> None:
    youcook2_json(tmp_path)
    plain = YouCook2(str(tmp_path), test="all").clips()
    assert {clip.split for clip in plain} == {"train", "test"}
    clips = YouCook2(str(tmp_path), test="all", held_out=1).clips()
    val = {clip.video for clip in clips if clip.split == "val"}
    assert len(val) == 1
    assert val < set(TRAINING)
    assert {clip.id for clip in clips if clip.split in ("train", "val")} == TRAIN
    assert not {clip.video for clip in clips if clip.split == "train"} & val


def test_a_listed_clip_without_annotations_is_counted(tmp_path: Path) -> None:
    youcook2_json(tmp_path)
    path = youcook2_test_list(tmp_path)
    path.write_text(path.read_text() + "99.5,90,101,nowhere,va9\n8,1,101,nowhere,va1\n")
    dataset = YouCook2(str(tmp_path))
    assert sum(clip.split == "test" for clip in dataset.clips()) == 2
    told = "2 clips of validation_youcook.csv are not among the annotations, the first is va9 from 90 to 99.5 s"
    assert told in dataset.remarks()


def test_two_sentences_at_one_time(tmp_path: Path) -> None:
    """The list names one of them; it is the one that is tested, whichever comes first."""
    path = youcook2_json(tmp_path)
    document = json.loads(path.read_text())
    document["database"]["va1"]["annotations"].insert(0, {"segment": [0, 8], "id": 5, "sentence": "something else"})
    path.write_text(json.dumps(document))
    youcook2_test_list(tmp_path)
    assert [clip.id for clip in YouCook2(str(tmp_path)).clips() if clip.split == "test"] == ["va1_0", "va1_1"]


class TestBadInput:
    def test_no_folder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TACO_BENCH_DATA", raising=False)
        with pytest.raises(DataError, match="no folder is named") as caught:
            YouCook2().clips()
        assert "taco-bench data status youcook2" in caught.value.hint

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"needs yc2_annotations_trainval\.json") as caught:
            YouCook2(str(tmp_path)).clips()
        assert str(tmp_path) in caught.value.where
        assert "youcook2.eecs.umich.edu" in caught.value.hint

    def test_a_form_that_is_not_there(self, tmp_path: Path) -> None:
        youcook2_json(tmp_path)
        with pytest.raises(DataError, match=r"needs youcookii_data\.pickle and youcookii_train\.csv"):
            YouCook2(str(tmp_path), form="univl").clips()

    def test_no_test_list(self, tmp_path: Path) -> None:
        youcook2_json(tmp_path)
        with pytest.raises(DataError, match=r"needs validation_youcook\.csv"):
            YouCook2(str(tmp_path)).clips()

    def test_a_truncated_json(self, tmp_path: Path) -> None:
        path = youcook2_json(tmp_path)
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(DataError, match="no valid JSON"):
            YouCook2(str(tmp_path), test="all").clips()

    @pytest.mark.parametrize(
        "entry",
        [
            {},
            [],
            {"duration": "long", "subset": "training", "annotations": []},
            {"duration": 9, "subset": "training", "annotations": [{"segment": [1], "id": 0, "sentence": "a"}]},
            {"duration": 9, "subset": "training", "annotations": [{"segment": [1, 2], "id": 0, "sentence": None}]},
        ],
    )
    def test_a_malformed_entry(self, tmp_path: Path, entry: object) -> None:
        path = youcook2_json(tmp_path)
        document = json.loads(path.read_text())
        document["database"]["tr7"] = entry
        path.write_text(json.dumps(document))
        with pytest.raises(DataError, match="'tr7' is malformed"):
            YouCook2(str(tmp_path), test="all").clips()

    def test_an_unknown_subset(self, tmp_path: Path) -> None:
        path = youcook2_json(tmp_path)
        path.write_text(path.read_text().replace('"training"', '"trainin"', 1))
        with pytest.raises(DataError, match=r"'tr1' is malformed: the subset is 'trainin'"):
            YouCook2(str(tmp_path), test="all").clips()

    @pytest.mark.parametrize(
        ("segment", "why"), [([5, 5], "no length"), ([9, 3], "an end before"), ([-2, 3], "no time"), ([99, 120], "past the end")]
    )
    def test_a_segment_that_cannot_be_used(self, tmp_path: Path, segment: list[int], why: str) -> None:
        path = youcook2_json(tmp_path)
        document = json.loads(path.read_text())
        document["database"]["tr1"]["annotations"][1]["segment"] = segment
        path.write_text(json.dumps(document))
        with pytest.raises(DataError, match=f"tr1_1 .*{why}") as caught:
            YouCook2(str(tmp_path), test="all").clips()
        assert caught.value.where == str(path)
        dataset = YouCook2(str(tmp_path), test="all", bad_segments="skip")
        assert {clip.id for clip in dataset.clips()} == set(ALL) - {"tr1_1"}
        assert any("1 segments" in remark and "tr1_1" in remark for remark in dataset.remarks())

    def test_an_end_past_the_video(self, tmp_path: Path) -> None:
        path = youcook2_json(tmp_path)
        document = json.loads(path.read_text())
        document["database"]["tr1"]["duration"] = 25
        path.write_text(json.dumps(document))
        dataset = YouCook2(str(tmp_path), test="all")
        assert next(clip for clip in dataset.clips() if clip.id == "tr1_2").end == 25
        assert "1 segments end after their video and are cut there, the first is tr1_2 [20, 28], its video lasts 25 s" in dataset.remarks()

    def test_a_csv_time_that_is_no_number(self, tmp_path: Path) -> None:
        youcook2_json(tmp_path)
        write_csv(tmp_path / "validation_youcook.csv", [{"end": "8s", "start": 0, "task": 1, "text": "a", "video_id": "va1"}])
        with pytest.raises(DataError, match="'va1' is no number"):
            YouCook2(str(tmp_path)).clips()

    def test_pickles_that_would_run_code(self, tmp_path: Path) -> None:
        youcook2_univl(tmp_path)
        write_pickle(tmp_path / "youcookii_data.pickle", {"tr1": Malicious()})
        with pytest.raises(DataError, match="refused"):
            YouCook2(str(tmp_path), test="all").clips()
        assert not Path("/tmp/was-run").exists()

    def test_a_video_that_the_pickle_lacks(self, tmp_path: Path) -> None:
        youcook2_univl(tmp_path)
        with (tmp_path / "youcookii_train.csv").open("a") as file:
            file.write("tr9,tr9.npy\n")
        with pytest.raises(DataError, match="'tr9' is malformed"):
            YouCook2(str(tmp_path), test="all").clips()

    def test_a_clip_that_the_json_lacks(self, tmp_path: Path) -> None:
        youcook2_mmpt(tmp_path, training=("tr1_0", "tr1_9"))
        with pytest.raises(DataError, match="'tr1_9' is malformed"):
            YouCook2(str(tmp_path), form="mmpt", test="all").clips()


def test_clips_are_whole(tmp_path: Path) -> None:
    youcook2_json(tmp_path)
    assert YouCook2(str(tmp_path), test="all").clips()[0] == Clip("tr1_0", "train", ("cut the onion",), "tr1", start=0.0, end=8.0)
