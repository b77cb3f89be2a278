from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from taco_bench.errors import UserError
from taco_bench.extract.parts import Parts

MADE_BY = {"extractor": {"type": "colours"}, "width": 3, "weights": "abc"}
ROWS = np.arange(6, dtype=np.float16).reshape(2, 3)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"video")
    return path


@pytest.fixture
def folder(tmp_path: Path, video: Path) -> Path:
    Parts(tmp_path / "parts", MADE_BY).add("a", video, ROWS)
    return tmp_path / "parts"


def test_what_was_added_is_there_next_time(folder: Path, video: Path) -> None:
    parts = Parts(folder, MADE_BY)
    assert parts.has("a", video)
    assert not parts.has("b", video)
    assert np.array_equal(parts.read("a"), ROWS)
    assert parts.read("a").dtype == np.float16


def test_a_video_that_was_replaced_is_not_there(folder: Path, video: Path) -> None:
    status = video.stat()
    video.write_bytes(b"other")
    os.utime(video, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert not Parts(folder, MADE_BY).has("a", video)
    os.utime(video, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Parts(folder, MADE_BY).has("a", video)
    video.write_bytes(b"longer than before")
    os.utime(video, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not Parts(folder, MADE_BY).has("a", video)


def test_a_part_without_its_file_is_not_there(folder: Path, video: Path) -> None:
    (folder / "videos" / "a.npy").unlink()
    assert not Parts(folder, MADE_BY).has("a", video)


@pytest.mark.parametrize("cut", range(1, 30, 4))
def test_a_journal_that_was_cut_off_loses_its_last_line_alone(cut: int, folder: Path, video: Path) -> None:
    Parts(folder, MADE_BY).add("b", video, ROWS)
    journal = folder / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-cut])
    parts = Parts(folder, MADE_BY)
    assert parts.has("a", video)
    assert not parts.has("b", video)
    parts.add("c", video, ROWS)
    again = Parts(folder, MADE_BY)
    assert [again.has(name, video) for name in "abc"] == [True, False, True]


def test_garbage_in_the_journal_is_passed_over(folder: Path, video: Path) -> None:
    with (folder / "journal.jsonl").open("ab") as file:
        file.write(b"\0\0\0\n[]\n7\n")
    assert Parts(folder, MADE_BY).has("a", video)


def test_other_features_are_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="what differs: weights, width") as caught:
        Parts(folder, {**MADE_BY, "width": 4, "weights": "abd"})
    assert "another --out" in caught.value.hint


def test_options_of_the_extractor_are_named(tmp_path: Path) -> None:
    before = {"extractor": {"type": "s3d", "normalize": True, "output": "embedding"}, "weights": "abc"}
    Parts(tmp_path / "out", before)
    with pytest.raises(UserError) as caught:
        Parts(tmp_path / "out", {**before, "extractor": {"type": "s3d", "normalize": False, "output": "mixed_5c"}})
    told = "what differs: normalize (true there, false now), output (embedding there, mixed_5c now)"
    assert caught.value.what.endswith(told)
    with pytest.raises(UserError, match=r"what differs: extractor \(s3d there, resnet152 now\), weights"):
        Parts(tmp_path / "out", {"extractor": {**before["extractor"], "type": "resnet152"}, "weights": "x"})  # type: ignore[dict-item]


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_damaged_description_is_refused(content: str, folder: Path) -> None:
    (folder / "made-by.json").write_text(content)
    with pytest.raises(UserError, match="made in another way"):
        Parts(folder, MADE_BY)


def test_ids_that_are_odd_file_names(tmp_path: Path, video: Path) -> None:
    parts = Parts(tmp_path / "parts", MADE_BY)
    for name in ("-dash", "a b", "ü", "x.f137", "journal"):
        parts.add(name, video, ROWS)
    again = Parts(tmp_path / "parts", MADE_BY)
    assert all(again.has(name, video) for name in ("-dash", "a b", "ü", "x.f137", "journal"))
