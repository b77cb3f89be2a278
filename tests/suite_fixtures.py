"""Fixtures that run the command line with the package ``taco_filed`` installed; ``pytest_plugins = ("suite_fixtures",)`` brings them in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from suite_world import Cli, Result, install_package, shell, write_data

from taco_bench.cli.main import call
from taco_bench.plugins import load_plugins


def forget_modules() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "taco_filed"]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def filed_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_package(tmp_path_factory.mktemp("filed-site"))


@pytest.fixture(scope="session")
def filed_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("filed") / "data")


@pytest.fixture
def suite_cli(
    filed_site: Path, filed_data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cli]:
    """Calls the command line in this process with ``taco_filed`` installed; results go to tmp_path/results."""
    monkeypatch.setenv("TACO_BENCH_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("FILED_ROOT", str(filed_data))
    for name in ("TACO_BENCH_PLUGINS", "TACO_BENCH_TRACE", "TRIPWIRE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.syspath_prepend(str(filed_site))
    monkeypatch.setattr("taco_bench_launchers.local.Local.workers", lambda self, load: 1)

    def run(*arguments: object) -> Result:
        capfd.readouterr()
        load_plugins.cache_clear()
        code = call([str(argument) for argument in arguments])
        return Result(code, *capfd.readouterr())

    forget_modules()
    yield run
    forget_modules()
    load_plugins.cache_clear()


@pytest.fixture
def suite_shell(filed_site: Path, filed_data: Path, tmp_path: Path) -> Cli:
    """As ``suite_cli``, in a process of its own."""

    def run(*arguments: object, before: str = "", **environment: str) -> Result:
        usual = {"FILED_ROOT": str(filed_data), "TACO_BENCH_RESULTS": str(tmp_path / "results")}
        return shell(arguments, {**usual, **environment}, filed_site, before)

    return run
