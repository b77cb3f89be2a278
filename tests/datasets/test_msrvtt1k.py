"""MSR-VTT-1000: the committed split, the real files where they are, and every way in which a folder can be wrong."""

import gc
import json
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
import taco_bench_datasets.msrvtt1k as module
from taco_bench_datasets.msrvtt1k import Msrvtt1k, read_captions

from taco_bench.api import Clip, DataError, registry_file
from taco_bench.atomic import sha256_of
from taco_bench.data.clips import check_clips

CARD = json.loads(registry_file("datasets/msrvtt1k.json").read_text(encoding="utf-8"))


def test_the_committed_split() -> None:
    sizes = {split: len(ids) for split, ids in CARD["splits"].items()}
    assert sizes == {"train": 700, "val": 100, "test": 200}
    assert {clip for ids in CARD["splits"].values() for clip in ids} == {f"video{at}" for at in range(1000)}


@pytest.fixture(scope="module")
def dataset(shared_data: Path) -> Msrvtt1k:
    return Msrvtt1k(str(shared_data))


@pytest.fixture(scope="module")
def clips(dataset: Msrvtt1k) -> list[Clip]:
    return dataset.clips()


class TestRealFiles:
    def test_sizes(self, clips: list[Clip]) -> None:
        assert Counter(clip.split for clip in clips) == {"train": 700, "val": 100, "test": 200}
        check_clips(clips, "msrvtt1k")

    def test_splits_are_disjoint(self, clips: list[Clip]) -> None:
        assert len({clip.id for clip in clips}) == 1000

    def test_equal_captions_are_in_one_split(self, clips: list[Clip]) -> None:
        splits = defaultdict(list)
        for clip in clips:
            splits[clip.captions[0]].append(clip.split)
        assert len(splits) == 985
        repeated = [found for found in splits.values() if len(found) > 1]
        assert repeated
        assert all(set(found) == {"train"} for found in repeated)

    def test_shapes(self, dataset: Msrvtt1k, clips: list[Clip]) -> None:
        for clip in (clips[0], clips[500], clips[-1]):
            features = dataset.read("vgg16-ae128", clip)
            assert features.shape == (50, 128)
            assert np.isfinite(features).all()

    def test_captions_and_rows_belong_to_their_video(self, dataset: Msrvtt1k, clips: list[Clip], shared_data: Path) -> None:
        by_id = {clip.id: clip for clip in clips}
        assert by_id["video0"].captions == ("a car is shown",)
        assert by_id["video10"].captions == ("a man holds two dogs",)
        (path,) = (shared_data / "msrvtt1000").glob("*.npz")
        with np.load(path) as file:
            assert np.array_equal(dataset.read("vgg16-ae128", by_id["video10"]), file["features"][10])

    def test_the_folder_itself_or_the_one_above_it(self, clips: list[Clip], shared_data: Path) -> None:
        assert Msrvtt1k(str(shared_data / "msrvtt1000")).clips() == clips

    def test_the_environment_names_the_folder(self, clips: list[Clip], shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACO_BENCH_DATA", str(shared_data))
        assert Msrvtt1k().clips() == clips

    def test_the_files_are_those_of_the_card(self, shared_data: Path) -> None:
        for file in CARD["files"]:
            path = shared_data / "msrvtt1000" / file["name"]
            assert path.stat().st_size == file["bytes"]

    def test_fingerprints(self, dataset: Msrvtt1k) -> None:
        assert set(dataset.fingerprints()) == {"caption.txt", CARD["files"][1]["name"], "msrvtt1k.json"}


LINES = ["video0|a car is shown", "video1|two dogs | one cat", "video2|a man cooks"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of three clips in the data set's own form, and a split to go with it."""
    card = tmp_path / "card.json"
    splits = {"train": ["video0"], "val": ["video1"], "test": ["video2"]}
    card.write_text(json.dumps({"splits": splits, "files": CARD["files"]}))
    monkeypatch.setattr(module, "registry_file", lambda name: card)
    monkeypatch.delenv("TACO_BENCH_DATA", raising=False)
    made = tmp_path / "made"
    made.mkdir()
    (made / "caption.txt").write_text("\n".join(LINES) + "\n", encoding="utf-8")
    np.savez_compressed(made / "features.npz", features=features())
    return made


def features() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, 50, 128)).astype(np.float16)


def test_a_good_folder(folder: Path) -> None:
    dataset = Msrvtt1k(str(folder))
    clips = dataset.clips()
    assert [(clip.id, clip.split, clip.captions) for clip in clips] == [
        ("video0", "train", ("a car is shown",)),
        ("video1", "val", ("two dogs | one cat",)),
        ("video2", "test", ("a man cooks",)),
    ]
    assert np.array_equal(dataset.read("vgg16-ae128", clips[2]), features()[2])


def test_clips_outside_the_split_are_left_out(folder: Path) -> None:
    with (folder / "caption.txt").open("a") as file:
        file.write("video3|more\n")
    assert len(Msrvtt1k(str(folder)).clips()) == 3


@pytest.mark.parametrize(
    "content",
    [
        "\r\n".join(LINES).encode() + b"\r\n",
        b"\xef\xbb\xbf" + "\n".join(LINES).encode(),
        b"\xef\xbb\xbf" + "\r\n".join(LINES).encode() + b"\r\n\r\n",
        "\n\n".join(f"  {line.replace('|', ' | ', 1)}  " for line in LINES).encode(),
        "\r".join(LINES).encode(),
    ],
    ids=["CRLF", "BOM", "both", "blanks", "CR"],
)
def test_the_forms_that_a_text_file_may_have(folder: Path, content: bytes) -> None:
    (folder / "caption.txt").write_bytes(content)
    assert read_captions(folder / "caption.txt") == {
        "video0": "a car is shown",
        "video1": "two dogs | one cat",
        "video2": "a man cooks",
    }


