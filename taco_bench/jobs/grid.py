"""A grid on disk: what workers need to know, so that any process that sees the results folder can take part."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taco_bench.config import Experiment
from taco_bench.errors import UserError
from taco_bench.jobs.plan import Job
from taco_bench.store.cells import Store, save_json
from taco_bench.store.processes import this_process
from taco_bench.store.schema import SCHEMA_VERSION, migrated


def new_run() -> str:
    """An id for a grid."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Grid:
    """Jobs to be done.

    Attributes:
        jobs: in the order of work.
        third_party: whether third parties' plugins are loaded.
        fail_fast: whether the first failure ends it.
        run: its own id: failures of an earlier run are tried again.
        words: of the command line that asked for it, for the commands that are named to its user.
    """

    jobs: tuple[Job, ...]
    third_party: bool = True
    fail_fast: bool = False
    run: str = field(default_factory=new_run)
    words: tuple[str, ...] = ()

    def by_training(self) -> list[list[Job]]:
        """The jobs of each training: they are made one after the other, so that it is trained once."""
        groups: dict[str, list[Job]] = {}
        for job in self.jobs:
            groups.setdefault(job.training, []).append(job)
        return list(groups.values())

    def failed(self, store: Store) -> list[Job]:
        """The jobs that failed in this run."""
        return [job for job in self.jobs if store.failure(job.cell, self.run) is not None]


def grid_file(store: Store, run: str) -> Path:
    """Where a grid lies while it is worked on."""
    return store.root / "grids" / f"{run}.json"


def save_grid(grid: Grid, store: Store) -> Path:
    """Write a grid for workers to read; its path."""
    jobs = [
        {
            "experiment": job.experiment.model_dump(mode="json"),
            "seed": job.seed,
            "label": job.label,
            "parts": job.parts,
            "asked_by": job.asked_by,
        }
        for job in grid.jobs
    ]
    path = grid_file(store, grid.run)
    record = {"run": grid.run, "third_party": grid.third_party, "fail_fast": grid.fail_fast, "words": grid.words, "jobs": jobs}
    save_json(path, {"schema_version": SCHEMA_VERSION, "owner": this_process(), **record})
    return path


def load_grid(path: Path) -> Grid:
    """Read a grid.

    Raises:
        UserError: there is none, as when the run that made it has ended.
    """
    try:
        found = migrated(json.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, ValueError) as error:
        raise UserError(f"the grid cannot be read: {error}", where=str(path), hint="start it again with `taco-bench reproduce`") from None
    jobs = [_job(job) for job in found["jobs"]]
    return Grid(tuple(jobs), found["third_party"], found["fail_fast"], found["run"], tuple(found.get("words", ())))


def _job(found: dict[str, Any]) -> Job:
    asked_by = tuple((table, row) for table, row in found.get("asked_by", []))
    return Job(Experiment.model_validate(found["experiment"]), found["seed"], found["label"], found["parts"], asked_by)


def in_order(jobs: Sequence[Job]) -> list[Job]:
    """Seeds first: after a kill, or while others still run, whole rows can be compared seed by seed."""
    return sorted(jobs, key=lambda job: job.seed)
