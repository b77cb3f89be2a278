"""``taco-bench features``: from files to a store, and what is wrong with one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.cli import Cli, assert_told
from helpers.feature_forms import bmt, howto100m_npy, ms_tcn, npy_folder

from taco_bench.api import DataError, open_streams
from taco_bench.data.store.opened import Store

pytest_plugins = ("helpers.fixtures",)


def test_build_and_check(cli: Cli, tmp_path: Path) -> None:
    made = bmt(tmp_path / "set")
    result = cli("features", "build", "--from", made.path, "--stream", "flow", "--out", tmp_path / "out")
    assert result.code == 0, result.err
    assert "reader bmt: files ID_rgb.npy" in result.err
    assert "stream flow: 3 items, 20 rows of 6 numbers, 0.390625 rows a second, cut rule fraction" in result.out
    np.testing.assert_array_equal(Store(tmp_path / "out").track("vid_b").values, made.streams["flow"]["vid_b"])
    checked = cli("features", "check", tmp_path / "out")
    assert checked.code == 0
    assert "whole: every file" in checked.out
    data = json.loads((tmp_path / "out" / "store.json").read_text())["data"]
    shard = tmp_path / "out" / data / "shard-00000.npy"
    shard.write_bytes(shard.read_bytes()[:-9])
    assert_told(cli("features", "check", tmp_path / "out"), 3, "shard-00000.npy is truncated")


def test_readers_by_name_with_a_value_and_streams_by_another_name(cli: Cli, tmp_path: Path) -> None:
    made = ms_tcn(tmp_path / "a")
    out = tmp_path / "out"
    assert cli("features", "build", "--from", made.path, "--reader", "ms-tcn:30", "--stream", "i3d", "--out", out).code == 0
    assert Store(out).card.rate == 30
    assert Store(out).card.stream == "i3d"
    assert cli("features", "build", "--from", bmt(tmp_path / "b").path, "--stream", "i3d-x101/rgb", "--out", out).code == 0
    assert (Store(out).card.stream, Store(out).card.reader) == ("i3d-x101", "bmt")
    result = cli("features", "build", "--from", made.path, "--stream", "i3d", "--out", out)
    assert_told(result, 3, "transposed", "--reader ms-tcn")
    assert Store(out).card.reader == "bmt"  # the old one stays


def test_malformed_items_stop_or_are_counted(cli: Cli, tmp_path: Path) -> None:
    made = npy_folder(tmp_path / "set", lambda stream, id, array: array * np.nan if id == "vid-a" else array)
    words = ("features", "build", "--from", made.path, "--stream", "x", "--out", tmp_path / "out")
    assert_told(cli(*words), 3, "not finite in row 0", "vid-a.npy", "--on-bad skip")
    assert_told(cli("features", "check", tmp_path / "out"), 3, "no feature store")
    result = cli(*words, "--on-bad", "skip")
    assert result.code == 0
    assert "1 malformed ids were skipped, the first is vid-a: features are not finite in row 0" in result.out


def test_features_that_are_no_store_tell_how_to_build_one_of_what_is_sound(cli: Cli, tmp_path: Path, empty_cache: Path) -> None:
    made = npy_folder(tmp_path / "set", lambda stream, id, array: array * np.nan if id == "vid-a" else array)
    with pytest.raises(DataError) as caught:
        open_streams(f"x={made.path}:npy-folder:2")
    command = caught.value.hint.partition("`taco-bench ")[2].partition("`")[0]
    assert command.startswith(f"features build --from {made.path} ")
    assert command.endswith(" --on-bad skip")
    assert cli(*command.replace("FOLDER", str(tmp_path / "out")).split()).code == 0
    assert open_streams(f"x={tmp_path / 'out'}").seconds("x", "vid_b")[0] == 0.25


def test_what_cannot_be_built(cli: Cli, tmp_path: Path) -> None:
    made = howto100m_npy(tmp_path / "set")
    for words, told in (
        (("--from", tmp_path / "none"), "does not exist"),
        (("--from", made.path, "--reader", "howto100m"), "did you mean"),
        (("--from", made.path, "--reader", "howto100m-npy:fast"), "rate"),
        (("--from", made.path, "--reader", "crosstask:1"), "has no options"),
        (("--from", made.path, "--stream", "a/b"), "there is no stream 'b' in these files, but features"),
    ):
        result = cli("features", "build", "--out", tmp_path / "out", "--stream", "x", *words)
        assert result.code in (2, 3), result
        assert told in result.err
        assert "Traceback" not in result.err
        assert not (tmp_path / "out").exists()
