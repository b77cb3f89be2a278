"""How long ``taco-bench plan`` takes on a suite of 1,000 cells: in an empty store, where all are done, and where all are stale.

Each figure is a whole process, the best of several; user seconds count what the process itself did, whatever else the machine does.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np

from taco_bench.plugins import load_plugins
from taco_bench.store.cells import Store
from taco_bench.store.ledger import ask
from taco_bench.suites.expand import Expanded, expand
from taco_bench.suites.load import load_suite

DATA, SEEDS = "planted:holds", range(5)
HEAD = """
schema = 1
title = "Many rows"
source = "this benchmark"
task = "retrieval"
columns = ["t2v R@1"]
metric = "t2v R@1"
control = "row-0"
[options]
controls = "constant-scores"
[smallest_effect]
default = 1.0
"""
ROW = '[[row]]\nname = "row-{n}"\nlabel = "row {n}"\noptions = {{ sampler = "{sampler}", "train.steps" = {steps} }}\n'


@click.command()
@click.option("--rows", default=200, show_default=True)
@click.option("--queries", default=500, show_default=True, help="Of each finished cell.")
@click.option("--repeats", default=3, show_default=True)
def main(rows: int, queries: int, repeats: int) -> None:
    """Print a line for each store."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TACO_BENCH_CACHE"] = f"{folder}/cache"
        path = Path(folder, "many.toml")
        path.write_text(HEAD + "".join(map(_row, range(rows))))
        suite = expand(load_suite(str(path)), DATA, [], [], SEEDS, load_plugins(False), lambda _: None)
        done, stale = Store(Path(folder, "done")), Store(Path(folder, "stale"))
        _fill(done, suite, queries)
        _fill(stale, suite, queries)
        for name in ("empty", "done", "stale"):
            options = ["--set", "train.learning_rate=0.1"] if name == "stale" else []
            command = [sys.executable, "-m", "taco_bench", "plan", str(path), "--data", DATA, "--results", f"{folder}/{name}", *options]
            user, wall = zip(*(_timed(command) for _ in range(repeats)), strict=True)
            print(f"{name:<6} {rows * len(SEEDS)} cells: {min(user):.2f} s user, {min(wall):.2f} s wall, {os.cpu_count()} cores")


def _row(number: int) -> str:
    return ROW.format(n=number, sampler=("cascade", "random", "sentence")[number % 3], steps=100 + number)


def _timed(command: list[str]) -> tuple[float, float]:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime, wall


def _fill(store: Store, suite: Expanded, queries: int) -> None:
    """A cell for every job, as large as a real one."""
    draw = np.random.default_rng(0)
    for line in suite.lines:
        for job in line.jobs:
            store.save_cell(job.cell, _record(job, draw.integers(queries, size=queries)), {"chance t2v R@1": np.zeros(100)})
    ask(store, suite.title, {line.name: {job.seed: job.cell for job in line.jobs} for line in suite.every})


def _record(job: Any, ranks: Any) -> dict[str, Any]:
    names = [f"test-{number}" for number in range(len(ranks))]
    kept = {"t2v better": ranks.tolist(), "t2v tied": [1] * len(ranks), "v2t better": ranks.tolist(), "v2t tied": [1] * len(ranks)}
    return {
        "training": job.training,
        "seed": job.seed,
        "experiment": job.experiment.model_dump(mode="json"),
        "rows": {"all scores": {"t2v R@1": 1.0}},
        "controls": {},
        "chance": {"t2v R@1": 1.0},
        "pool": {"split": "test"},
        "queries": {"clip": names, "video": names, **kept},
        "parts": job.parts,
        "sources": {},
        "leaks": [],
        "cost": {"steps": job.experiment.train.steps, "seconds": 10.0, "evaluation_seconds": 1.0},
    }


if __name__ == "__main__":
    main()
