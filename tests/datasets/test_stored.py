"""Features of the data sets of files: read where they lie, cut by the rule of their form, whatever prefix ids have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.written import features, write_pickle, youcook2_json, youcook2_mmpt
from taco_bench_datasets.stored import names_of
from taco_bench_datasets.youcook2 import YouCook2

from taco_bench.api import Clip, DataError

SECONDS = {"tr1": 30, "tr2": 20, "va1": 20, "va2": 10}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "annotations"
    folder.mkdir()
    youcook2_json(folder)
    return folder


def clip_of(dataset: YouCook2, name: str) -> Clip:
    return next(clip for clip in dataset.clips() if clip.id == name)


@pytest.mark.parametrize("prefix", ["", "v_"])
def test_mmpts_layout(root: Path, tmp_path: Path, prefix: str) -> None:
    """feat[start:end] at one row a second (formats.md 5.1), though the ids of the files have a prefix."""
    folder = features(tmp_path / "s3d", {prefix + video: rows for video, rows in SECONDS.items()})
    dataset = YouCook2(str(root), f"s3d-hm={folder}", test="all")
    assert dataset.stored
    assert dataset.streams == ("s3d-hm",)
    for clip in dataset.clips():
        rows = dataset.read("s3d-hm", clip)
        assert clip.start is not None
        assert rows.shape == (8, 8)
        assert rows[:, 0].tolist() == [clip.start + i for i in range(8)]
        np.testing.assert_array_equal(dataset.seconds("s3d-hm", clip), rows[:, 0] + 0.5)
    np.testing.assert_array_equal(dataset.read("s3d-hm", clip_of(dataset, "va1_1")), np.load(folder / f"{prefix}va1.npy")[10:18])


def test_a_folder_of_streams(root: Path, tmp_path: Path) -> None:
    features(tmp_path / "all" / "s3d-hm", SECONDS)
    features(tmp_path / "all" / "r152", SECONDS, width=4)
    dataset = YouCook2(str(root), str(tmp_path / "all"), test="all")
    assert set(dataset.streams) == {"s3d-hm", "r152"}
    assert dataset.read("r152", clip_of(dataset, "tr2_1")).shape == (8, 4)


def test_clips_that_are_cut_already(tmp_path: Path) -> None:
    """howto100m's pickle has features and ids VIDEO_INDEX; the annotations are joined by the same ids."""
    youcook2_mmpt(tmp_path)
    clips = [{"id": f"tr1_{i}", "caption": "x", "2d": np.full(4, i, np.float32), "3d": np.full(3, -i, np.float32)} for i in range(3)]
    write_pickle(tmp_path / "pooled.pkl", clips)
    dataset = YouCook2(str(tmp_path), f"r152/2d={tmp_path / 'pooled.pkl'}", test="all")
    rows = dataset.read("r152", clip_of(dataset, "tr1_2"))
    assert rows.shape == (1, 4)
    assert len(set(rows[0].tolist())) == 1
    assert rows[0, 0] > 0


def test_a_video_without_features(root: Path, tmp_path: Path) -> None:
    folder = features(tmp_path / "s3d", {video: rows for video, rows in SECONDS.items() if video != "tr2"})
    dataset = YouCook2(str(root), f"s3d-hm={folder}", test="all")
    with pytest.raises(KeyError):
        dataset.read("s3d-hm", clip_of(dataset, "tr2_0"))
    with pytest.raises(KeyError):
        dataset.seconds("s3d-hm", clip_of(dataset, "tr2_0"))


def test_features_that_no_clip_asks_for_are_counted(root: Path, tmp_path: Path) -> None:
    from taco_bench.cli.main import call

    folder = features(tmp_path / "s3d", {**SECONDS, "other": 5, "another": 6})
    assert call(["features", "build", "--from", str(folder), "--stream", "s3d-hm", "--out", str(tmp_path / "store")]) == 0
    told = YouCook2(str(root), f"s3d-hm={tmp_path / 'store'}", test="all").remarks()
    assert "2 items of the stream s3d-hm belong to no clip, the first is another" in told


