"""Which cell each row of a table was last asked for: how a cell that has become stale is found again.

The cells are the truth; without the ledger stale cells are merely called missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from taco_bench.store.cells import Store, save_json
from taco_bench.store.schema import SCHEMA_VERSION, migrated

Rows = dict[str, dict[str, list[str]]]
"""Row to seed to the cells that were asked for, the last at the end."""

Layers = dict[str, list[dict[str, Any]]]
"""Raw options below and above those of a suite, as a table was last asked for."""

KEPT = 8
"""Cells remembered of each row and seed."""


def file_name(table: str) -> str:
    """A table's title as the name of a file: ``paper--table3@planted=holds``. Two titles have two names."""
    return quote(table.replace("/", "--").replace(":", "="), safe="@=,+")


def ledger_file(store: Store, table: str) -> Path:
    """Where the ledger of a table lies."""
    return store.root / "ledger" / f"{file_name(table)}.json"


def asked(store: Store, table: str) -> Rows:
    """The cells that a table was last asked for."""
    rows: Rows = _read(store, table).get("rows", {})
    return rows


def asked_options(store: Store, table: str) -> Layers:
    """The options with which a table was last asked for; no layer where it was not, or where that was not recorded."""
    return {"below": [], "above": [], **_read(store, table).get("options", {})}


def _read(store: Store, table: str) -> dict[str, Any]:
    path = ledger_file(store, table)
    try:
        found = migrated(json.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, ValueError):
        return {}
    return found if found.get("table") == table else {}


def ask(
    store: Store,
    table: str,
    rows: dict[str, dict[int, str]],
    *,
    options: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> None:
    """Note the cells, by row and seed, that a table is asked for now, and the raw options "below" and "above" the suite's.

    Whoever starts from a row of the table starts from what is made with these options.
    """
    known = asked(store, table)
    for row, seeds in rows.items():
        for seed, cell in seeds.items():
            before = known.setdefault(row, {}).get(str(seed), [])
            known[row][str(seed)] = [*(old for old in before if old != cell), cell][-KEPT:]
    plain = json.loads(json.dumps(options or {}, default=str))  # a .py file may hold paths
    save_json(ledger_file(store, table), {"schema_version": SCHEMA_VERSION, "table": table, "options": plain, "rows": known})
