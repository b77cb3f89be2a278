"""A results folder in trouble: a full disk, no right to write, records that are not whole, clocks that jump. Told, and nothing lost."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.cli import ONE, Cli, Result, Results, assert_told
from helpers.kills import SUITE

from taco_bench.atomic import replace_file
from taco_bench.errors import UserError
from taco_bench.store import leases
from taco_bench.store.cells import Store

pytest_plugins = ("helpers.fixtures",)

QUICK = (*ONE, "--sampler", "random", "--losses", "l1,l3", "--steps", 2)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(SUITE)
    return path


class TestFullDisk:
    """A bound on the size of files stands for the disk: what is beyond it cannot be written."""

    @pytest.fixture
    def full(self) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
        yield
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def test_it_is_told_and_the_run_goes_on_when_there_is_room(self, full: None, cli: Cli, results: Results) -> None:
        found = cli(*QUICK)
        assert_told(found, 5, "cannot write model.safetensors", "File too large", "free some space")
        assert results.cells() == {}
        assert results.weights() == {}
        assert not [name for name in results.files() if "/." in name or name.startswith("leases/")]
        resource.setrlimit(resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE)[1:] * 2)
        again = cli(*QUICK)
        assert again.code == 0, again.err
        assert len(results.cells()) == 1
        assert not [name for name in results.files() if name.startswith("failures/")]

    def test_what_a_rust_library_says_of_the_system_is_told_like_the_systems_own_word(self, tmp_path: Path) -> None:
        def write(path: Path) -> None:
            path.write_bytes(b"half")
            raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")

        (tmp_path / "weights").write_text("old")
        with pytest.raises(UserError, match="cannot write weights: No space left on device"):
            replace_file(tmp_path / "weights", write)
        assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("weights", "old")]


def without_privileges() -> None:
    """Even root must obey the folder's mode from here on."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)(*[0] * 6))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="drops the privileges of root as Linux does")
