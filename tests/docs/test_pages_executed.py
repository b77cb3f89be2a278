"""The tutorial, command by command, in an environment of its own (tox environment ``docs``)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.console_page import Called, do, not_printed, steps

PAGES = Path(__file__).parents[2] / "docs"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A virtual environment that has what this one has, so that what is installed there stays there."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    python = venv / "bin" / "python"
    own = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True, text=True
    )
    inherited = [*(path for path in sys.path if "site-packages" in path), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    (Path(own.stdout.strip()) / "inherited.pth").write_text("\n".join(inherited))
    for name, module in {"taco-bench": "taco_bench", "pytest": "pytest"}.items():
        script = venv / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{python}" -m {module} "$@"\n')
        script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TACO_BENCH", "PYTHON"))}
    return {**kept, "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "140", "HF_HUB_OFFLINE": "1"}


@pytest.mark.docs
def test_the_tutorial_does_what_it_says(tmp_path: Path, environment: dict[str, str]) -> None:
    for step in steps((PAGES / "tutorial.md").read_text(encoding="utf-8")):
        do(step, tmp_path, environment)


def test_the_tutorial_has_commands_with_output() -> None:
    called = [step for step in steps((PAGES / "tutorial.md").read_text(encoding="utf-8")) if isinstance(step, Called)]
    assert sum(bool(step.shown) for step in called) >= 5


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        (["a 1", "c 2.5"], "c 2.5"),  # b stands between
        (["a 9", "...", "c 3"], ""),
        (["...", "b"], ""),
        (["c 1", "...", "a 1"], "a 1"),  # not in this order
        (["a x"], "a x"),
    ],
)
def test_what_a_page_shows_must_be_printed(shown: list[str], missing: str) -> None:
    assert not_printed(tuple(shown), ["a 1", "b", "", "c 2"]) == missing
