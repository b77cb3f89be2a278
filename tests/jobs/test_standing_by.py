"""Workers stand by while the data are prepared, which happens once where this process works itself; what is imported, and when."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.cli import ONE, SMALL, TWO_WORKERS, Cli, Results, assert_told
from taco_bench_launchers.local import Local

from taco_bench.api import Load
from taco_bench.jobs.facts import facts_of
from taco_bench.jobs.grid import Grid, save_grid
from taco_bench.jobs.plan import line_of
from taco_bench.plugins import load_plugins
from taco_bench.resolve import resolve
from taco_bench.store.cells import Store

pytest_plugins = ("helpers.fixtures",)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def stood_by(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that stood by."""
    found: list[int] = []
    stand_by = Local.stand_by

    def watched(self: Local, load: Load, command: Sequence[str]) -> None:
        stand_by(self, load, command)
        found.extend(process.pid for process in self._standing)

    monkeypatch.setattr(Local, "stand_by", watched)
    return found


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The experiments whose data this process prepared."""
    from taco_bench.jobs import data

    found: list[Any] = []
    prepare = data.prepare

    def counted(experiment: Any, *rest: Any) -> Any:
        found.append(experiment)
        return prepare(experiment, *rest)

    monkeypatch.setattr(data, "prepare", counted)
    return found


@pytest.mark.parametrize("arguments", [ONE, (*ONE, "--seeds", 2), SMALL])
def test_one_process_prepares_the_data_once(arguments: tuple[object, ...], cli: Cli, prepared: list[Any], stood_by: list[int]) -> None:
    """For the look at them before anything is trained, and for each training: the control's too, whose batches are shuffled later."""
    assert cli(*arguments, "--workers", 1).code == 0
    assert len(prepared) == 1
    assert stood_by == []


def test_those_that_stood_by_make_the_cells(cli: Cli, stood_by: list[int], results: Results) -> None:
    assert cli(*SMALL, *TWO_WORKERS).code == 0
    assert len(stood_by) == 2
    assert not any(map(lives, stood_by))
    assert len(results.cells()) == 2
    assert not [name for name in results.files() if name.startswith(("leases/", "grids/"))]


def test_none_outlives_data_that_cannot_be_prepared(cli: Cli, stood_by: list[int], results: Results) -> None:
    found = cli(*SMALL, *TWO_WORKERS, "--set", "train.batch_size=4096")
    assert_told(found, 3)
    assert len(stood_by) == 2
    assert not any(map(lives, stood_by))
    assert not [name for name in results.files() if name.startswith(("leases/", "grids/"))]


def test_none_outlives_an_interrupt_before_the_work(
    cli: Cli, stood_by: list[int], results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("taco_bench.jobs.data.prepare", interrupted)
    assert cli(*SMALL, *TWO_WORKERS).code == 130
    assert len(stood_by) == 2
    assert not any(map(lives, stood_by))
    assert results.cells() == {}


@pytest.mark.parametrize(("told", "cells"), [(b"", 0), (b"\n", 1)])
def test_a_worker_that_stands_by_begins_when_it_is_told_and_ends_with_its_input(
    told: bytes, cells: int, site: Path, results: Results
) -> None:
    """The whole of the input is one byte, or none, as when whoever started it is killed."""
    plugins, store = load_plugins(), Store(results.root)
    made = resolve([{"data": "small", "sampler": "random", "controls": "none"}], plugins)
    made = made.model_copy(update={"train": made.train.model_copy(update={"device": "cpu", "precision": "float32"})})
    path = save_grid(Grid(line_of("row", "row", made, facts_of(made, plugins), [0], plugins).jobs), store)
    command = [sys.executable, "-m", "taco_bench", "worker", str(path), "--results", str(results.root), "--stand-by"]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert worker.stdin is not None
    with worker.stdin:
        worker.stdin.write(told)
        worker.stdin.flush()
        if told:
            worker.wait(60)
    assert worker.wait(60) == 0
    assert len(results.cells()) == cells


@pytest.mark.parametrize("module", ["taco_bench.jobs.launch", "taco_bench.jobs.ready", "taco_bench.cli.run_jobs"])
def test_the_command_imports_no_torch_for_what_others_work_off(module: str) -> None:
    """Which takes a second, of each of the processes."""
    code = f"import sys, {module}; sys.exit(sorted({{'torch', 'transformers', 'spacy'}} & set(sys.modules)) or 0)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
