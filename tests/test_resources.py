from __future__ import annotations

import json
from pathlib import Path

import pytest

from taco_bench.errors import UserError
from taco_bench.resources import cache_root, registry_file, results_root, templates_root


class TestRegistry:
    def test_a_file_that_is_there(self) -> None:
        assert json.loads(registry_file("datasets/msrvtt1k.json").read_text())["name"] == "msrvtt1k"
        assert "version" in registry_file("protocols/retrieval.toml").read_text()

    def test_a_file_that_is_not_names_the_nearest(self) -> None:
        with pytest.raises(UserError, match=r"did you mean protocols/retrieval\.toml") as caught:
            registry_file("protocols/retreival.toml")
        assert Path(caught.value.where).is_dir()

    def test_it_does_not_depend_on_the_working_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert registry_file("protocols/retrieval.toml").is_file()


def test_templates_do_not_depend_on_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (templates_root() / "common" / ".github" / "workflows" / "tests.yml").is_file()


class TestResults:
    def test_given_then_environment_then_working_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TACO_BENCH_RESULTS", str(tmp_path / "environment"))
        assert results_root("given") == tmp_path / "given"
        assert results_root() == tmp_path / "environment"
        monkeypatch.setenv("TACO_BENCH_RESULTS", "")
        assert results_root() == tmp_path / "results"
        monkeypatch.delenv("TACO_BENCH_RESULTS")
        assert results_root() == tmp_path / "results"


def test_the_cache_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACO_BENCH_CACHE", str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.delenv("TACO_BENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert "taco-bench" in str(cache_root())
    assert not cache_root().is_relative_to(Path(__file__).parents[1])
