"""A small suite on a small data set of files, and cells made by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from taco_bench.jobs.plan import Line
from taco_bench.metrics import metrics_of_ranks
from taco_bench.plugins import Component, Plugins, load_plugins
from taco_bench.store.cells import Store
from taco_bench.suites.expand import Expanded, expand
from taco_bench.suites.load import load_suite
from taco_bench.suites.published import published

ENTRY = "from taco_bench.cli.main import entry; entry()"
REPO = Path(__file__).resolve().parent.parent
PACKAGE = Path(__file__).parent / "suite_plugin"
QUERIES = 40

SUITE = """
schema = 1
title = "Two rows"
source = "mine"
paper = "table3"
task = "retrieval"
columns = ["t2v R@1", "t2v R@10", "t2v MedR"]
metric = "t2v R@1"
control = "good"
[options]
token_weights = "idf"
[smallest_effect]
default = 2.0
[[row]]
name = "good"
label = "Good & proper"
paper_row = "L1+L3, cascade"
options = { sampler = "cascade", tokens = "none", "losses.use" = ["l1", "l3"] }
[[row]]
name = "plain"
label = "Plain"
paper_row = "L1+L3, random"
options = { sampler = "random", tokens = "none", "losses.use" = ["l1", "l3"] }
[[row]]
name = "third"
label = "Third"
paper_row = "L3"
options = { sampler = "random", tokens = "none", "losses.use" = ["l3"] }
[[claim]]
name = "good over plain"
better = "good"
worse = "plain"
primary = true
source = "mine"
[[claim]]
name = "good over third"
better = "good"
worse = "third"
source = "mine"
"""

L1 = """
schema = 1
title = "One row"
source = "mine"
task = "retrieval"
columns = ["t2v R@1"]
metric = "t2v R@1"
control = "one"
[options]
controls = "constant-scores"
[smallest_effect]
default = 2.0
[[row]]
name = "one"
label = "One"
options = { sampler = "random", tokens = "none", "losses.use" = ["l1"] }
"""


def write_suite(folder: Path, text: str = SUITE, name: str = "mine") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def write_data(folder: Path) -> Path:
    """16 training, 8 validation and 12 test clips of three frames."""
    folder.mkdir(parents=True, exist_ok=True)
    colours, things = ("red", "green", "blue", "yellow"), ("ball", "box", "key", "door", "lamp", "cup", "pen", "hat", "bag")
    names = [(f"{split}-{i}", split) for split, count in (("train", 16), ("val", 8), ("test", 12)) for i in range(count)]
    clips = [[name, split, [f"open the {colours[at % 4]} {things[at % 9]}"]] for at, (name, split) in enumerate(names)]
    (folder / "captions.json").write_text(json.dumps(clips))
    np.save(folder / "features.npy", np.random.default_rng(0).normal(size=(len(clips), 3, 8)).astype(np.float32))
    return folder


def install_package(folder: Path) -> Path:
    """The package ``taco_filed``, as pip leaves it."""
    shutil.copytree(PACKAGE, folder / "taco_filed", ignore=shutil.ignore_patterns("__pycache__"))
    info = folder / "taco_filed-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: taco-filed\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[taco_bench]\nfiled = taco_filed\n", encoding="utf-8")
    return folder


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


def shell(arguments: Sequence[object], environment: Mapping[str, str], site: Path, before: str = "") -> Result:
    """Calls the command line in a process of its own; ``site`` is a folder of installed packages, ``before`` Python to run first."""
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-c", before + ENTRY, *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", **environment}
    found = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    return Result(found.returncode, found.stdout, found.stderr)


class Paperlike:
    """Stands for a data set of any name; nothing of it is read but its source."""

    streams = ("rows",)

    def clips(self) -> Any:
        raise AssertionError("planning read the clips")

    def read(self, stream: str, clip: Any) -> Any:
        raise AssertionError("planning read features")

    def files(self) -> list[Path]:
        return []

    def fingerprints(self) -> dict[str, str]:
        return {}


class AnyRows:
    stream, width = "rows", 8

    def encode(self, frames: Any) -> Any:
        raise AssertionError("planning read features")


def plugins_with(*names: str) -> Plugins:
    """The first-party components, and data sets of these names, all with the preset of ``filed``."""
    from suite_plugin.filed import PRESET

    found = load_plugins.__wrapped__(False)
    for name in names:
        found._components["data"].pop(name, None)  # one that is shipped under the paper's name
        found.add(Component("data", name, Paperlike, name, "test", "0", preset=PRESET))
    found.add(Component("encoder", "rows", AnyRows, "rows", "test", "0"))
    return found


def expanded(
    folder: Path, data: str = "elsewhere", seeds: Sequence[int] = range(6), text: str = SUITE, above: Sequence[dict[str, Any]] = ()
) -> Expanded:
    """A suite on a data set that is never opened."""
    suite = load_suite(str(write_suite(folder, text)))
    return expand(suite, data, [], list(above), list(seeds), plugins_with(data.partition(":")[0]), lambda _: None)


def hand_made(better: Sequence[int], seed: int, job: Any, **changes: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The record and the arrays of a cell whose queries have so many strictly better videos each."""
    ranks, tied = np.asarray(better), np.ones(len(better), int)
    figures = metrics_of_ranks(ranks, tied, (1, 5, 10))
    row = {f"{direction} {name}": value for direction in ("t2v", "v2t") for name, value in figures.items()}
    chance = {"t2v R@1": 100 / len(ranks), "t2v R@5": 500 / len(ranks), "t2v R@10": 1000 / len(ranks)}
    names = [f"test-{at}" for at in range(len(ranks))]
    draws = np.random.default_rng(0).binomial(len(ranks), 1 / len(ranks), 2000) * 100 / len(ranks)
    record = {
        "training": job.training,
        "seed": seed,
        "experiment": job.experiment.model_dump(mode="json"),
        "rows": {"all scores": row, "sentence score": dict(row)},
        "controls": {"constant scores": chance, "chance": chance},
        "chance": {"t2v R@1": figures["R@1"]},
        "pool": {"split": "test", "queries": len(ranks), "videos": len(ranks), "fusion pairs": "all"},
        "queries": {"clip": names, "video": names, "t2v better": ranks.tolist(), "t2v tied": tied.tolist()},
        "parts": job.parts,
        "sources": {},
        "leaks": [],
        "splits": {"test": f"{len(ranks)} clips, abc"},
        "tagger": "",
        "skipped": [],
        "hardware": "a hand",
        "cost": {"steps": 2, "seconds": 3.0, "fusion_pairs_per_step": 40.0, "parameters": 1000, "evaluation_seconds": 1.0},
    }
    return {**record, **changes}, {"chance t2v R@1": draws}


