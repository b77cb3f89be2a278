"""The form that a stranger's test has, in a folder of its own: an empty subclass runs the whole suite, and a failure says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from helpers.distributions import install

PLUGIN = """
from taco_bench import hookimpl


class MySampler:
    def __init__(self, hard_negatives: int = 2) -> None:
        self.hard_negatives = hard_negatives

    def negatives(self, batch_size):
        return self.hard_negatives

    def sample(self, scores, batch_size, generator, device):
        import torch

        keys = torch.rand(batch_size, batch_size, generator=generator)FILL
        picked = keys.topk(min(self.hard_negatives, batch_size - 1), dim=1).indices.to(device)
        return picked, picked


@hookimpl
def taco_bench_samplers(register):
    register("my-sampler", MySampler, summary="two at random")
"""
TEST = """
from taco_bench.testing import SamplerContract


class TestMySampler(SamplerContract):
    name = "my-sampler"
    options = {"hard_negatives": 3}
"""


def pytest_in(folder: Path, fill: str, test: str = TEST) -> subprocess.CompletedProcess[str]:
    site = install(folder / "site", "taco-mine", "1.0", "taco_mine", PLUGIN.replace("FILL", fill))
    (folder / "test_mine.py").write_text(test, encoding="utf-8")
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_mine.py"]
    return subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)


def test_two_lines_run_the_whole_suite(tmp_path: Path) -> None:
    found = pytest_in(tmp_path, ".fill_diagonal_(-1.0)")
    assert found.returncode == 0, found.stdout
    assert "15 passed, 2 skipped" in found.stdout


def test_a_failure_says_what_to_do(tmp_path: Path) -> None:
    found = pytest_in(tmp_path, "")
    assert found.returncode == 1
    assert "a pair is its own negative where scores are as usual; leave the diagonal out before you pick" in found.stdout
    assert "FAILED test_mine.py::TestMySampler::test_never_the_positive" in found.stdout
    assert "1 failed, 14 passed" in found.stdout


def test_a_name_that_nobody_registered(tmp_path: Path) -> None:
    found = pytest_in(tmp_path, ".fill_diagonal_(-1.0)", TEST.replace("my-sampler", "my-sampels"))
    assert found.returncode == 1
    assert "did you mean my-sampler?" in found.stdout
    assert "pip install -e ." in found.stdout


def test_a_class_that_names_nothing(tmp_path: Path) -> None:
    found = pytest_in(tmp_path, "", TEST.partition("    name")[0] + "    pass\n")
    assert "TestMySampler names no component: set name to what it is registered as, or factory to its class" in found.stdout


def test_the_command_line_goes_without_pytest() -> None:
    code = "import sys, taco_bench.cli.main, taco_bench.api, taco_bench.resolve, taco_bench.jobs.work; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
