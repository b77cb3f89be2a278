"""COIN: the counts of the real files, small ones whose clips are known by hand, and every way in which a file can be wrong."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.crosstask_made import write_features
from taco_bench_datasets.coin import Coin, spoken

from taco_bench.api import Clip, DataError, Step
from taco_bench.cli.main import call
from taco_bench.data.clips import check_clips


@pytest.fixture(scope="module")
def dataset(shared_data: Path) -> Coin:
    return Coin(str(shared_data))


@pytest.fixture(scope="module")
def clips(dataset: Coin) -> list[Clip]:
    return dataset.clips()


class TestRealFiles:
    def test_counts(self, dataset: Coin, clips: list[Clip]) -> None:
        check_clips(clips, "coin")
        assert Counter(clip.split for clip in clips) == {"train": 7064, "test": 3006}
        assert sum(len(clip.steps) for clip in clips) == 39409
        assert len({clip.task for clip in clips}) == 178
        labels = {int(step.label) for clip in clips for step in clip.steps}
        assert len(labels) == 768
        assert (min(labels), max(labels)) == (1, 778)
        assert not dataset.left_out

    def test_the_two_lists_say_the_same(self, clips: list[Clip], shared_data: Path, tmp_path: Path) -> None:
        for name in ("coin_train_70.json", "coin_test_30.json"):
            (tmp_path / name).symlink_to(shared_data / "coin" / name)
        found = Coin(str(tmp_path)).clips()
        assert {clip.id: clip for clip in found} == {clip.id: clip for clip in clips}

    def test_a_video_by_hand(self, clips: list[Clip]) -> None:
        steps = (Step("begin to run up", 21, 22, "373"), Step("begin to jump up", 23, 24, "374"), Step("fall to the ground", 25, 26, "375"))
        assert clips[0] == Clip("NLy71UrHElw", "train", ("practise pole vault",), "NLy71UrHElw", steps, "PractisePoleVault")

    def test_steps_lie_inside_and_do_not_overlap(self, clips: list[Clip]) -> None:
        for clip in clips:
            assert all(one.end <= other.start for one, other in zip(clip.steps, clip.steps[1:], strict=False))

    def test_validation(self, shared_data: Path, clips: list[Clip]) -> None:
        found = Coin(str(shared_data), val_share=0.1).clips()
        assert Counter(clip.split for clip in found) == {"train": 6358, "val": 706, "test": 3006}
        assert [clip.id for clip in found if clip.split == "test"] == [clip.id for clip in clips if clip.split == "test"]
        assert found == Coin(str(shared_data), val_share=0.1).clips()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ReplaceCDDriveWithSSD", "replace CD drive with SSD"),
        ("OpenALockWithPaperclips", "open a lock with paperclips"),
        ("AssembleDesktopPC", "assemble desktop PC"),
        ("UseEpinephrineAuto-injector", "use epinephrine auto injector"),
        ("PerformCPR", "perform CPR"),
        ("Sow", "sow"),
        ("123", "123"),
        ("煮", "煮"),
    ],
)
def test_spoken(name: str, text: str) -> None:
    assert spoken(name) == text


def record(subset: str = "training", duration: float = 30.0, **changes: Any) -> dict[str, Any]:
    annotation = [
        {"id": "12", "segment": [3.5, 7.2], "label": "cut the cake"},
        {"id": "3", "segment": [10.0, 12.0], "label": "eat the cake"},
    ]
    plain = {"recipe_type": 1, "annotation": annotation, "video_url": "u", "start": 3.0, "end": 13.0, "duration": duration}
    return {**plain, "class": "MakeCake", "subset": subset, **changes}


def segment(*times: float, step: Any = "12") -> dict[str, Any]:
    return {"annotation": [{"id": step, "segment": list(times), "label": "cut the cake"}]}


def write(folder: Path, name: str = "COIN.json", **records: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps({"database": records or {"a": record(), "b": record("testing")}}))
    return folder


def test_small(tmp_path: Path) -> None:
    dataset = Coin(str(write(tmp_path)))
    first, second = dataset.clips()
    steps = (Step("cut the cake", 3, 8, "12"), Step("eat the cake", 10, 12, "3"))
    assert first == Clip("a", "train", ("make cake",), "a", steps, "MakeCake")
    assert (second.id, second.split) == ("b", "test")
    assert set(dataset.fingerprints()) == {"COIN.json"}


def test_which_file_is_read(tmp_path: Path) -> None:
    write(tmp_path / "coin", "COIN_some.json", c=record())
    assert [clip.id for clip in Coin(str(tmp_path)).clips()] == ["c"]
    write(tmp_path / "coin")
    assert [clip.id for clip in Coin(str(tmp_path)).clips()] == ["a", "b"]
    assert [clip.id for clip in Coin(str(tmp_path / "coin" / "COIN_some.json")).clips()] == ["c"]
    write(tmp_path / "coin", "COIN_more.json", c=record())
    (tmp_path / "coin" / "COIN.json").unlink()
    with pytest.raises(DataError, match=r"2 COIN\*\.json"):
        Coin(str(tmp_path)).clips()


@pytest.mark.parametrize("form", ["BOM", "CRLF"])
def test_forms_of_text(tmp_path: Path, form: str) -> None:
    expected = Coin(str(write(tmp_path))).clips()
    text = json.dumps(json.loads((tmp_path / "COIN.json").read_bytes()), indent=1).encode()
    (tmp_path / "COIN.json").write_bytes(b"\xef\xbb\xbf" + text if form == "BOM" else text.replace(b"\n", b"\r\n"))
    assert Coin(str(tmp_path)).clips() == expected


@pytest.mark.parametrize(
    ("times", "kept", "reason"),
    [
        ((5.0, 5.0), None, "segments that do not end after they start, left out"),
        ((5.0, 4.0), None, "segments that do not end after they start, left out"),
        ((30.0, 31.0), None, "segments that lie outside the video, left out"),
        ((-3.0, -1.0), None, "segments that lie outside the video, left out"),
        ((-1.5, 2.0), (0, 2), "segments that start before the video, cut"),
        ((28.5, 30.5), (28, 30), "segments that end past the video, cut"),
        ((28.5, 29.1), (28, 30), None),
    ],
)
def test_odd_segments_are_counted(tmp_path: Path, times: tuple[float, float], kept: tuple[int, int] | None, reason: str | None) -> None:
    dataset = Coin(str(write(tmp_path, a=record(**segment(*times)))))
    (clip,) = dataset.clips()
    assert [(step.start, step.end) for step in clip.steps] == ([kept] if kept else [])
    expected = {reason: 1} if reason else {}
    if not kept:
        expected["videos without a segment, kept as background"] = 1
    assert dataset.left_out == expected


def test_the_features_say_how_long_a_video_is(tmp_path: Path) -> None:
    folder = write_features(tmp_path / "s3d", {"a": 11, "c": 4})
    dataset = Coin(str(write(tmp_path / "coin")), features=f"s3d-hm={folder}")
    first, second = dataset.clips()
    assert first.steps[-1].end == 11
    assert second.steps[-1].end == 12  # without features, by its duration
    assert dataset.read("s3d-hm", first).shape == (11, 8)
    assert dataset.left_out == {"segments that end past the video, cut": 1}
    with pytest.raises(KeyError):
        dataset.read("s3d-hm", second)


def test_features_of_no_video_are_counted(tmp_path: Path) -> None:
    folder, store = write_features(tmp_path / "s3d", {"a": 11, "other": 3}), tmp_path / "store"
    assert call(["features", "build", "--from", str(folder), "--stream", "s3d-hm", "--out", str(store)]) == 0
    told = Coin(str(write(tmp_path / "coin")), features=f"s3d-hm={store}").remarks()
    assert "1 items of the stream s3d-hm belong to no clip, the first is other" in told


WRONG: list[tuple[Any, str, str]] = [
    ("", "the file is empty", ""),
    ('{"database": {"a"', "no valid JSON", "line 1"),
    ("[]", "the file has no video", ""),
    ("[1]", "not in COIN's form", ""),
    ({"a": 1}, "not in COIN's form", ""),
    ({"database": {}}, "the file has no video", ""),
    ({"database": {"a": []}}, "value of the wrong kind", "video 'a'"),
    ({"database": {"a": {"duration": 3}}}, "has no 'class'", "video 'a'"),
    ({"database": {"a": record(duration="long")}}, "value of the wrong kind", "video 'a'"),
    ({"database": {"a": record(duration=0)}}, "the duration is 0.0 s", "video 'a'"),
    ({"database": {"a": record(subset="validation")}}, "the subset is 'validation'", "video 'a'"),
    ({"database": {"a": record(**segment(1.0, 2.0, step="779"))}}, "step '779' is unknown", "video 'a'"),
    ({"database": {"a": record(**segment(1.0, 2.0, step="0"))}}, "step '0' is unknown", "video 'a'"),
    ({"database": {"a": record(**segment(1.0, 2.0, step="x"))}}, "value of the wrong kind", "video 'a'"),
    ({"database": {"a": record(**segment(1.0))}}, "value of the wrong kind", "video 'a'"),
    ({"database": {"a": record(**segment(1.0, 2.0, 3.0))}}, "value of the wrong kind", "video 'a'"),
    ({"database": {"a": record(**segment(1.0, float("nan")))}}, r"is \[1.0, nan\]", "video 'a'"),
    ([{"a": record()}, {"a": record()}], "occurs twice", "video 'a'"),
]


@pytest.mark.parametrize(("content", "message", "where"), WRONG)
def test_a_file_that_is_wrong(tmp_path: Path, content: Any, message: str, where: str) -> None:
    path = tmp_path / "COIN.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(DataError, match=message) as caught:
        Coin(str(tmp_path)).clips()
    assert caught.value.where.startswith(str(path))
    assert where in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.999])
def test_a_truncated_file(tmp_path: Path, keep: float) -> None:
    path = write(tmp_path) / "COIN.json"
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(DataError, match="no valid JSON"):
        Coin(str(tmp_path)).clips()


def test_one_list_of_two(tmp_path: Path) -> None:
    (tmp_path / "coin_train_70.json").write_text(json.dumps([{"a": record()}]))
    with pytest.raises(DataError, match="cannot be read: No such file") as caught:
        Coin(str(tmp_path)).clips()
    assert caught.value.where == str(tmp_path / "coin_test_30.json")


def test_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TACO_BENCH_DATA", raising=False)
    for root, message in (
        ("", "no folder is named"),
        (str(tmp_path / "nowhere"), "does not exist"),
        (str(tmp_path), r"needs COIN\.json or coin_train_70"),
    ):
        with pytest.raises(DataError, match=message):
            Coin(root).clips()


def test_neither_features_nor_a_stand_in(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="features of coin are not shipped"):
        _ = Coin(str(write(tmp_path))).streams


def test_the_stand_in_is_as_long_as_the_video(tmp_path: Path) -> None:
    dataset = Coin(str(write(tmp_path, a=record(duration=29.2))), planted_signal=2.0)
    frames = dataset.read("planted", dataset.clips()[0])
    assert frames.shape == (30, 44)
    assert frames.dtype == np.float32
    assert dataset.streams == ("planted",)
    assert not dataset.stored
