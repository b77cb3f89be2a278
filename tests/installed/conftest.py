"""Distributions that pip has installed: the command line runs beside them in processes of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.cli import Cli, Result, Started
from helpers.installed_projects import PROJECTS
from helpers.wheels import pip_install


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all of them, as site-packages would be."""
    return pip_install(PROJECTS, tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def taco(start: Callable[..., Started], installed: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Calls the command line with all of them installed; ``only`` limits which are loaded."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(installed), *filter(None, [os.environ.get("PYTHONPATH")])]))

    def run(*arguments: object, only: str = "", before: str = "") -> Result:
        limit = {"TACO_BENCH_PLUGINS": only} if only else {}
        return start(*arguments, before=before, **limit).finish(120)

    return run


@pytest.fixture
def inside(cli: Cli, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """Calls the command line in this process, which trains sooner there, with those installed whose answers are bad or good."""
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setenv("TACO_BENCH_PLUGINS", "taco-good,taco-one,taco-two,taco-mask,taco-nan,taco-positive")
    yield cli
    for project in PROJECTS:
        sys.modules.pop(project.module, None)
