"""Fixtures that run the command line, in this process or in one of its own, with the plugins of tests/helpers installed.

A test module takes them with ``pytest_plugins = ("helpers.fixtures",)``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.cli import ENTRY, Cli, Result, Results, Started
from helpers.distributions import install_rude, install_small

from taco_bench.cli.main import call
from taco_bench.plugins import load_plugins


@pytest.fixture(scope="session")
def small_plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_small(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def results(tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Results:
    """The results folder of this test, which TACO_BENCH_RESULTS names."""
    monkeypatch.setenv("TACO_BENCH_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("TACO_BENCH_CACHE", str(cache_folder))
    for name in (
        "TACO_BENCH_PLUGINS",
        "TACO_BENCH_TRACE",
        "TACO_BENCH_DATA",
        "WATCH_FOLDER",
        "HOLD_AT",
        "SAVE_EVERY_SECONDS",
        "FORCE_COLOR",
    ):
        monkeypatch.delenv(name, raising=False)
    return Results(tmp_path / "results")


@pytest.fixture
def fresh_plugins() -> Iterator[None]:
    """Plugins are loaded anew in this test and after it."""
    load_plugins.cache_clear()
    yield
    load_plugins.cache_clear()


@pytest.fixture
def site(small_plugins: Path, fresh_plugins: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the plugins of tests/helpers, on sys.path, and on that of the workers that are started."""
    monkeypatch.syspath_prepend(str(small_plugins))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(small_plugins), *filter(None, [os.environ.get("PYTHONPATH")])]))
    return small_plugins


@pytest.fixture(scope="session")
def rude_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_rude(tmp_path_factory.mktemp("rude"))


@pytest.fixture
def rude(site: Path, rude_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder with the misbehaving plugin, on sys.path, and on that of the workers that are started."""
    monkeypatch.syspath_prepend(str(rude_folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(rude_folder), os.environ["PYTHONPATH"]]))
    yield rude_folder
    for name in ("taco_rude", "taco_small"):
        sys.modules.pop(name, None)


@pytest.fixture
def cli(site: Path, results: Results, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Calls the command line in this process; all trainings in it too, whatever the number of cores, unless ``--workers`` is given."""
    monkeypatch.setattr("taco_bench_launchers.local._cores", lambda: 1)

    def run(*arguments: object) -> Result:
        capfd.readouterr()
        load_plugins.cache_clear()
        code = call([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return run


@pytest.fixture
def start(small_plugins: Path, results: Results) -> Iterator[Callable[..., Started]]:
    """Starts the command line in a process of its own, the leader of a process group."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: object, before: str = "", **environment: str) -> Started:
        path = os.pathsep.join([str(small_plugins), *filter(None, [os.environ.get("PYTHONPATH")])])
        env = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "HF_HUB_OFFLINE": "1", **environment}
        command = [sys.executable, "-c", before + ENTRY, *map(str, arguments)]
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        running.append(process)
        return Started(process)

    yield run
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def shell(start: Callable[..., Started]) -> Cli:
    """Calls the command line in a process of its own, and waits for it."""

    def run(*arguments: object, **environment: str) -> Result:
        return start(*arguments, **environment).finish()

    return run