def test_captions_of_other_scripts(folder: Path) -> None:
    """Line separators inside a caption, other than CR and LF, do not end it."""
    texts = {"video0": "чашка", "video1": "a\u2028b\x0bc\x85d", "video2": "猫"}
    (folder / "caption.txt").write_text("".join(f"{clip}|{text}\n" for clip, text in texts.items()), encoding="utf-8")
    assert read_captions(folder / "caption.txt") == texts


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"video1|", "empty caption"),
        (b"video1|   ", "empty caption"),
        (b"video1", "empty caption"),
        (b"|a caption", "empty caption"),
        (b"video0|again", "'video0' occurs twice"),
        (b"video1|caf\xe9", "0xe9 is not UTF-8"),
        (b"\xff\xfev\0i\0", "0xff is not UTF-8"),
    ],
)
def test_a_line_that_is_wrong(folder: Path, line: bytes, message: str) -> None:
    path = folder / "caption.txt"
    path.write_bytes(LINES[0].encode() + b"\n\n" + line + b"\n" + LINES[2].encode())
    with pytest.raises(DataError, match=message) as caught:
        Msrvtt1k(str(folder)).clips()
    assert caught.value.where == f"{path}, line 3"
    assert caught.value.hint


def test_a_clip_of_the_split_that_has_no_caption(folder: Path) -> None:
    (folder / "caption.txt").write_text("\n".join(LINES[::2]))
    with pytest.raises(DataError, match="1 clips of the split have no caption, first 'video1'") as caught:
        Msrvtt1k(str(folder)).clips()
    assert "caption.txt" in caught.value.where
    assert caught.value.hint


def test_no_folder_is_named(folder: Path) -> None:
    with pytest.raises(DataError, match="no folder is named") as caught:
        Msrvtt1k().clips()
    assert "data.root" in caught.value.hint
    assert "TACO_BENCH_DATA" in caught.value.hint


def test_no_such_folder(folder: Path) -> None:
    with pytest.raises(DataError, match="nowhere does not exist") as caught:
        Msrvtt1k(str(folder / "nowhere")).clips()
    assert "data.root" in caught.value.where


def test_a_folder_without_captions(folder: Path) -> None:
    (folder / "caption.txt").unlink()
    with pytest.raises(DataError, match=r"has no caption\.txt"):
        Msrvtt1k(str(folder)).clips()


def any_clip() -> Clip:
    return Clip("video0", "train", ("a car is shown",))


def test_no_features(folder: Path) -> None:
    (folder / "features.npz").unlink()
    for ask in (lambda dataset: dataset.read("vgg16-ae128", any_clip()), lambda dataset: dataset.fingerprints()):
        with pytest.raises(DataError, match=r"no \.npz") as caught:
            ask(Msrvtt1k(str(folder)))
        assert caught.value.where == str(folder)
        assert CARD["files"][1]["name"] in caught.value.hint


def check_unreadable(folder: Path) -> None:
    """Says which file, and leaves it closed."""
    with pytest.raises(DataError, match="features cannot be read") as caught:
        Msrvtt1k(str(folder)).read("vgg16-ae128", any_clip())
    assert caught.value.where == str(folder / "features.npz")
    assert "'features'" in caught.value.hint
    del caught
    gc.collect()  # a file that is still open warns now, in the test that left it so


@pytest.mark.parametrize("keep", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file(folder: Path, keep: float) -> None:
    path = folder / "features.npz"
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    check_unreadable(folder)


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("junk", [b"\0" * 64, b"\xff" * 64], ids=["zeros", "ones"])
def test_a_damaged_file(folder: Path, at: float, junk: bytes) -> None:
    path = folder / "features.npz"
    content = bytearray(path.read_bytes())
    start = int(at * len(content))
    content[start : start + len(junk)] = junk
    path.write_bytes(content)
    check_unreadable(folder)


def test_a_wrong_key(folder: Path) -> None:
    np.savez_compressed(folder / "features.npz", feats=features())
    check_unreadable(folder)


def test_pickled_objects_are_not_opened(folder: Path) -> None:
    np.savez_compressed(folder / "features.npz", features=np.array([{"a": 1}], object))
    check_unreadable(folder)


def test_a_file_that_is_no_zip(folder: Path) -> None:
    (folder / "features.npz").write_bytes(b"not a zip file")
    check_unreadable(folder)


def test_a_plain_array_under_the_name(folder: Path) -> None:
    with (folder / "features.npz").open("wb") as file:
        np.save(file, features())
    check_unreadable(folder)


def test_a_zip_of_something_else(folder: Path) -> None:
    with zipfile.ZipFile(folder / "features.npz", "w") as file:
        file.writestr("features.npy", b"no array")
    check_unreadable(folder)


def test_a_clip_beyond_the_rows_has_no_features(folder: Path) -> None:
    np.savez_compressed(folder / "features.npz", features=features()[:2])
    dataset = Msrvtt1k(str(folder))
    clips = dataset.clips()
    assert dataset.read("vgg16-ae128", clips[1]).shape == (50, 128)
    with pytest.raises(KeyError):
        dataset.read("vgg16-ae128", clips[2])


def test_fingerprints_follow_the_content(folder: Path) -> None:
    before = Msrvtt1k(str(folder)).fingerprints()
    assert before["caption.txt"] == sha256_of(folder / "caption.txt")
    with (folder / "caption.txt").open("a") as file:
        file.write("video3|more\n")
    after = Msrvtt1k(str(folder)).fingerprints()
    assert after["caption.txt"] != before["caption.txt"]
    assert after["features.npz"] == before["features.npz"]
