"""What a results folder holds."""

from __future__ import annotations

from typing import Any

from taco_bench.store.cells import UNFINISHED, Store
from taco_bench.store.leases import is_surely_dead
from taco_bench.store.ledger import Ledger, ledgers
from taco_bench.store.processes import this_machine


def overview(store: Store) -> dict[str, Any]:
    """Numbers of cells and trainings, tables asked for, leases and failures; ready for JSON."""
    cells = {path.stem for path in (store.root / "cells").glob("[!.]*.json")}
    whole = {cell for cell in cells if store.has(cell)}
    trainings = [path for path in (store.root / "trainings").glob("*") if path.is_dir()]
    done = [path for path in trainings if store.training(path.name) is not None]
    tables, damaged = ledgers(store)
    return {
        "root": str(store.root),
        "cells": len(whole),
        "broken": sorted(cells - whole),
        "trainings": len(done),
        "unfinished": sum((path / UNFINISHED[0]).is_file() for path in trainings if path not in done),
        "tables": [_table(ledger, whole) for ledger in tables.values()],
        "damaged": [f"ledger/{path.name}" for path in damaged],
        "running": [_running(name, lease) for name, lease in store.leases.all().items()],
        "failed": store.failures(),
    }


def titles(store: Store) -> list[str]:
    """The tables that were asked for."""
    return list(ledgers(store)[0])


def _table(ledger: Ledger, cells: set[str]) -> dict[str, Any]:
    wanted = {found[-1] for seeds in ledger.rows.values() for found in seeds.values()}  # rows may share cells
    return {"title": ledger.table, "cells": len(wanted), "done": len(cells & wanted)}


def _running(training: str, lease: dict[str, Any]) -> dict[str, Any]:
    shown = {key: lease.get(key) for key in ("label", "machine", "pid", "progress")}
    return {"training": training, **shown, "alive": not is_surely_dead(lease), "here": lease.get("machine") == this_machine()}
