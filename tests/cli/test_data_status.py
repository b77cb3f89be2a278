"""``taco-bench data status``."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.cli import Cli, assert_told
from helpers.written import write_list, write_pickle, youcook2_json

from taco_bench.manifests.load import manifest_names

pytest_plugins = ("helpers.fixtures",)


@pytest.fixture
def msvd(tmp_path: Path) -> Path:
    """Lists that are not the released ones."""
    folder = tmp_path / "data" / "msvd"
    folder.mkdir(parents=True)
    write_list(folder / "train_list.txt", ["a_0_1"])
    write_pickle(folder / "raw-captions.pkl", {"a_0_1": [["a"]]})
    return folder


def test_one_set(cli: Cli, msvd: Path) -> None:
    found = cli("data", "status", "msvd", "--root", msvd)
    assert found.code == 3
    lines = {line.split()[0]: line for line in found.out.splitlines() if line.strip()}
    assert "6 bytes, expected 21852" in lines["train_list.txt"]
    assert "missing" in lines["val_list.txt"]
    assert "neither size nor hash are known" in lines["raw-captions.pkl"]
    assert "2 required missing, 1 wrong" in found.out
    assert "CLIP4Clip" in lines["ask:"]
    assert "research use" in lines["terms:"]


def test_json(cli: Cli, msvd: Path) -> None:
    found = cli("data", "status", "msvd", "--root", msvd.parent, "--json")
    assert found.code == 3
    files = {file["name"]: file for file in found.json["file"]}
    assert files["train_list.txt"]["state"] == "wrong"
    assert files["train_list.txt"]["found"] == [str(msvd / "train_list.txt")]
    assert files["train_list.txt"]["found_size"] == 6
    assert files["raw-captions.pkl"]["size"] == "unknown"
    assert files["test_list.txt"]["needed"] is True
    assert found.json["ask"]


def test_every_set_in_a_line(cli: Cli, tmp_path: Path, msvd: Path) -> None:
    found = cli("data", "status", "--root", tmp_path)
    assert found.code == 0  # of none of them is anything there
    assert {line.split()[0] for line in found.out.splitlines()[1:]} == set(manifest_names())
    assert cli("data", "status", "--root", msvd.parent).code == 3
    assert len(cli("data", "status", "--root", tmp_path, "--json").json) == len(manifest_names())


def test_no_folder_is_named(cli: Cli) -> None:
    """The manifest is still told: what there is and where to ask."""
    found = cli("data", "status", "youcook2")
    assert found.code == 3
    assert "1,575,867 bytes" in found.out
    assert "youcook2.eecs.umich.edu" in found.out
    assert cli("data", "status").code == 0


def test_a_complete_set(cli: Cli, shared_data: Path) -> None:
    for name in ("youcook2", "msrvtt", "activitynet", "msrvtt1k"):
        found = cli("data", "status", name, "--root", shared_data, "--hash")
        assert found.code == 0, found.out
        assert found.out.splitlines()[1] == "complete"


def test_a_damaged_set(cli: Cli, tmp_path: Path) -> None:
    youcook2_json(tmp_path)
    found = cli("data", "status", "youcook2", "--root", tmp_path)
    assert found.code == 3
    assert "expected 1575867" in found.out


def test_errors(cli: Cli, tmp_path: Path) -> None:
    assert_told(cli("data", "status", "youcok2"), 2, "youcok2", "did you mean", "youcook2")
    assert_told(cli("data", "status", "msvd", "--root", tmp_path / "none"), 3, "does not exist")


def test_hashes_are_told_by_file(cli: Cli, shared_data: Path, tmp_path: Path) -> None:
    """OK, differs, not known; and not looked at where a file is large and nobody asked."""
    told = {file["name"]: file["found_sha256"] for file in cli("data", "status", "msrvtt1k", "--root", shared_data, "--json").json["file"]}
    asked = cli("data", "status", "msrvtt1k", "--root", shared_data, "--hash", "--json").json["file"]
    assert set(told.values()) <= {"OK", "not looked at"}
    assert {file["found_sha256"] for file in asked} == {"OK"}
    (tmp_path / "youcook2").mkdir()
    good = (shared_data / "youcook2" / "validation_youcook.csv").read_bytes()
    (tmp_path / "youcook2" / "validation_youcook.csv").write_bytes(good.replace(b"a", b"b", 1))
    (tmp_path / "youcook2" / "youcookii_train.csv").write_text("video_id,feature_file\n")
    (tmp_path / "youcook2" / "train_list.txt").write_bytes((shared_data / "youcook2" / "train_list.txt").read_bytes())
    found = cli("data", "status", "youcook2", "--root", tmp_path, "--hash")
    lines = {line.split()[0]: line for line in found.out.splitlines() if line.strip()}
    assert found.code == 3
    assert "differs" in lines["validation_youcook.csv"]
    assert "not known" in lines["youcookii_train.csv"]
    assert "OK" in lines["train_list.txt"]
    (line,) = (line for line in cli("data", "status", "--root", tmp_path, "--hash").out.splitlines() if line.startswith("youcook2"))
    assert "1 OK, 1 differs, 1 not known" in line
