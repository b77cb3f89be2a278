"""Runs a suite again and again, kills it meanwhile, and keeps count of what every kill cost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.cli import Results, Started

from taco_bench.randomness import stream_key

STEPS = 30
SEEDS = (0, 1)
ROWS = {"two-negatives": 2, "three-negatives": 3}
"""Rows of the suite and their K': with the seed and the step, it tells in the sampler what is being trained."""

SUITE = f"""
schema = 1
title = "Two rows that can be killed"
source = "tests"
task = "retrieval"
columns = ["t2v R@1", "t2v MedR"]
metric = "t2v R@1"
control = "two-negatives"
[options]
"train.steps" = {STEPS}
"train.validate_every" = 6
"train.checkpoint" = "best"
[smallest_effect]
default = 1.0
""" + "".join(f'[[row]]\nname = "{name}"\nlabel = "{name}"\noptions = {{ sampler = "neighbours:{k}" }}\n' for name, k in ROWS.items())

Start = Callable[..., Started]
Training = tuple[int, int]
"""K' and seed."""


@dataclass
class Kill:
    """One kill, and what it cost.

    Attributes:
        after: seconds from the start.
        whom: "group", "parent" or "worker".
        running: the last step that each training had begun in its round, from 0, and how many are in its last saved state: what is
            between the two is lost.
        done: trainings that were done.
        left: files that only a killed process leaves.
    """

    after: float
    whom: str
    running: dict[Training, tuple[int, int]]
    done: int
    left: Counter[str]

    def line(self) -> str:
        """For people."""
        lost = [
            f"K' {k} seed {seed} in step {begun + 1} of {STEPS}, {saved} saved"
            for (k, seed), (begun, saved) in sorted(self.running.items())
        ]
        left = ", ".join(f"{count} {what}" for what, count in sorted(self.left.items())) or "nothing"
        return (
            f"after {self.after:5.2f} s, {self.whom:6}: {self.done} trainings done; {'; '.join(lost) or 'none was training'}; left: {left}"
        )


@dataclass
class Round:
    """One call of the command, from its start to its end or its kill.

    Args:
        started: the command.
        watch: folder in which its samplers note every step.
        results: the results folder.
        names: which training an id is of.
    """

    started: Started
    watch: Path
    results: Results
    names: Mapping[str, Training]
    began: float = field(default_factory=time.monotonic)
    kills: int = 0

    def workers(self) -> list[int]:
        """The worker processes that live."""
        pid = self.started.process.pid
        with contextlib.suppress(FileNotFoundError):
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if lives(int(child))]
        return []

    def steps(self) -> list[tuple[int, Training, int]]:
        """Process, training and number of every step begun, in their order."""
        path = self.watch / "steps"
        names = {stream_key(seed, "negatives", step): (seed, step) for seed in SEEDS for step in range(STEPS)}
        found = []
        for line in path.read_text().splitlines() if path.exists() else []:
            pid, k, stream = map(int, line.split())
            seed, step = names[stream]
            found.append((pid, (k, seed), step))
        return found

    def wait_for_steps(self, more: int) -> None:
        """Wait until that many more steps have begun, or the command has ended."""
        enough, end = len(self.steps()) + more, time.monotonic() + 60
        while len(self.steps()) < enough and self.started.process.poll() is None:
            assert time.monotonic() < end, "nothing is trained"
            time.sleep(0.005)

    def kill(self, whom: str, draw: random.Random) -> Kill | None:
        """Kill; None where nobody was left to be killed. Where the parent is killed, all its workers are gone when this returns."""
        workers = self.workers()
        targets = {"group": [self.started.process.pid, *workers], "parent": [self.started.process.pid], "worker": workers}[whom]
        if self.started.process.poll() is not None or not targets:
            return None
        for pid in [draw.choice(targets)] if whom == "worker" else targets:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        after = time.monotonic() - self.began
        if whom != "worker":
            self.started.finish()
            gone(workers)
        self.kills += 1
        return Kill(after, whom, self._running(), len([*finished_records(self.results)]), left(self.results))

    def _running(self) -> dict[Training, tuple[int, int]]:
        done = {training_of(record) for record in finished_records(self.results)}
        saved = {self.names[training]: step for training, step in saved_steps(self.results).items()}
        last = {training: step for _, training, step in self.steps()}
        return {training: (step, saved.get(training, 0)) for training, step in last.items() if training not in done}

    def check(self, before: set[Training]) -> None:
        """No step of a training that was done when the round began; none to its end twice but for a kill in between.

        Args:
            before: trainings that were done then.
        """
        steps = self.steps()
        assert not before & {training for _, training, _ in steps}
        ends = Counter(training for _, training, step in steps if step == STEPS - 1)
        assert all(count <= 1 + self.kills for count in ends.values()), ends
        makers: dict[Training, set[int]] = {}
        for pid, training, _ in steps:
            makers.setdefault(training, set()).add(pid)
        assert all(len(pids) <= 1 + self.kills for pids in makers.values()), makers


def lives(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids: list[int], seconds: float = 60) -> None:
    """Wait until no process of them lives."""
    end = time.monotonic() + seconds
    while any(map(lives, pids)):
        assert time.monotonic() < end, "workers outlive whoever started them"
        time.sleep(0.02)


def finished_records(results: Results) -> Iterator[dict[str, object]]:
    """The records of the trainings that are done."""
    for path in sorted(results.root.glob("trainings/*/training.json")):
        yield json.loads(path.read_text())


def finished(results: Results) -> dict[str, tuple[int, int]]:
    """Each file of a training that is done, or of a cell, and what changes when it is made again."""
    done = [path for path in sorted(results.root.glob("trainings/*")) if (path / "training.json").exists()]
    files = [path / name for path in done for name in ("training.json", "model.safetensors")]
    files += sorted((results.root / "cells").glob("[!.]*.json"))
    return {str(path.relative_to(results.root)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def training_of(record: dict[str, object]) -> Training:
    """Which training a record is of."""
    return record["configuration"]["sampler"]["hard_negatives"], record["seed"]  # type: ignore[index, return-value]


def saved_steps(results: Results) -> dict[str, int]:
    """The step of each state on disk, by the id of the training; whole, whenever it is looked at."""
    from safetensors import safe_open

    found = {}
    for path in results.root.glob("trainings/*/state.safetensors"):
        with safe_open(path, framework="np") as file:
            found[path.parent.name] = int((file.metadata() or {})["step"])
    return found


def left(results: Results) -> Counter[str]:
    """What only a kill leaves, by kind; everything else must be a file of something whole."""
    found: Counter[str] = Counter()
    for name in results.files():
        folder, _, file = name.partition("/")
        if file.rpartition("/")[2].startswith(".") or folder.startswith("."):
            found["temporary files"] += 1
        elif folder in ("leases", "grids"):
            found[folder] += 1
        elif name.endswith(("state.safetensors", "best.safetensors")):
            found["states"] += 1
    return found
