"""How long the command line takes to answer: ``--help``, ``plan``, and the first training step of ``run`` on babyai.

python benchmarks/startup_times.py     medians and leasts over several starts, a new process each; a cold cache is an empty one

What is on disk is in the operating system's cache either way. The first step is the first in any worker: its end is written down by
the process that makes it.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
from tabulate import tabulate

RESULTS = Path(__file__).parent / "results"
WATCH = """
import sys, time
from importlib.machinery import PathFinder

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name != "taco_bench.train.loop":
            return None
        spec = PathFinder.find_spec(name, path, target)
        run = spec.loader.exec_module
        def exec_module(module):
            run(module)
            step = module.Training.step
            def first(self, number):
                found = step(self, number)
                with open({file!r}, "a") as file:
                    file.write(f"{{time.time()}}\\n")
                return found
            module.Training.step = first
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Watch())
"""
"""Installed by ``sitecustomize`` in every process of a run."""


@click.command()
@click.option("--starts", default=7, show_default=True, help="Of --help and plan; a third as many where the cache is cold, and of run.")
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS / "startup_times.md", show_default=False)
def main(starts: int, out: Path) -> None:
    """Print the table, and write it."""
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
    body = [
        [what, f"{goal:g}", f"{statistics.median(found):.2f}", f"{min(found):.2f}", f"{min(users):.2f}", len(found)]
        for what, goal, (found, users) in rows
    ]
    head = ["", "goal, s", "median, s", "least, s", "processor s of all processes", "starts"]
    text = f"{_cpu()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}\n\n{tabulate(body, head, 'github', disable_numparse=True)}"
    print(text)
    out.parent.mkdir(exist_ok=True)
    out.write_text(text + "\n")


def _times(count: int, once: Callable[[], float]) -> tuple[list[float], list[float]]:
    """Seconds of each start, and processor seconds of all of its processes together."""
    found, users = [], []
    for _ in range(count):
        before = os.times()
        found.append(once())
        after = os.times()
        users.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return found, users


def _call(folder: Path, cache: str, *arguments: str, **environment: str) -> float:
    """Seconds of a whole command."""
    known = {**os.environ, "TACO_BENCH_CACHE": str(folder / cache), **environment}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "taco_bench", *arguments], check=True, capture_output=True, env=known)
    return time.perf_counter() - started


def _plan(folder: Path, cache: str) -> float:
    return _call(folder, cache, "plan", "paper/table3", "--results", str(folder / "none"))


def _first_step(folder: Path, cache: str) -> float:
    """Seconds from the command to the end of the first training step; the run is interrupted then."""
    site = Path(tempfile.mkdtemp(dir=folder))
    (site / "sitecustomize.py").write_text(WATCH.format(file=str(site / "step")))
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    known = {**os.environ, "TACO_BENCH_CACHE": str(folder / cache), "PYTHONPATH": path}
    started = time.time()
    process = subprocess.Popen(
        [sys.executable, "-m", "taco_bench", "run", "--results", str(site / "results")], stderr=subprocess.PIPE, env=known
    )
    while process.poll() is None and not (site / "step").is_file():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    told = process.communicate()[1].decode()
    if not (site / "step").is_file():
        raise SystemExit(f"no step was made:\n{told}")
    return float((site / "step").read_text().split()[0]) - started


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "CPU")


if __name__ == "__main__":
    main()