def test_what_a_store_was_built_without_is_told_by_each_that_reads_it(root: Path, tmp_path: Path) -> None:
    from taco_bench.cli.main import call

    folder = features(tmp_path / "s3d", {**SECONDS, "other": 5})
    for video in ("va1", "other"):
        values = np.load(folder / f"{video}.npy")
        values[3, 2] = np.nan
        np.save(folder / f"{video}.npy", values)
    store = tmp_path / "store"
    assert call(["features", "build", "--from", str(folder), "--stream", "s3d-hm", "--out", str(store), "--on-bad", "skip"]) == 0
    (told,) = [line for line in YouCook2(str(root), f"s3d-hm={store}", test="all").remarks() if "malformed" in line]
    assert told.startswith("1 malformed items of the stream s3d-hm left out when its store was built, such as va1: features are not finite")


def test_features_shorter_than_the_segment(root: Path, tmp_path: Path) -> None:
    """A cut past the last row falls back to the nearest one."""
    dataset = YouCook2(str(root), f"s3d-hm={features(tmp_path / 's3d', {**SECONDS, 'tr1': 15})}", test="all")
    assert dataset.read("s3d-hm", clip_of(dataset, "tr1_1"))[:, 0].tolist() == [10, 11, 12, 13, 14]
    assert dataset.read("s3d-hm", clip_of(dataset, "tr1_2"))[:, 0].tolist() == [14]


def test_no_features_are_named(root: Path) -> None:
    dataset = YouCook2(str(root), test="all")
    assert dataset.remarks()
    assert set(dataset.fingerprints()) == {"yc2_annotations_trainval.json"}
    with pytest.raises(DataError, match="no features of youcook2 are named") as caught:
        dataset.read("s3d-hm", dataset.clips()[0])
    assert "data.features=" in caught.value.hint


def test_features_that_are_not_there(root: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        _ = YouCook2(str(root), "s3d-hm=/nowhere", test="all").streams


def test_fingerprints_follow_the_features(root: Path, tmp_path: Path) -> None:
    before = YouCook2(str(root), f"s3d-hm={features(tmp_path / 'a', SECONDS)}", test="all").fingerprints()
    after = YouCook2(str(root), f"s3d-hm={features(tmp_path / 'b', {**SECONDS, 'va2': 11})}", test="all").fingerprints()
    assert {key for key in before if before[key] != after[key]} == {"features s3d-hm"}


@pytest.mark.parametrize(
    ("clip", "names"),
    [
        (Clip("ab", "test", ("x",), "ab"), ["ab", "v_ab"]),
        (Clip("v_ab", "test", ("x",), "v_ab"), ["v_ab", "ab"]),
        (Clip("v_ab_3", "test", ("x",), "v_ab", start=1.0, end=2.0), ["v_ab", "ab", "v_ab_3"]),
    ],
)
def test_names_of_features(clip: Clip, names: list[str]) -> None:
    assert list(names_of(clip)) == names


def test_clips_past_their_features_are_counted_and_named(root: Path, tmp_path: Path) -> None:
    """tr1 has segments [0, 8], [10, 18] and [20, 28], and features of 15 s."""
    told = YouCook2(str(root), f"s3d-hm={features(tmp_path / 's3d', {**SECONDS, 'tr1': 15})}", test="all").remarks()
    assert told[-2:] == [
        (
            "1 clips of the stream s3d-hm begin after the end of their features and get the last row alone, "
            "the first is tr1_2 [20, 28], features end at 15 s"
        ),
        "1 clips of the stream s3d-hm end after their features and are cut there, the first is tr1_1 [10, 18], features end at 15 s",
    ]
    whole = YouCook2(str(root), f"s3d-hm={features(tmp_path / 'whole', SECONDS)}", test="all").remarks()
    assert not [line for line in whole if "stream" in line]
