"""How long the command line takes to answer: ``--help``, ``plan``, and the first training step of ``run`` on babyai.

python benchmarks/startup_times.py     several starts, a new process each; a cold cache is an empty one

What is on disk is in the operating system's cache either way. The first step is the first in any worker. Beside the clock, which says
little on a machine that does other things too, there is the processor time of what has to happen one after the other: the command's own
until it sets the workers to work, and then the worker's to the end of its first step. Workers import what they need meanwhile.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
from tabulate import tabulate

RESULTS = Path(__file__).parent / "results"
COLUMNS = {
    "clock": "clock, least",
    "all": "CPU, all processes",
    "command": "CPU, the command until workers begin",
    "meanwhile": "CPU, a worker meanwhile",
    "worker": "CPU, the worker from then on",
}
"""Attributes of a start as the table calls them."""
WATCH = """
import os, sys, time
from importlib.machinery import PathFinder

NOTED = {{
    "taco_bench_launchers.local": ("Local", "launch", True),
    "taco_bench.jobs.worker": ("Worker", "run", True),
    "taco_bench.train.loop": ("Training", "step", False),
}}

def note(what):
    with open({file!r}, "a") as file:
        file.write(f"{{what}} {{os.getpid()}} {{time.time()}} {{time.process_time()}}\\n")

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name not in NOTED:
            return None
        spec = PathFinder.find_spec(name, path, target)
        run = spec.loader.exec_module
        def exec_module(module):
            run(module)
            owner, method, before = NOTED[name]
            real = getattr(getattr(module, owner), method)
            def noted(*arguments, **options):
                if before:
                    note(method)
                found = real(*arguments, **options)
                if not before:
                    note(method)
                return found
            setattr(getattr(module, owner), method, noted)
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Watch())
"""
"""Installed by ``sitecustomize`` in every process of a run: when the command sets workers to work, a worker begins, and a step ends."""


@dataclass(frozen=True)
class Start:
    """What one start took, in seconds.

    Attributes:
        clock: from the command to what is measured.
        all: of the processor, all processes together.
        command: of the processor, the command's own until workers begin; of a run only, as what follows.
        meanwhile: of the processor, a worker's while it stands by.
        worker: of the processor, a worker's from there to the end of its first step.
    """

    clock: float
    all: float = 0.0
    command: float | None = None
    meanwhile: float | None = None
    worker: float | None = None


@click.command()
@click.option("--starts", default=7, show_default=True, help="Of --help and plan; a third as many where the cache is cold, and of run.")
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS / "startup_times.md", show_default=False)
def main(starts: int, out: Path) -> None:
    """Print the table, and write it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and what they start does too
    few = max(2, starts // 3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _plan(folder, "warm")
        caches = iter([*(f"run-{number}" for number in range(few - 1)), "filled"])
        rows = [
            ("taco-bench --help", 0.3, _times(starts, lambda: _call(folder, "warm", "--help"))),
            ("taco-bench plan paper/table3, cold cache", 1.0, _times(few, lambda: _plan(folder, f"cold-{time.time_ns()}"))),
            ("taco-bench plan paper/table3, warm cache", 1.0, _times(starts, lambda: _plan(folder, "warm"))),
            ("first step of taco-bench run, cold cache", 15.0, _times(few, lambda: _first_step(folder, next(caches)))),
            ("first step of taco-bench run, warm cache", 15.0, _times(few, lambda: _first_step(folder, "filled"))),
        ]
    head = ["", "goal, s", "clock, median", *COLUMNS.values(), "starts"]
    body = [
        [
            what,
            f"{goal:g}",
            f"{statistics.median(start.clock for start in found):.2f}",
            *(_least(found, name) for name in COLUMNS),
            len(found),
        ]
        for what, goal, found in rows
    ]
    text = f"{_cpu()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}\n\n{tabulate(body, head, 'github', disable_numparse=True)}"
    print(text)
    out.parent.mkdir(exist_ok=True)
    out.write_text(text + "\n")


def _least(starts: Sequence[Start], name: str) -> str:
    """Empty where it is not measured. What other processes do only adds to it."""
    found = [value for start in starts if (value := getattr(start, name)) is not None]
    return f"{min(found):.2f}" if found else ""


def _times(count: int, once: Callable[[], Start]) -> list[Start]:
    found = []
    for _ in range(count):
        before = os.times()
        start = once()
        after = os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        found.append(replace(start, all=used))
    return found


def _call(folder: Path, cache: str, *arguments: str) -> Start:
    """A whole command."""
    known = {**os.environ, "TACO_BENCH_CACHE": str(folder / cache)}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "taco_bench", *arguments], check=True, capture_output=True, env=known)
    return Start(time.perf_counter() - started)


def _plan(folder: Path, cache: str) -> Start:
    return _call(folder, cache, "plan", "paper/table3", "--results", str(folder / "none"))


def _first_step(folder: Path, cache: str) -> Start:
    """From the command to the end of the first training step; the run is interrupted then."""
    site = Path(tempfile.mkdtemp(dir=folder))
    notes = site / "notes"
    (site / "sitecustomize.py").write_text(WATCH.format(file=str(notes)))
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    known = {**os.environ, "TACO_BENCH_CACHE": str(folder / cache), "PYTHONPATH": path}
    started = time.time()
    command = [sys.executable, "-m", "taco_bench", "run", "--results", str(site / "results")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=known)
    while process.poll() is None and not _of(notes, "step"):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    told = process.communicate()[1].decode()
    if not _of(notes, "step"):
        raise SystemExit(f"no step was made:\n{told}")
    worker, clock, used = _of(notes, "step")[0]
    begun = next(seconds for process_id, _, seconds in _of(notes, "run") if process_id == worker)
    launched = _of(notes, "launch")
    if not launched:  # one process does it all
        return Start(clock - started, command=begun, worker=used - begun)
    return Start(clock - started, command=launched[0][2], meanwhile=begun, worker=used - begun)


def _of(notes: Path, what: str) -> list[tuple[str, float, float]]:
    """Process, time and processor seconds of each note of that name."""
    lines = [line.split() for line in notes.read_text().splitlines()] if notes.is_file() else []
    return [(name[1], float(name[2]), float(name[3])) for name in lines if len(name) == 4 and name[0] == what]


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "CPU")


if __name__ == "__main__":
    main()
