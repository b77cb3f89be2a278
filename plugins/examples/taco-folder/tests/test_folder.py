"""The contract of data sets, what is read, and the splits."""

from typing import ClassVar

import numpy as np
import pytest
from sample import LINES, VIDEOS, write_csv, write_features
from taco_bench.api import DataError
from taco_bench.testing import DatasetContract

from taco_folder.dataset import Folder
from taco_folder.splits import split_of


@pytest.fixture(autouse=True)
def _cache_of_the_test(tmp_path, monkeypatch):
    monkeypatch.setenv("TACO_BENCH_CACHE", str(tmp_path / "cache"))


class TestFolder(DatasetContract):
    name = "folder"

    def local_options(self, folder):
        return {"captions": write_csv(folder / "captions.csv"), "features": write_features(folder)}


class TestWithoutSplits(DatasetContract):
    name = "folder"
    options: ClassVar = {"seed": 3, "test": 0.3}

    def local_options(self, folder):
        videos = {f"v{number}": 4 for number in range(20)}
        lines = [(f"v{number}", f"caption {number}") for number in range(20)]
        return {"captions": write_csv(folder / "own.csv", lines, ("id", "caption")), "features": write_features(folder, videos)}


@pytest.fixture
def folder(tmp_path):
    return Folder(write_csv(tmp_path / "captions.csv"), write_features(tmp_path))


def test_the_clips_are_those_of_the_csv(folder):
    pan, egg, walk, door, bike = folder.clips()
    assert (pan.id, pan.split, pan.video, pan.start, pan.end) == ("pan", "train", "kitchen", 0.0, 4.0)
    assert pan.captions == ("a pan on a stove", "somebody heats a pan")
    assert (egg.captions, egg.end) == (("an egg is broken into it",), 9.5)
    assert (walk.video, walk.captions, walk.start, walk.end) == ("walk", ("a dog walks, then sits",), None, None)
    assert (door.split, door.start, door.end, bike.split, bike.end) == ("val", 2.0, None, "test", 6.0)


def test_features_are_those_of_the_segment(folder):
    """A row a second, whose number is its second; the stream's rule (howto100m, as `features extract` writes) takes the last second whole."""
    pan, egg, walk, door, bike = (folder.read("efficientnet-lite0", clip)[:, 0].tolist() for clip in folder.clips())
    assert (pan, egg) == ([0, 1, 2, 3, 4], [4, 5, 6, 7, 8, 9])
    assert (walk, door, bike) == ([0, 1, 2, 3, 4], [2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5, 6])


def test_the_clock_is_that_of_the_video(folder):
    assert np.allclose(folder.seconds("efficientnet-lite0", folder.clips()[1]), [4.5, 5.5, 6.5, 7.5, 8.5, 9.5])


def test_its_remark_says_how_it_was_split(folder, tmp_path):
    assert folder.remarks() == ["5 clips of 4 videos: 3 train, 1 val, 1 test, as the csv says"]
    lines, videos = [(f"c{number}", "x", f"v{number % 30}") for number in range(60)], {f"v{number}": 2 for number in range(30)}
    other = Folder(write_csv(tmp_path / "own.csv", lines, ("id", "caption", "video")), write_features(tmp_path, videos))
    assert other.remarks()[0].startswith("60 clips of 30 videos: ")
    assert other.remarks()[0].endswith("by a hash of the video with the key 0")


def test_a_clip_behind_the_end_of_its_video_is_told(tmp_path):
    """Its features are the video's last row, whatever it shows."""
    lines = [*LINES, ("late", "somebody eats it", "train", "kitchen", "12", "14"), ("later", "the end", "train", "kitchen", "99", "")]
    found = Folder(write_csv(tmp_path / "captions.csv", lines), write_features(tmp_path))
    assert found.remarks()[1:] == ["2 clips begin where their video has ended, and got its last row: late, later"]


def test_all_clips_of_a_video_are_in_one_split(tmp_path):
    lines = [(f"c{number}", "x", f"v{number % 30}") for number in range(90)]
    by_video = {}
    for clip in Folder(write_csv(tmp_path / "own.csv", lines, ("id", "caption", "video"))).clips():
        by_video.setdefault(clip.video, set()).add(clip.split)
    assert {len(splits) for splits in by_video.values()} == {1}
    assert set.union(*by_video.values()) == {"train", "val", "test"}


def test_shares_are_about_as_asked():
    found = [split_of(f"v{number}", 0.1, 0.2, 0) for number in range(4000)]
    assert abs(found.count("test") / 4000 - 0.2) < 4 * (0.2 * 0.8 / 4000) ** 0.5  # binomial, four standard deviations
    assert abs(found.count("val") / 4000 - 0.1) < 4 * (0.1 * 0.9 / 4000) ** 0.5


def test_another_key_makes_other_splits():
    names = [f"v{number}" for number in range(50)]
    assert [split_of(name, 0.1, 0.2, 0) for name in names] != [split_of(name, 0.1, 0.2, 1) for name in names]


def test_no_clip_to_test_on_is_told(tmp_path):
    with pytest.raises(DataError, match="no clip is in the split test"):
        Folder(write_csv(tmp_path / "own.csv", LINES[:5])).clips()
    with pytest.raises(DataError, match="another data.seed"):
        Folder(write_csv(tmp_path / "own.csv", [("a", "x")], ("id", "caption"))).clips()


def test_a_video_without_features_is_a_key_error(tmp_path):
    dataset = Folder(write_csv(tmp_path / "captions.csv"), write_features(tmp_path, {"kitchen": VIDEOS["kitchen"]}))
    with pytest.raises(KeyError):
        dataset.read("efficientnet-lite0", dataset.clips()[-1])


def test_what_is_not_named_is_asked_for():
    with pytest.raises(DataError, match="no captions are named"):
        Folder().clips()
    with pytest.raises(DataError, match="features extract"):
        _ = Folder().streams