@pytest.mark.parametrize("verb", ["run", "reproduce"])
def test_a_folder_that_is_only_readable_is_told_before_anything_is_trained(
    verb: str, cli: Cli, suite: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    folder.chmod(0o555)
    arguments = QUICK if verb == "run" else ("reproduce", suite, "--data", "small", "--no-control")
    child = os.fork()
    if child == 0:
        without_privileges()
        found = cli(*arguments, "--results", folder)
        (tmp_path / "answer").write_text(json.dumps([found.code, found.out, found.err]))
        os._exit(0)
    os.waitpid(child, 0)
    assert_told(Result(*json.loads((tmp_path / "answer").read_text())), 2, "cannot write", "Permission denied", str(folder), "--results")
    assert list(folder.iterdir()) == []


class TestRecords:
    @pytest.fixture
    def made(self, cli: Cli, suite: Path, results: Results) -> tuple[object, ...]:
        """A suite that is done; its name and options."""
        arguments = (suite, "--data", "small", "--seeds", 1, "--no-control", "--steps", 2, "--set", "train.validate_every=1")
        found = cli("reproduce", *arguments, "--quiet")
        assert found.code == 0, found.err
        return arguments

    def states(self, cli: Cli, made: tuple[object, ...]) -> list[str]:
        return sorted(cell["state"] for cell in json.loads(cli("plan", *made, "--json").out)["cells"])

    def test_a_truncated_cell_is_damaged_told_and_made_again_from_its_training(
        self, made: tuple[object, ...], cli: Cli, results: Results
    ) -> None:
        before, weights = results.records(), results.weights()
        path = results.root / "cells" / f"{min(before)}.json"
        path.write_bytes(path.read_bytes()[:-100])
        assert self.states(cli, made) == ["damaged", "done"]
        assert f"damaged: cells/{path.name} is cut off, or no JSON; it will be made again (1 cell)" in cli("plan", *made).out
        table = [argument for argument in made if argument != "--no-control"]
        assert f"FAILED: a cell is damaged, `taco-bench reproduce` makes it again: cells/{path.name}" in cli("table", *table).out
        assert "training without a cell" not in cli("gc", "--superseded").out
        assert f"not whole, will be made again: {path.stem}" in cli("status").out
        stamps = {file: file.stat().st_mtime_ns for file in results.root.glob("trainings/*/*")}
        assert cli("reproduce", *made).code == 0
        assert results.records() == before
        assert results.weights() == weights
        assert {file: file.stat().st_mtime_ns for file in results.root.glob("trainings/*/*")} == stamps

    @pytest.mark.parametrize("text", ["", "{", '{"table": 3, "rows": []}'])
    def test_a_damaged_ledger_is_told_and_made_again_from_the_cells(
        self, text: str, made: tuple[object, ...], cli: Cli, results: Results
    ) -> None:
        (path,) = (results.root / "ledger").iterdir()
        whole = json.loads(path.read_text())
        path.write_text(text)
        stale = [*made, "--set", "train.weight_decay=0.5"]
        for verb, *arguments in (("plan", *stale), ("status",), ("gc", "--superseded")):
            found = cli(verb, *arguments)
            assert found.code == 0
            assert f"ledger/{path.name} is damaged" in found.err
        assert self.states(cli, tuple(stale)) == ["stale", "stale"]  # known again from what the cells say
        assert "table mine@small: 2 of 2 cells" in cli("status").out
        assert path.read_text() == text
        assert cli("reproduce", *made).code == 0
        assert json.loads(path.read_text()) == whole
        assert "damaged" not in cli("status").err

    @pytest.mark.parametrize("verb", ["plan", "reproduce", "table"])
    def test_a_cell_of_a_newer_schema_is_refused_and_left_alone(
        self, verb: str, made: tuple[object, ...], cli: Cli, results: Results
    ) -> None:
        path = results.root / "cells" / f"{min(results.cells())}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
        before = path.read_bytes()
        arguments = [argument for argument in made if verb != "table" or argument != "--no-control"]
        assert_told(cli(verb, *arguments), 3, "schema version 99", str(path), "upgrade taco-bench")
        assert path.read_bytes() == before

    def test_a_lease_of_a_dead_process_is_not_running_and_taken_over(self, made: tuple[object, ...], cli: Cli, results: Results) -> None:
        cell = min(results.cells().values(), key=lambda cell: cell["id"])
        Store(results.root).forget(cell["training"], cell["id"])
        lease = {"token": "x", "run": "r", "label": "a row", "machine": leases.this_machine(), "pid": 2**22 + 1, "started": "1"}
        (results.root / "leases").mkdir(exist_ok=True)
        (results.root / "leases" / f"{cell['training']}.json").write_text(json.dumps({**lease, "deaths": 0, "beat": 4, "progress": {}}))
        assert self.states(cli, made) == ["done", "missing"]
        assert "dead, will be taken over: a row" in cli("status").out
        assert cli("reproduce", *made).code == 0
        assert self.states(cli, made) == ["done", "done"]
        assert Store(results.root).leases.all() == {}

    def test_a_training_that_another_machine_makes_is_running(self, made: tuple[object, ...], cli: Cli, results: Results) -> None:
        cell = min(results.cells().values(), key=lambda cell: cell["id"])
        Store(results.root).forget(cell["training"], cell["id"])
        (results.root / "leases").mkdir(exist_ok=True)
        (results.root / "leases" / f"{cell['training']}.json").write_text(json.dumps({"token": "x", "machine": "elsewhere", "beat": 4}))
        assert self.states(cli, made) == ["done", "running"]


@pytest.mark.parametrize("jump", [-1e9, 1e9])
def test_a_clock_that_jumps_changes_nothing(
    jump: float, cli: Cli, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli(*QUICK, "--results", tmp_path / "steady").code == 0
    real, calls = time.time, []

    def jumping() -> float:
        calls.append(1)
        return real() + jump * (len(calls) % 2)

    monkeypatch.setattr(time, "time", jumping)
    monkeypatch.setattr(leases, "BEAT", 0.01)
    found = cli(*QUICK)
    assert found.code == 0, found.err
    steady = Results(tmp_path / "steady")
    assert (results.records(), results.arrays(), results.weights()) == (steady.records(), steady.arrays(), steady.weights())
    (cell,) = results.cells().values()
    assert 0 <= cell["cost"]["seconds"] < 600
    assert np.isfinite(cell["cost"]["evaluation_seconds"])
