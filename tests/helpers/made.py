"""A results folder made by hand: cells, trainings, leases and ledgers, without anything trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from taco_bench.store.cells import Store
from taco_bench.store.processes import started_at, this_machine

DEAD = 2**22 - 7
"""A process number that is hardly ever in use."""


def save(store: Store, cell: str, training: str = "", *, seed: int = 0) -> None:
    """A whole cell, and its training, which is done."""
    training = training or f"t-{cell}"
    store.save_cell(cell, {"seed": seed, "training": training}, {})
    train(store, training)


def train(store: Store, training: str, *, done: bool = True) -> Path:
    """A training: weights and record, or the state from which it goes on."""
    folder = store.training_folder(training)
    folder.mkdir(parents=True, exist_ok=True)
    if done:
        (folder / "model.safetensors").write_bytes(b"weights")
        store.save_training(training, {"seed": 0})
    else:
        (folder / "state.safetensors").write_bytes(b"state")
        (folder / "best.safetensors").write_bytes(b"best")
    return folder


def lease(store: Store, name: str, pid: int, **changes: Any) -> Path:
    """The lease of a process of this machine: a living one's, or a dead one's."""
    content = {"machine": this_machine(), "pid": pid, "started": started_at(pid) or "1", "label": f"label of {name}", "token": "a" * 32}
    path = store.root / "leases" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**content, "beat": 3, "progress": {"what": "steps", "done": 3, "total": 7}, **changes}), encoding="utf-8")
    return path


def files(store: Store) -> dict[str, bytes]:
    """Every file below a results folder, with its content."""
    return {path.relative_to(store.root).as_posix(): path.read_bytes() for path in sorted(store.root.rglob("*")) if path.is_file()}
