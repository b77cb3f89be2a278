"""What a results folder holds."""

from __future__ import annotations

import json
from typing import Any

from taco_bench.store.cells import UNFINISHED, Store
from taco_bench.store.leases import is_surely_dead
from taco_bench.store.ledger import asked
from taco_bench.store.processes import this_machine


def overview(store: Store) -> dict[str, Any]:
    """Numbers of cells and trainings, tables asked for, leases and failures; ready for JSON."""
    cells = {path.stem for path in (store.root / "cells").glob("[!.]*.json")}
    whole = {cell for cell in cells if store.has(cell)}
    trainings = [path for path in (store.root / "trainings").glob("*") if path.is_dir()]
    done = [path for path in trainings if store.training(path.name) is not None]
    return {
        "root": str(store.root),
        "cells": len(whole),
        "broken": sorted(cells - whole),
        "trainings": len(done),
        "unfinished": sum((path / UNFINISHED[0]).is_file() for path in trainings if path not in done),
        "tables": [_table(store, title, whole) for title in titles(store)],
        "running": [_running(name, lease) for name, lease in store.leases.all().items()],
        "failed": store.failures(),
    }


def titles(store: Store) -> list[str]:
    """The tables that were asked for."""
    found = []
    for path in sorted((store.root / "ledger").glob("[!.]*.json")):
        try:
            found.append(str(json.loads(path.read_text(encoding="utf-8"))["table"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # it can be made again
    return found


def _table(store: Store, title: str, cells: set[str]) -> dict[str, Any]:
    wanted = {found[-1] for seeds in asked(store, title).values() for found in seeds.values()}  # rows may share cells
    return {"title": title, "cells": len(wanted), "done": len(cells & wanted)}


def _running(training: str, lease: dict[str, Any]) -> dict[str, Any]:
    shown = {key: lease.get(key) for key in ("label", "machine", "pid", "progress")}
    return {"training": training, **shown, "alive": not is_surely_dead(lease), "here": lease.get("machine") == this_machine()}
