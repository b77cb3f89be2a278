"""What ``plugins new`` writes, built by its own build backend and installed by pip: each component works where it is made for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.cli import Cli, Results
from helpers.wheels import pip

from taco_bench.authoring.new import new_plugin
from taco_bench.plugins import HOOKS, load_plugins

pytest_plugins = ("helpers.fixtures",)

SMALL = ["data.train=24", "data.val=4", "data.test=8", "data.bags=12", "train.batch_size=8"]
PLANTED = ("run", "--data", "planted:holds", "--steps", 2, *(part for each in SMALL for part in ("--set", each)))


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A plugin of each kind."""
    folder = tmp_path_factory.mktemp("sources")
    return [new_plugin(kind, f"pv-{kind}", folder, load_plugins(False)) for kind in HOOKS]


@pytest.fixture(scope="session")
def templates(sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip installed them into."""
    site = tmp_path_factory.mktemp("templates")
    pip(site, [str(source) for source in sources], "--no-build-isolation")
    return site


@pytest.fixture
def taco(cli: Cli, templates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """The command line, in this process and in workers, with all of them installed."""
    monkeypatch.syspath_prepend(str(templates))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(templates), *filter(None, [os.environ.get("PYTHONPATH")])]))
    yield cli
    for name in [name for name in sys.modules if name.startswith("pv_")]:
        del sys.modules[name]


def test_all_of_them_are_well(taco: Cli) -> None:
    found = taco("plugins", "doctor")
    assert found.code == 0, found.out
    assert "printed" not in found.out
    for kind in HOOKS:
        assert f"{kind} pv-{kind}: " in taco("plugins", "show", f"pv-{kind}").out


def test_one_run_with_all_that_a_row_is_made_of(taco: Cli, results: Results) -> None:
    kinds = ("encoder", "tokens", "token-weights", "sampler", "text-encoder", "task")
    chosen = [part for kind in kinds for part in (f"--{kind}", f"pv-{kind}")]
    found = taco(*PLANTED, *chosen, "--set", "tagger=pv-tagger", "--set", "controls=pv-control")
    assert found.code == 0, found.err
    for name in (*kinds, "tagger", "control"):
        assert f"pv-{name} 0.1.0" in found.out
    assert "t2v MRR" in found.out
    (cell,) = results.cells().values()
    assert set(cell["controls"]) == {"chance", "pv control"}
    assert cell["pool"]["queries"] == 8


def test_a_run_on_the_data_set(taco: Cli, results: Results) -> None:
    found = taco("run", "--data", "pv-data", "--steps", 2, "--no-control")
    assert found.code == 0, found.err
    (cell,) = results.cells().values()
    assert cell["pool"]["videos"] == 40


def test_the_launcher_starts_workers(taco: Cli, results: Results) -> None:
    found = taco(*PLANTED, "--no-control", "--launcher", "pv-launcher", "--seeds", 2)
    assert found.code == 0, found.err
    assert sorted(cell["seed"] for cell in results.cells().values()) == [0, 1]


def test_the_reader_reads_what_it_recognises(taco: Cli, tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    for name in ("one", "two"):
        np.savetxt(tmp_path / "from" / f"{name}.pv-reader.csv", np.arange(12.0).reshape(4, 3), delimiter=",")
    found = taco("features", "build", "--from", tmp_path / "from", "--stream", "mine", "--out", tmp_path / "store")
    assert found.code == 0, found.err
    assert "reader pv-reader: files ID.pv-reader.csv" in found.err
    assert taco("features", "check", tmp_path / "store").code == 0


def test_each_passes_its_own_tests(sources: list[Path], templates: Path) -> None:
    """In one process, since importing torch takes longest."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(templates), *filter(None, [os.environ.get("PYTHONPATH")])])}
    root = sources[0].parent
    tests = [str(next((source / "tests").glob("test_*.py"))) for source in sources]
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(root), *tests]
    found = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_check_runs_contract_and_training(taco: Cli, sources: list[Path]) -> None:
    found = taco("plugins", "check", next(source for source in sources if source.name == "pv-sampler"))
    assert found.code == 0, found.out
    first, component, contract, training = found.out.strip().splitlines()
    assert first.startswith("pv-sampler 0.1.0, from ")
    assert component == "sampler pv-sampler"
    assert re.fullmatch(r"  contract: \d+ passed, \d+ skipped", contract)
    assert re.fullmatch(r"  training: 3 steps and their evaluation passed in \d+ s", training)


def test_check_takes_what_the_plugins_own_test_adds(taco: Cli, sources: list[Path]) -> None:
    """A reader's contract needs a sample, which is written by the plugin's test."""
    found = taco("plugins", "check", next(source for source in sources if source.name == "pv-reader"))
    assert found.code == 0, found.out
    assert "  training: none: no training has a part for a reader\n" in found.out
