"""Every manifest is valid, every number in it has a source, and the data sets look where their manifests say."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pydantic
import pytest

from taco_bench.errors import DataError, UserError
from taco_bench.manifests.load import load_manifest, manifest_names
from taco_bench.manifests.locate import DataFolder
from taco_bench.manifests.schema import Manifest
from taco_bench.manifests.status import manifest_status, plain_sha256
from taco_bench.plugins import load_plugins
from taco_bench.resources import registry_file

NAMES = manifest_names()
CITED = re.compile(r"\S+/\S+|counted in|P \d|P Tab|Zhukov|listed in|as read by")


def manifest(**changes: object) -> Manifest:
    files = [
        {"name": "a.json", "what": "all", "size": 3, "sha256": hashlib.sha256(b"abc").hexdigest(), "group": "annotations: json"},
        {"name": "b.csv", "what": "half", "group": "annotations: csv"},
        {"name": "c.csv", "what": "half", "group": "annotations: csv"},
        {"name": "list.txt", "what": "list"},
        {"name": "extra.txt", "what": "more", "required": False},
        {"name": "parts/*.csv", "what": "parts", "required": False, "count": 2},
    ]
    head = {"name": "made", "what": "made up", "source": "tests", "terms": "none", "ask": "nobody", "folders": ["below"]}
    return Manifest.model_validate({**head, "file": files, **changes})


class TestRegistry:
    def test_which_there_are(self) -> None:
        assert {"youcook2", "msrvtt", "activitynet", "howto100m", "msvd", "didemo", "lsmdc", "msrvtt1k"} <= set(NAMES)
        assert not any(name.startswith("planted") for name in NAMES)

    @pytest.mark.parametrize("name", NAMES)
    def test_it_is_valid_and_every_number_has_a_source(self, name: str) -> None:
        found = load_manifest(name)
        assert found.name == name
        assert found.file
        for figure in found.figure:
            assert CITED.search(figure.source), figure.what
        for file in found.file:
            stated = file.size != "unknown" or file.sha256 != "unknown" or file.count is not None
            assert not stated or CITED.search(file.source or found.source), file.name
        assert len({file.name for file in found.file}) == len(found.file)

    @pytest.mark.parametrize("name", [name for name in NAMES if name != "lsmdc"])
    def test_it_is_a_data_sets(self, name: str) -> None:
        assert load_plugins().get("data", name).locations

    @pytest.mark.parametrize("name", NAMES)
    def test_the_files_at_hand_are_those_of_the_manifest(self, name: str, shared_data: Path) -> None:
        for file in manifest_status(load_manifest(name), str(shared_data), hash_all=True):
            assert file.state in ("ok", "missing") or file.file.sha256 == "unknown", (file.file.name, file.note)
            assert file.state != "wrong"

    def test_the_card_of_msrvtt1k_says_the_same(self) -> None:
        card = json.loads(registry_file("datasets/msrvtt1k.json").read_text(encoding="utf-8"))
        own = {file.name: (file.size, file.sha256) for file in load_manifest("msrvtt1k").file}
        assert own == {file["name"]: (file["bytes"], file["sha256"]) for file in card["files"]}

    def test_an_unknown_set_names_the_nearest(self) -> None:
        with pytest.raises(UserError, match="no data set 'youcook' has a manifest") as caught:
            load_manifest("youcook")
        assert "youcook2" in caught.value.hint

    @pytest.mark.parametrize(
        "changes",
        [
            {"terms": ""},
            {"figure": [{"what": "videos", "value": 3}]},
            {"figure": [{"what": "videos", "value": 3, "source": ""}]},
            {"file": [{"name": "a", "what": "b", "sha256": "abc"}]},
            {"file": [{"name": "a", "what": "b", "size": 0}]},
            {"file": [{"name": "a", "what": "b", "group": "no topic"}]},
            {"files": []},
        ],
    )
    def test_what_is_refused(self, changes: dict[str, object]) -> None:
        with pytest.raises(pydantic.ValidationError):
            manifest(**changes)


class TestStatus:
    @pytest.fixture(autouse=True)
    def _known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("taco_bench.manifests.locate.load_manifest", lambda _: manifest())
        monkeypatch.delenv("TACO_BENCH_DATA", raising=False)

    @staticmethod
    def states(root: Path, **options: bool) -> dict[str, str]:
        return {file.file.name: file.state for file in manifest_status(manifest(), str(root), **options)}

    @staticmethod
    def bad(root: Path) -> set[str]:
        return {file.file.name for file in manifest_status(manifest(), str(root)) if file.bad}

    def test_nothing_there(self, tmp_path: Path) -> None:
        assert set(self.states(tmp_path).values()) == {"missing"}
        assert self.bad(tmp_path) == {"a.json", "b.csv", "c.csv", "list.txt"}
        assert self.bad(Path()) >= {"a.json"}  # no folder at all

    def test_one_form_is_enough(self, tmp_path: Path) -> None:
        (tmp_path / "list.txt").write_text("x")
        (tmp_path / "b.csv").write_text("x")
        assert self.bad(tmp_path) == {"a.json", "c.csv"}
        (tmp_path / "below").mkdir()
        (tmp_path / "below" / "c.csv").write_text("x")
        assert self.bad(tmp_path) == set()
        assert self.states(tmp_path)["c.csv"] == "here"
        (tmp_path / "b.csv").unlink()
        (tmp_path / "a.json").write_text("abc")
        assert self.bad(tmp_path) == set()
        assert self.states(tmp_path)["a.json"] == "ok"

    @pytest.mark.parametrize(("content", "note"), [("abcd", "4 bytes, expected 3"), ("abd", "SHA-256 differs"), ("", "empty")])
    def test_a_wrong_file(self, tmp_path: Path, content: str, note: str) -> None:
        (tmp_path / "a.json").write_text(content)
        (found,) = (file for file in manifest_status(manifest(), str(tmp_path)) if file.file.name == "a.json")
        assert found.state == "wrong"
        assert note in found.note
        assert found.bad

    def test_a_wrong_file_that_is_not_required_is_not_bad(self, tmp_path: Path) -> None:
        for name, content in {"a.json": "abc", "list.txt": "x", "extra.txt": ""}.items():
            (tmp_path / name).write_text(content)
        assert self.states(tmp_path)["extra.txt"] == "wrong"
        assert self.bad(tmp_path) == set()

    def test_large_files_are_hashed_when_asked_to(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("taco_bench.manifests.status.SMALL", 2)
        (tmp_path / "a.json").write_text("abd")
        assert self.states(tmp_path)["a.json"] == "here"
        assert self.states(tmp_path, hash_all=True)["a.json"] == "wrong"

    def test_a_pattern_counts_its_files(self, tmp_path: Path) -> None:
        (tmp_path / "parts").mkdir()
        (tmp_path / "parts" / "1.csv").write_text("x")
        assert self.states(tmp_path)["parts/*.csv"] == "wrong"
        (tmp_path / "parts" / "2.csv").write_text("x")
        assert self.states(tmp_path)["parts/*.csv"] == "here"

    def test_a_folder_that_does_not_exist(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="does not exist"):
            self.states(tmp_path / "none")

    def test_the_environments_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TACO_BENCH_DATA", str(tmp_path))
        (tmp_path / "list.txt").write_text("x")
        assert {f.file.name for f in manifest_status(manifest(), "") if f.paths} == {"list.txt"}
        assert DataFolder("made").need("none.txt", "list.txt") == tmp_path / "list.txt"


def test_hashes_are_those_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"ab")
    (tmp_path / "b").write_bytes(b"c")
    assert plain_sha256(tmp_path / "a", tmp_path / "b") == hashlib.sha256(b"abc").hexdigest()
