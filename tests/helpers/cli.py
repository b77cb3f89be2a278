"""What tests of the command line call, hold and look at."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ENTRY = "from taco_bench.cli.main import entry; entry()"
TWO_WORKERS = ("--workers", 2)
SAVE_ALWAYS = {"SAVE_EVERY_SECONDS": "0"}
"""The environment in which a training with a sampler of taco_picks saves its state after each step, in workers too."""
SMALL = ("run", "--data", "small")
ONE = (*SMALL, "--no-control")
"""A run of one training."""


@dataclass(frozen=True)
class Result:
    """What a call of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Result]


@dataclass(frozen=True)
class Results:
    """A results folder, read without the store."""

    root: Path

    def cells(self) -> dict[str, dict[str, Any]]:
        return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((self.root / "cells").glob("[!.]*.json"))}

    def figures(self) -> dict[str, Any]:
        """Of each cell what must be reproduced to the last bit: all but times and versions."""
        kept = ("training", "seed", "experiment", "rows", "controls", "pool", "queries", "data")
        return {name: {key: cell[key] for key in kept} for name, cell in self.cells().items()}

    def records(self) -> dict[str, Any]:
        """Of each cell all but what the clock and the memory said."""
        found = self.cells()
        for cell in found.values():
            for name in ("seconds", "evaluation_seconds", "peak_gib"):
                del cell["cost"][name]
        return found

    def arrays(self) -> dict[str, bytes]:
        """Of each cell its arrays, by name, type and shape, and their bytes."""
        found = {}
        for path in sorted((self.root / "cells").glob("[!.]*.npz")):
            with np.load(path, allow_pickle=False) as file:
                found |= {f"{path.stem} {name} {file[name].dtype} {file[name].shape}": file[name].tobytes() for name in sorted(file)}
        return found

    def weights(self) -> dict[str, bytes]:
        return {path.parent.name: path.read_bytes() for path in sorted(self.root.glob("trainings/*/model.safetensors"))}

    def files(self) -> list[str]:
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())


@dataclass
class Started:
    """A command line in a process of its own."""

    process: subprocess.Popen[str]

    def finish(self, seconds: float = 60) -> Result:
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"not finished after {seconds} s\n{out}\n{err}") from None
        return Result(self.process.returncode, out, err)

    def wait_for(self, condition: Callable[[], Any], seconds: float = 60) -> Any:
        """Wait until the condition holds; its value."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            if self.process.poll() is not None:
                raise AssertionError(f"the process ended early: {self.finish()}")
            assert time.monotonic() < end, f"nothing happened in {seconds} s"
            time.sleep(0.01)
        return found


def assert_told(result: Result, code: int, *words: str) -> None:
    """The call failed with that exit code and a message for a user, which holds all the words; no traceback."""
    assert result.code == code, result
    assert "Traceback" not in result.err + result.out, result.err
    first = result.err.splitlines()[0] if result.err else ""
    assert "error: " in result.err or "failed: " in result.err, first
    for word in words:
        assert word in result.err, f"{word!r} is not in the message:\n{result.err}"
