"""What ``plugins new`` writes, and what it refuses."""

from __future__ import annotations

import keyword
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from helpers.cli import Cli, assert_told
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.authoring.new import NAME, new_plugin
from taco_bench.errors import ConfigError, UserError
from taco_bench.hookspecs import CONTRACT, CONTRACT_GROUP
from taco_bench.loading import version_text
from taco_bench.plugins import HOOKS, load_plugins
from taco_bench.resources import templates_root

pytest_plugins = ("helpers.fixtures",)

PLACEHOLDERS = ("my-component", "my_component", "MyComponent", "my-kind", "my-command", "my-contract", "my-version")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plugin of each kind."""
    folder = tmp_path_factory.mktemp("made")
    for kind in HOOKS:
        new_plugin(kind, f"pv-{kind}", folder, load_plugins(False))
    return folder


def test_there_is_a_template_for_each_kind() -> None:
    assert {path.name for path in templates_root().iterdir() if path.is_dir()} == {*HOOKS, "common"}


@pytest.mark.parametrize("kind", HOOKS)
def test_a_distribution_is_whole(kind: str, made: Path) -> None:
    name, module = f"pv-{kind}", f"pv_{kind}".replace("-", "_")
    root = made / name
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    package = f"src/{module}/__init__.py"
    assert {"pyproject.toml", "README.md", "tox.ini", ".github/workflows/tests.yml", package, f"tests/test_{module}.py"} <= files
    text = "".join((root / file).read_text(encoding="utf-8") for file in files) + "".join(files)
    assert not [word for word in PLACEHOLDERS if word in text]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == name
    assert project["entry-points"] == {"taco_bench": {name: module}, CONTRACT_GROUP: {version_text(CONTRACT): module}}
    assert re.search(rf"^def {HOOKS[kind]}\(register", (root / package).read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_ruff_has_nothing_to_say(made: Path) -> None:
    for command in (["check"], ["format", "--check"]):
        found = subprocess.run([sys.executable, "-m", "ruff", *command, "--no-cache", made], capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout + found.stderr


class TestTheVerb:
    def test_it_ends_with_what_to_do_next(self, cli: Cli, tmp_path: Path) -> None:
        found = cli("plugin", "new", "sampler", "my-sampler", "--into", tmp_path)
        assert found.code == 0
        assert str(tmp_path / "my-sampler" / "README.md") in found.out
        lines = found.out.strip().splitlines()[-3:]
        assert lines[0] == f"  pip install -e '{tmp_path / 'my-sampler'}[test]'"
        assert lines[1:] == [
            f"  taco-bench plugins check '{tmp_path / 'my-sampler'}'",
            "  taco-bench run --data planted:holds --sampler my-sampler",
        ]
        assert "    taco-bench run --data planted:holds --sampler my-sampler\n" in (tmp_path / "my-sampler/README.md").read_text()

    def test_a_relative_folder_can_be_pasted(self, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert "  pip install -e './my-tokens[test]'\n" in cli("plugins", "new", "tokens", "my-tokens").out
        assert (tmp_path / "my-tokens").is_dir()

    @pytest.mark.parametrize(
        ("kind", "name", "words"),
        [
            ("smapler", "my-sampler", ["unknown kind of component 'smapler'", "did you mean sampler"]),
            ("sampler", "cascade", ["there is a sampler 'cascade' already, of taco-bench"]),
            ("sampler", "neighbours", ["there is a sampler 'neighbours' already, of taco-picks"]),
            ("sampler", "pytest", ["a distribution 'pytest' is installed already"]),
            ("sampler", "json", ["its import package would be 'json'"]),
            ("sampler", "class", ["its import package would be 'class'"]),
            ("sampler", "My_Sampler", ["'My_Sampler' cannot be the name of a plugin", "such as my-sampler"]),
            ("sampler", "../up", ["cannot be the name"]),
        ],
    )
    def test_names_that_cannot_be(self, kind: str, name: str, words: list[str], cli: Cli, tmp_path: Path) -> None:
        assert_told(cli("plugins", "new", kind, name, "--into", tmp_path), 2, *words)
        assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_and_all_that_is_wrong_is_said(tmp_path: Path) -> None:
    (tmp_path / "cascade").mkdir()
    with pytest.raises(ConfigError) as caught:
        new_plugin("sampler", "cascade", tmp_path, load_plugins(False))
    text = "\n".join(caught.value.lines())
    assert "already, of taco-bench" in text
    assert "is there already" in text
    assert list((tmp_path / "cascade").iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot write"):
        new_plugin("sampler", "my-sampler", tmp_path, load_plugins(False))


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="cannot write"):
        new_plugin("sampler", "my-sampler", tmp_path / "file", load_plugins(False))
    assert (tmp_path / "file").read_text() == "mine"


def test_what_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "templates"
    shutil.copytree(templates_root(), copy)
    (copy / "sampler" / "zzz.bin").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setattr("taco_bench.authoring.new.templates_root", lambda: copy)
    (tmp_path / "into").mkdir()
    with pytest.raises(UnicodeDecodeError):
        new_plugin("sampler", "my-sampler", tmp_path / "into", load_plugins(False))
    assert list((tmp_path / "into").iterdir()) == []


@given(st.from_regex(NAME, fullmatch=True))
def test_every_name_makes_an_identifier(name: str) -> None:
    module = name.replace("-", "_")
    assert module.isidentifier()
    assert keyword.iskeyword(module) == keyword.iskeyword(name)
