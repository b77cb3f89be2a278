"""The command line as a user calls it, with the examples installed from their folders (tox environment ``plugin-examples``)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from example_plugins import NAMES

ENTRY = "from taco_bench.cli.main import entry; entry()"


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    try:
        for name in NAMES:
            version(name)
    except PackageNotFoundError as error:
        pytest.fail(f"{error.name} is not installed; tox -e plugin-examples installs the wheel and each example")


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Without what would change a run, and with a cache of this session."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TACO_BENCH")}
    return {**kept, "PYTHONSAFEPATH": "1", "HF_HUB_OFFLINE": "1", "TACO_BENCH_CACHE": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture(scope="session")
def python(environment: dict[str, str]) -> Callable[..., str]:
    """Runs Python in a folder; what it printed, once it has ended well."""

    def run(folder: Path, *arguments: object) -> str:
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture
def taco(python: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Calls ``taco-bench`` in the test's folder; what it printed."""
    return lambda *arguments: python(tmp_path, "-c", ENTRY, *arguments)