def ranks(hits: int, size: int = QUERIES) -> list[int]:
    """So many queries with their own video first; the others third."""
    return [0] * hits + [2] * (size - hits)


def save_row(store: Store, line: Line, hits: Sequence[int], size: int = QUERIES, **changes: Any) -> None:
    """A cell a seed, as many as there are numbers of hits; t2v R@1 is 100 hits / size."""
    for job, count in zip(line.jobs, hits, strict=False):
        record, arrays = hand_made(ranks(count, size), job.seed, job, **changes)
        store.save_cell(job.cell, record, arrays)


def as_in_the_paper(experiment: dict[str, Any], table: str, row: str, data: str) -> dict[str, Any]:
    """The experiment with everything that the paper states about a row; streams by the names of the encoders."""
    made = json.loads(json.dumps(experiment))
    for key, value in published(table).protocol_of(row, data).items():
        section, _, name = key.partition(".")
        if section == "encoder":
            made["encoder"] = [{"type": stream} for stream in value.split("+")]
        elif section not in ("pool", "splits") and isinstance(made[section], dict):
            made[section][name] = value
    return made


def save_paper_row(store: Store, line: Line, hits: Sequence[int], row: str, **experiment: Any) -> None:
    """Cells on MSR-VTT that are made as those of Tab. 3 are, but for what is given by dotted name with ``__`` for the dot."""
    for job, count in zip(line.jobs, hits, strict=False):
        record, arrays = hand_made(ranks(count, 1000), job.seed, job)
        record["experiment"] = as_in_the_paper(record["experiment"], "table3", row, "msrvtt")
        record["splits"] = {"train": "9000 clips, abc", "test": "1000 clips, def"}
        for key, value in experiment.items():
            section, _, name = key.partition("__")
            if section == "experiment":
                record["experiment"][name] = value
            elif name:
                record["experiment"][section][name] = value
            else:
                record[section] = value
        store.save_cell(job.cell, record, arrays)
