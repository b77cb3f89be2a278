"""CrossTask: the counts of the real release, a small one whose clips are known by hand, and every way in which a release can be wrong."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from helpers.crosstask_made import ANNOTATIONS, write_features, write_release
from taco_bench_datasets.crosstask import CrossTask
from taco_bench_datasets.crosstask_release import annotation_files, read_tasks, read_videos
from taco_bench_datasets.crosstask_splits import mmpt_training

from taco_bench.api import Clip, DataError, Step
from taco_bench.cli.main import call
from taco_bench.data.clips import check_clips


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Path:
    return shared_data / "crosstask" / "crosstask_release"


@pytest.fixture(scope="module")
def dataset(shared_data: Path) -> CrossTask:
    return CrossTask(str(shared_data))


@pytest.fixture(scope="module")
def clips(dataset: CrossTask) -> list[Clip]:
    return dataset.clips()


class TestRealRelease:
    """The figures of facts on the release: its readme, Zhukov et al. 5 and 6.1."""

    def test_tasks_and_steps(self, real: Path) -> None:
        primary, related = read_tasks(real / "tasks_primary.txt"), read_tasks(real / "tasks_related.txt")
        assert (len(primary), len(related)) == (18, 65)
        assert sum(len(task.steps) for task in primary.values()) == 133
        assert primary["23521"].steps[-1] == "pour mixture into cup"
        assert not any("_" in step for task in related.values() for step in task.steps)

    def test_videos_and_annotations(self, real: Path) -> None:
        assert len(read_videos(real / "videos.csv")) == 4700
        assert len(read_videos(real / "videos_val.csv")) == 360
        assert len(annotation_files(real)) == 2750

    def test_clips(self, dataset: CrossTask, clips: list[Clip]) -> None:
        check_clips(clips, "crosstask")
        assert len(clips) == len({clip.video for clip in clips}) == 2750
        assert sum(len(clip.steps) for clip in clips) == 20919
        assert len({step.label for clip in clips for step in clip.steps}) == 133
        assert +dataset.left_out == {"videos of related tasks, which are not annotated": 1950}

    def test_official_protocol(self, clips: list[Clip]) -> None:
        """1,850 test videos a run: those that no run may test and 30 a task are left out (Zhukov et al., 6.1)."""
        split = Counter(clip.split for clip in clips)
        assert split == {"test": 2390, "val": 360}
        assert Counter(Counter(clip.task for clip in clips if clip.split == "val").values()) == {20: 18}
        a_task = Counter(clip.task for clip in clips if clip.split == "test")
        assert min(a_task.values()) > 30
        assert sum(a_task.values()) - 30 * len(a_task) == 1850

    def test_mmpt_protocol(self, shared_data: Path) -> None:
        clips = CrossTask(str(shared_data), protocol="mmpt").clips()
        assert Counter(clip.split for clip in clips) == {"test": 1850, "train": 540, "val": 360}
        assert set(Counter(clip.task for clip in clips if clip.split == "train").values()) == {30}

    def test_pdpp_protocol(self, shared_data: Path) -> None:
        dataset = CrossTask(str(shared_data), protocol="pdpp")
        assert Counter(clip.split for clip in dataset.clips()) == {"train": 1943, "test": 805}
        assert dataset.left_out["videos that are not in the lists of pdpp"] == 2

    def test_a_video_by_hand(self, clips: list[Clip], real: Path) -> None:
        clip = next(clip for clip in clips if clip.id == "105222_-YtYoSwdUf8")
        assert (real / "annotations" / f"{clip.id}.csv").read_text().startswith("5,2.1,5.7\n1,6.28,13.31\n")
        assert clip.captions == ("Make Kimchi Fried Rice",)
        assert clip.video == "-YtYoSwdUf8"
        assert len(clip.procedure) == 6
        assert clip.steps[0] == Step(clip.procedure[4], 2, 6, "105222-5")
        assert clip.steps[1] == Step(clip.procedure[0], 6, 14, "105222-1")

    def test_share_of_background(self, clips: list[Clip]) -> None:
        """Zhukov et al., 5: 72 % of the 212 hours are background."""
        seconds = sum(len({at for step in clip.steps for at in range(step.start, step.end)}) for clip in clips)
        assert 100 * (1 - seconds / 3600 / 212) == pytest.approx(72, abs=1)


def naive_mmpt(rows: list[tuple[str, str]], val: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """MMPT's draw, from its description: the global generator, seeded with 0, over a dictionary in the order of the file.

    The dictionary is made of all videos; those of videos_val.csv are taken out of its lists afterwards.
    """
    np.random.seed(0)  # noqa: NPY002
    tasks: dict[str, list[str]] = {}
    for task, video in rows:
        tasks[task] = [*tasks.get(task, []), video]
    tasks = {task: [video for video in videos if (task, video) not in val] for task, videos in tasks.items()}
    chosen = set()
    for task, videos in tasks.items():
        kept = np.random.choice(videos, 30, replace=False).tolist() if len(videos) > 30 else videos  # noqa: NPY002
        chosen |= {(task, video) for video in kept}
    return chosen


def test_mmpt_draws_what_numpy_seed_0_draws(shared_data: Path) -> None:
    release = shared_data / "crosstask" / "crosstask_release"
    val = set(read_videos(release / "videos_val.csv"))
    annotated = annotation_files(release)
    rows = [video for video in read_videos(release / "videos.csv") if video.key in annotated]
    state = np.random.get_state()  # noqa: NPY002
    try:
        expected = naive_mmpt([(video.task, video.id) for video in rows], {(video.task, video.id) for video in val})
        assert {tuple(video) for video in mmpt_training(rows, val)} == expected
    finally:
        np.random.set_state(state)  # noqa: NPY002


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return write_release(tmp_path / "crosstask_release")


def by_id(dataset: CrossTask) -> dict[str, Clip]:
    return {clip.id: clip for clip in dataset.clips()}


class TestSmallRelease:
    def test_clips(self, release: Path) -> None:
        clips = by_id(CrossTask(str(release)))
        assert list(clips) == ["101_aa", "102_bb", "101_cc", "102_dd-_1", "101_ee"]
        assert [clip.split for clip in clips.values()] == ["test", "test", "test", "test", "val"]
        tea = ("boil water", "add tea leaves", "pour water")
        steps = (Step(tea[0], 2, 6, "101-1"), Step(tea[2], 6, 9, "101-3"), Step(tea[0], 7, 8, "101-1"))
        assert clips["101_aa"] == Clip("101_aa", "test", ("Make Tea",), "aa", steps, "101", tea)
        assert clips["102_bb"].steps == (Step("remove bulb", 0, 2, "102-1"), Step("insert bulb", 3, 4, "102-2"))  # in order of time
        assert clips["102_dd-_1"].video == "dd-_1"

    @pytest.mark.parametrize("below", [".", "crosstask_release", "crosstask/crosstask_release"])
    def test_any_nesting(self, tmp_path: Path, below: str) -> None:
        write_release(tmp_path / "root" / below) if below != "." else write_release(tmp_path / "root")
        assert len(CrossTask(str(tmp_path / "root")).clips()) == 5

    def test_the_environment_names_the_folder(self, release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACO_BENCH_DATA", str(release.parent))
        assert len(CrossTask().clips()) == 5

    @pytest.mark.parametrize("form", ["BOM", "CRLF", "blank lines", "no last line end"])
    def test_forms_of_text(self, release: Path, form: str) -> None:
        expected = CrossTask(str(release)).clips()
        for path in [*release.glob("*.txt"), *release.glob("*.csv"), *release.glob("annotations/*.csv")]:
            text = path.read_bytes()
            made = {
                "BOM": b"\xef\xbb\xbf" + text,
                "CRLF": text.replace(b"\n", b"\r\n"),
                "blank lines": b"\n" + text + b"\n\n",
                "no last line end": text.rstrip(),
            }
            path.write_bytes(made[form])
        assert CrossTask(str(release)).clips() == expected

    def test_features_are_the_seconds(self, release: Path, tmp_path: Path) -> None:
        folder = write_features(tmp_path / "s3d", {"aa": 12, "bb": 5, "cc": 20, "dd-_1": 9, "ee": 3})
        dataset = CrossTask(str(release), features=f"s3d-hm={folder}")
        clip = by_id(dataset)["101_aa"]
        frames = dataset.read("s3d-hm", clip)
        assert frames.shape == (12, 8)
        assert frames[clip.steps[0].start : clip.steps[0].end, 0].tolist() == [2, 3, 4, 5]
        assert dataset.streams == ("s3d-hm",)
        assert dataset.stored
        assert set(CrossTask(str(release)).files()) < set(dataset.files())
        assert any(name.startswith("features") for name in dataset.fingerprints())
        assert not dataset.left_out["segments that end past the video, cut"]

    def test_ends_past_the_features(self, release: Path, tmp_path: Path) -> None:
        folder = write_features(tmp_path / "s3d", {"aa": 8, "bb": 5, "cc": 10, "dd-_1": 9, "ee": 3})
        dataset = CrossTask(str(release), features=f"s3d-hm={folder}")
        clips = by_id(dataset)
        assert [(step.start, step.end) for step in clips["101_aa"].steps] == [(2, 6), (6, 8), (7, 8)]
        assert "101_cc" not in clips  # its one segment starts where the video has ended
        assert dataset.left_out["segments that end past the video, cut"] == 1
        assert dataset.left_out["segments that lie outside the video, left out"] == 1
        assert dataset.left_out["videos without an annotated segment"] == 1

    def test_the_shortest_stream_cuts(self, release: Path, tmp_path: Path) -> None:
        long = dict.fromkeys(["aa", "bb", "cc", "dd-_1", "ee"], 20)
        folders = write_features(tmp_path / "both" / "i3d", long), write_features(tmp_path / "both" / "vggish", {**long, "aa": 8})
        assert [path.parent for path in folders] == [tmp_path / "both"] * 2
        dataset = CrossTask(str(release), features=str(tmp_path / "both"))
        assert dataset.streams == ("i3d", "vggish")
        assert max(step.end for step in by_id(dataset)["101_aa"].steps) == 8

    def test_a_video_without_features(self, release: Path, tmp_path: Path) -> None:
        """The core says so, or skips and counts; features without an annotation are never asked for."""
        folder = write_features(tmp_path / "s3d", {"aa": 12, "more": 4})
        dataset = CrossTask(str(release), features=f"s3d-hm={folder}")
        clips = by_id(dataset)
        assert dataset.read("s3d-hm", clips["101_aa"]).shape == (12, 8)
        with pytest.raises(KeyError):
            dataset.read("s3d-hm", clips["102_bb"])
        with pytest.raises(KeyError):
            dataset.read("i3d", clips["101_aa"])

    def test_mmpt_draws_from_what_has_features(self, release: Path, tmp_path: Path) -> None:
        folder = write_features(tmp_path / "s3d", {"aa": 12, "bb": 5, "ee": 3})
        dataset = CrossTask(str(release), features=f"s3d-hm={folder}", protocol="mmpt")
        assert {clip.id: clip.split for clip in dataset.clips()} == {"101_aa": "train", "102_bb": "train", "101_ee": "val"}
        assert dataset.left_out["videos without features, before the draw"] == 2

    def test_videos_without_annotation_are_counted(self, release: Path) -> None:
        (release / "annotations" / "101_cc.csv").unlink()
        (release / "annotations" / "101_zz.csv").write_text("1,0,1\n")
        (release / "annotations" / "102_bb.csv").write_text("")
        dataset = CrossTask(str(release))
        assert [clip.id for clip in dataset.clips()] == ["101_aa", "102_dd-_1", "101_ee"]
        assert +dataset.left_out == {
            "videos of related tasks, which are not annotated": 1,
            "videos without an annotation file": 1,
            "annotation files of no video in videos.csv": 1,
            "videos without an annotated segment": 1,
        }

    def test_segments_that_are_wrong_are_counted(self, release: Path) -> None:
        (release / "annotations" / "101_aa.csv").write_text("1,5.0,5.0\n2,9.5,9.1\n3,-2.0,1.5\n1,-3,-2\n1,3,4\n")
        dataset = CrossTask(str(release))
        assert [(step.start, step.end) for step in by_id(dataset)["101_aa"].steps] == [(0, 2), (3, 4)]
        assert dataset.left_out["segments that do not end after they start, left out"] == 2
        assert dataset.left_out["segments that start before the video, cut"] == 1
        assert dataset.left_out["segments that lie outside the video, left out"] == 1

    def test_remarks(self, release: Path) -> None:
        (release / "annotations" / "101_cc.csv").unlink()
        assert CrossTask(str(release), planted_signal=2.5).remarks() == [
            "1 videos of related tasks, which are not annotated",
            "1 videos without an annotation file",
            "the stream planted is a stand-in made from the annotations (signal 2.5), no evidence",
        ]

    def test_features_of_no_clip_are_counted(self, release: Path, tmp_path: Path) -> None:
        folder = write_features(tmp_path / "s3d", {"aa": 12, "bb": 5, "cc": 20, "dd-_1": 9, "ee": 3, "rel": 4, "zz": 2})
        store = tmp_path / "store"
        assert call(["features", "build", "--from", str(folder), "--stream", "s3d-hm", "--out", str(store)]) == 0
        told = CrossTask(str(release), features=f"s3d-hm={store}").remarks()
        assert "2 items of the stream s3d-hm belong to no clip, the first is rel" in told
        assert not any("belong to no clip" in line for line in CrossTask(str(release), planted_signal=1.0).remarks())

    def test_counts_do_not_grow_with_every_call(self, release: Path) -> None:
        dataset = CrossTask(str(release))
        dataset.clips()
        assert dataset.clips() == dataset.clips()
        assert sum(dataset.left_out.values()) == 1

    def test_fingerprints_follow_the_content(self, release: Path) -> None:
        before = CrossTask(str(release)).fingerprints()
        assert set(before) == {"tasks_primary.txt", "videos.csv", "videos_val.csv", "annotations"}
        with (release / "annotations" / "101_cc.csv").open("a") as file:
            file.write("1,1,2\n")
        after = CrossTask(str(release)).fingerprints()
        assert {name for name in before if before[name] != after[name]} == {"annotations"}


WRONG = [
    ("annotations/101_aa.csv", "1,2.1,5.7\n5,6,7\n", "step 5 is unknown: task 101", "line 2"),
    ("annotations/101_aa.csv", "0,2.1,5.7\n", "step 0 is unknown", "line 1"),
    ("annotations/101_aa.csv", "1,2.1,5.7\n3,6.", "no segment", "line 2"),
    ("annotations/101_aa.csv", "1,2.1,nan\n", "no segment", "line 1"),
    ("annotations/101_aa.csv", "one,2.1,3\n", "no segment", "line 1"),
    ("annotations/101_aa.csv", "1,2.1,3,4\n", "no segment", "line 1"),
    ("annotations/101_aa.csv", b"1,2,3\n\xff\xfe", "0xff is not UTF-8", "line 2"),
    ("videos.csv", "", "no video", "videos.csv"),
    ("videos.csv", "101,aa\n", "is no video", "line 1"),
    ("videos.csv", "101,aa,u\n102,bb,u\n101,aa,u\n", "'aa' twice", "line 3"),
    ("videos_val.csv", "task,video,url\n", "is no video", "line 1"),
    ("tasks_primary.txt", "", "no task", "tasks_primary.txt"),
    ("tasks_primary.txt", "101\nMake Tea\nu\n2\na,b\n\n102\nChange", "ends inside the task '102'", "tasks_primary.txt"),
    ("tasks_primary.txt", "101\nMake Tea\nu\n3\na,b\n", "said to have '3' steps, but 2 are listed", "line 4"),
    ("tasks_primary.txt", "Make Tea\n101\nu\n2\na,b\n", "is no number", "line 1"),
    ("tasks_primary.txt", "101\nTea\nu\n1\na\n\n101\nTea\nu\n1\na\n", "occurs twice", "line 7"),
]


@pytest.mark.parametrize(("name", "content", "message", "where"), WRONG)
def test_a_file_that_is_wrong(release: Path, name: str, content: str | bytes, message: str, where: str) -> None:
    (release / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message) as caught:
        CrossTask(str(release)).clips()
    assert caught.value.where.startswith(str(release / name))
    assert where in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize("name", ["videos.csv", "videos_val.csv"])
def test_a_missing_list(release: Path, name: str) -> None:
    (release / name).unlink()
    with pytest.raises(DataError, match="cannot be read: No such file") as caught:
        CrossTask(str(release)).clips()
    assert caught.value.where == str(release / name)
    assert "taco-bench data status crosstask" in caught.value.hint


def test_no_annotations(release: Path) -> None:
    for name in ANNOTATIONS:
        (release / "annotations" / f"{name}.csv").unlink()
    with pytest.raises(DataError, match="there are no annotations"):
        CrossTask(str(release)).clips()


def test_annotations_of_other_videos(release: Path) -> None:
    for name in ANNOTATIONS:
        (release / "annotations" / f"{name}.csv").rename(release / "annotations" / f"9{name}.csv")
    with pytest.raises(DataError, match="no video of a primary task has an annotation"):
        CrossTask(str(release)).clips()


def test_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TACO_BENCH_DATA", raising=False)
    with pytest.raises(DataError, match="no folder is named"):
        CrossTask().clips()
    with pytest.raises(DataError, match="does not exist"):
        CrossTask(str(tmp_path / "nowhere")).clips()
    with pytest.raises(DataError, match=r"needs tasks_primary\.txt"):
        CrossTask(str(tmp_path)).clips()


def test_two_releases(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_release(tmp_path / name)
    with pytest.raises(DataError, match="lies in 2 folders"):
        CrossTask(str(tmp_path)).clips()


def test_neither_features_nor_a_stand_in(release: Path) -> None:
    with pytest.raises(DataError, match="features of crosstask are not shipped") as caught:
        _ = CrossTask(str(release)).streams
    assert "data.features" in caught.value.hint


@pytest.mark.parametrize("content", ["{}", "[1]", '[{"vid": "aa"}]', "[", ""])
def test_lists_of_pdpp_that_are_wrong(release: Path, content: str) -> None:
    (release / "train_list.json").write_text(content)
    (release / "test_list.json").write_text("[]")
    with pytest.raises(DataError) as caught:
        CrossTask(str(release), protocol="pdpp").clips()
    assert "train_list.json" in caught.value.where
    assert caught.value.hint
