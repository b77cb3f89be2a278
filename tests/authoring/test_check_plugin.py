"""How a check is put together: which distribution, what pytest said, which training."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.cli import Cli, assert_told
from helpers.distributions import install

from taco_bench.authoring import check
from taco_bench.authoring.check import need_pytest, run_contract, run_training
from taco_bench.authoring.locate import distribution_of, sources_of
from taco_bench.authoring.use import command, small_training
from taco_bench.errors import UserError
from taco_bench.plugins import HOOKS, load_plugins

pytest_plugins = ("helpers.fixtures",)

STAND_IN = """\
import pytest

class TestContract:
    kind, name, options = {kind!r}, {name!r}, {options!r}

    def test_right(self):
        assert (self.kind, self.name, self.options) == ("sampler", "neighbours", {{"hard_negatives": "3"}})

    def test_wrong(self):
        assert False, "say so"

    @pytest.fixture
    def broken(self):
        pytest.fail("not even begun")

    def test_unready(self, broken):
        pass

    def test_left_out(self):
        pytest.skip("no reason")
"""


@pytest.fixture
def sampler(site: Path):
    return load_plugins().get("sampler", "neighbours")


class TestContract:
    def test_what_failed_is_told_in_a_line(self, sampler, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(check, "TEST", STAND_IN)
        found = run_contract(sampler, ["sampler.hard_negatives=3", "data.root=elsewhere"])
        assert found.summary == "1 passed, 1 skipped, 2 failed"
        assert found.faults == ("test_wrong: say so", "test_unready: not even begun")

    def test_one_that_cannot_be_run_is_a_fault(self, sampler, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(check, "TEST", "raise RuntimeError('no contract today')\n")
        found = run_contract(sampler, [])
        assert found.summary == "could not be run"
        assert any("no contract today" in line for line in found.faults)

    def test_an_option_of_the_users_pytest_changes_nothing(self, sampler, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(check, "TEST", STAND_IN)
        monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing_at_all")
        assert run_contract(sampler, ["sampler.hard_negatives=3"]).summary == "1 passed, 1 skipped, 2 failed"

    def test_without_pytest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        need_pytest()
        monkeypatch.setattr(check, "find_spec", lambda _: None)
        with pytest.raises(UserError, match="not installed") as caught:
            need_pytest()
        assert caught.value.hint == "pip install 'taco-bench[test]'"


class TestTraining:
    @pytest.mark.parametrize("kind", HOOKS)
    def test_every_kind_has_its_use(self, kind: str) -> None:
        assert any("my-name" in part for part in command(kind, "my-name"))
        small = small_training(kind, "my-name", "planted")
        assert (small == []) == (kind in ("reader", "extractor"))
        assert small == [] or any("my-name" in part for part in small)
        assert small == [] or ("--no-control" in small) == (kind != "control")

    def test_an_encoder_needs_a_data_set_with_its_stream(self, fresh_plugins: None) -> None:
        plugins = load_plugins(False)
        assert small_training("encoder", "tiles", "frames")[:3] == ["run", "--data", "babyai"]
        found = run_training(plugins.get("encoder", "r152"), [], plugins)
        assert (found.summary, found.faults) == ("no embedded data set has the stream 'r152'", ())

    def test_a_failing_one_ends_with_what_it_said(self, sampler) -> None:
        found = run_training(sampler, ["train.nonsense=3"], load_plugins())
        assert found.summary == "failed (exit code 2)"
        assert found.faults[0] == "error: unknown option 'train.nonsense'"


class TestWhichDistribution:
    def test_a_folder_that_is_not_installed(self, cli: Cli, tmp_path: Path) -> None:
        assert cli("plugins", "new", "tokens", "my-tokens", "--into", tmp_path).code == 0
        folder = tmp_path / "my-tokens"
        assert_told(cli("plugins", "check", folder), 2, "'my-tokens' is not installed here", f"pip install -e {folder}")

    @pytest.mark.parametrize("text", ["[project]\n", "project = 3\n", "[[[", "[project]\nversion = '1'\n"])
    def test_a_file_that_names_no_project(self, text: str, cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text(text)
        assert_told(cli("plugins", "check", tmp_path), 2, "it names no project", str(tmp_path / "pyproject.toml"))

    def test_a_folder_without_a_distribution(self, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert_told(cli("plugins", "check"), 2, "there is no pyproject.toml in .")

    @pytest.mark.parametrize(("name", "words"), [("no-such-thing", "is not installed here"), ("pluggy", "no plugin is installed from")])
    def test_a_name_that_is_no_plugin(self, name: str, words: str, cli: Cli) -> None:
        assert_told(cli("plugins", "check", name), 2, words)


class TestWhereItComesFrom:
    """A folder is checked only where it is what is imported."""

    CODE = "from taco_bench import hookimpl\n"

    @pytest.fixture
    def project(self, tmp_path: Path) -> Iterator[Path]:
        folder = tmp_path / "mine"
        (folder / "src" / "taco_mine").mkdir(parents=True)
        (folder / "src" / "taco_mine" / "__init__.py").write_text(self.CODE)
        (folder / "pyproject.toml").write_text('[project]\nname = "taco-mine"\n')
        yield folder
        sys.modules.pop("taco_mine", None)

    def found(self, project: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
        monkeypatch.syspath_prepend(str(site))
        return sources_of(str(project), distribution_of(str(project)))

    def test_a_copy_of_what_is_installed_is_refused_once_it_differs(
        self, project: Path, tmp_path: Path, site: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed = install(tmp_path / "elsewhere", "taco-mine", "1.0", "taco_mine", {"__init__.py": self.CODE})
        assert self.found(project, installed, monkeypatch) == [installed]
        (project / "src" / "taco_mine" / "__init__.py").write_text(self.CODE + "MENDED = True\n")
        told = cli("plugins", "check", project)
        assert_told(told, 2, str(installed / "taco_mine"), str(project), f"pip install -e {project}")

    def test_a_file_that_only_one_of_them_has_is_a_difference(self, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        installed = install(tmp_path / "elsewhere", "taco-mine", "1.0", "taco_mine", {"__init__.py": self.CODE})
        (project / "src" / "taco_mine" / "more.py").write_text("")
        with pytest.raises(UserError, match="but not from"):
            self.found(project, installed, monkeypatch)

    def test_an_editable_install_is_its_source_also_by_a_link(self, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        installed = install(tmp_path / "elsewhere", "taco-mine", "1.0", "unused", "")
        (installed / "taco_mine-1.0.dist-info" / "entry_points.txt").write_text("[taco_bench]\nmain = taco_mine\n")
        (tmp_path / "link").symlink_to(project)
        monkeypatch.syspath_prepend(str(project / "src"))
        assert self.found(tmp_path / "link", installed, monkeypatch) == [(project / "src").resolve()]
