"""open_streams: what its words mean, and the stores that it builds on first use."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.feature_forms import bmt, howto100m_pickle, mmt, npy_folder, univl_csv

from taco_bench.api import DataError, UserError, open_streams
from taco_bench.data.store import check
from taco_bench.data.store.build import Source, build_store
from taco_bench.data.store.choose import choose_reader
from taco_bench.plugins import load_plugins
from taco_bench.reporting import Silent


@pytest.fixture(autouse=True)
def _cache(empty_cache: Path) -> Path:
    return empty_cache


def built(folder: Path, made: Any, stream: str = "features") -> Path:
    files = choose_reader(made.path, made.reader, load_plugins()).files
    build_store(folder, Source(files, stream, made.path, made.reader), "s3d-hm", Silent())
    return folder


def test_named_parts(tmp_path: Path) -> None:
    a, b = npy_folder(tmp_path / "a"), howto100m_pickle(tmp_path / "b")
    streams = open_streams(f"s3d-hm={a.path}, r152/2d={b.path}:howto100m-pickle,3d={b.path}")
    assert streams.names == ("s3d-hm", "r152", "3d")
    np.testing.assert_array_equal(streams.rows("s3d-hm", "vid-a"), a.streams["features"]["vid-a"])
    np.testing.assert_array_equal(streams.rows("r152", "vid-a_0"), b.streams["2d"]["vid-a_0"])
    np.testing.assert_array_equal(streams.rows("3d", "vid-a_0"), b.streams["3d"]["vid-a_0"])


def test_a_store_and_a_folder_of_stores(tmp_path: Path, empty_cache: Path) -> None:
    folder = built(tmp_path / "all" / "s3d-hm", npy_folder(tmp_path / "a"))
    for text in (str(folder), f"s3d-hm={folder}", str(tmp_path / "all")):
        assert open_streams(text).names == ("s3d-hm",)
    assert open_streams(f"other={folder}").names == ("other",)
    assert not (empty_cache / "stores").exists()  # a store is read where it is


def test_a_folder_with_a_form_a_stream(tmp_path: Path) -> None:
    npy_folder(tmp_path / "all" / "s3d-hm")
    built(tmp_path / "all" / "other", npy_folder(tmp_path / "a"))
    assert open_streams(str(tmp_path / "all")).names == ("other", "s3d-hm")


@pytest.mark.parametrize("form", [bmt, mmt])
def test_one_path_with_all_its_streams(form: Any, tmp_path: Path) -> None:
    made = form(tmp_path / "set")
    assert set(open_streams(str(made.path)).names) == set(made.streams)


def test_a_path_with_colons_and_equals_signs(tmp_path: Path) -> None:
    made = npy_folder(tmp_path / "a:b=c,d")
    assert open_streams(str(made.path)).names == ("features",)
    assert open_streams(f"{made.path}:npy-folder:2.0").seconds("features", "vid-a")[0] == 0.25


def test_built_once(tmp_path: Path, empty_cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = npy_folder(tmp_path / "a")
    first = open_streams(f"x={made.path}")
    told = capfd.readouterr().err
    assert "npy-folder, recognised by files ID.npy" in told
    assert "a store is built in" in told
    before = {path: path.stat().st_mtime_ns for path in empty_cache.rglob("*.npy")}
    again = open_streams(f"x={made.path}")
    assert capfd.readouterr().err == ""
    assert {path: path.stat().st_mtime_ns for path in empty_cache.rglob("*.npy")} == before
    assert again.fingerprints() == first.fingerprints()
    assert all(path.is_relative_to(empty_cache) for path in first.files())


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    made = npy_folder(tmp_path / "a")
    before = open_streams(f"x={made.path}").fingerprints()
    np.save(made.path / "vid-a.npy", np.ones((3, 6), np.float16))
    after = open_streams(f"x={made.path}")
    assert after.fingerprints() != before
    assert after.rows("x", "vid-a").tolist() == [[1.0] * 6] * 3
    (made.path / "vid-a.npy").unlink()
    with pytest.raises(KeyError):
        open_streams(f"x={made.path}").rows("x", "vid-a")


def test_a_broken_store_in_the_cache_is_built_again(tmp_path: Path, empty_cache: Path) -> None:
    made = npy_folder(tmp_path / "a")
    open_streams(f"x={made.path}")
    next(empty_cache.rglob("shard-00000.npy")).unlink()
    assert open_streams(f"x={made.path}").rows("x", "vid-a").shape == (7, 6)


def test_a_store_whose_bytes_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = built(tmp_path / "store", npy_folder(tmp_path / "a"))
    open_streams(str(folder))
    with monkeypatch.context() as patch:
        patch.setattr(check, "file_hash", lambda path: pytest.fail("read again"))
        open_streams(str(folder))
    shard = next(folder.rglob("shard-00000.npy"))
    before = shard.stat()
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    os.utime(shard, ns=(before.st_atime_ns, before.st_mtime_ns))  # of the same size and time
    for _ in range(2):
        with pytest.raises(DataError, match=r"shard-00000\.npy is corrupt") as caught:
            open_streams(str(folder))
        assert f"taco-bench features check {folder}" in caught.value.hint


def test_another_rate_is_another_store(tmp_path: Path) -> None:
    made = npy_folder(tmp_path / "a")
    one, two = open_streams(f"x={made.path}"), open_streams(f"x={made.path}:npy-folder:2")
    assert one.seconds("x", "vid-a")[0] == 0.5
    assert two.seconds("x", "vid-a")[0] == 0.25
    assert one.fingerprints() != two.fingerprints()


def test_only_the_videos_that_are_asked_for(tmp_path: Path) -> None:
    made = npy_folder(tmp_path / "a")
    np.save(made.path / "broken.npy", np.full((3, 6), np.nan, np.float16))
    few = open_streams(f"x={made.path}", videos=["vid-a", "vid_b", "elsewhere"])
    assert few.rows("x", "vid_b").shape == (12, 6)
    with pytest.raises(KeyError):
        few.rows("x", "vídeo c")
    with pytest.raises(DataError, match="not finite"):
        open_streams(f"x={made.path}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("no features are named",)),
        ("x={a}:nonsense", ("unknown reader 'nonsense'",)),
        ("x={a}:npy-folder:fast", ("rate",)),
        ("x={a}:bmt", ("no such feature files", "ID_rgb.npy")),
        ("x={none}", ("does not exist",)),
        ("{none}", ("does not exist",)),
        ("x={a},x={a}", ("named twice",)),
        ("x={a},{b}", ("is not STREAM=PATH",)),
        ("x={b}", ("there is no stream 'x'", "2d, 3d", "x/2d")),
        ("x/4d={b}", ("there is no stream '4d'",)),
        ("x={text}", ("no reader recognises", "--reader NAME")),
    ],
)
def test_words_that_mean_nothing(text: str, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("hello")
    places = {"a": npy_folder(tmp_path / "a").path, "b": howto100m_pickle(tmp_path / "b").path}
    with pytest.raises(UserError) as caught:
        open_streams(text.format(**places, none=tmp_path / "none", text=tmp_path / "text.txt"))
    for word in words:
        assert word in "\n".join(caught.value.lines())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"cposix\nsystem\n(S'true'\ntR.", ("is refused: it asks for posix.system", "do not open it by other means")),
        (pickle.dumps(["a"] * 99)[:20], ("is truncated", "copy or download it again")),
        (b"", ("is empty", "copy or download it again")),
        (pickle.dumps({"a": 1}), ("--reader NAME",)),
    ],
    ids=["hostile", "truncated", "empty", "whole"],
)
def test_pickles_that_no_reader_recognises(content: bytes, words: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "features.pickle"
    path.write_bytes(content)
    with pytest.raises(DataError, match="no reader recognises") as caught:
        open_streams(f"x={path}")
    for word in (*words, str(path)):
        assert word in "\n".join(caught.value.lines())


def test_several_readers_that_recognise_it_are_listed(tmp_path: Path) -> None:
    made = univl_csv(tmp_path / "set")
    text = (
        made.path.read_text()
        .replace("video_id,feature_file", "video_id,feature_file,video_path,feature_path")
        .replace("_s3d.npy", "_s3d.npy,v.mp4,f.npy")
    )
    made.path.write_text(text)
    with pytest.raises(DataError, match="2 readers recognise") as caught:
        open_streams(f"x={made.path}")
    assert "howto100m-npy: a csv with video_path" in caught.value.what
    assert "univl-csv: a csv with video_id" in caught.value.what
