"""Which cell each row of a table was last asked for: how a cell that has become stale is found again.

The cells are the truth: each says which tables had it made, so a ledger that is damaged is made again from them. Where there is none,
stale cells are merely called missing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from taco_bench.errors import UserError
from taco_bench.store.cells import Store, save_json
from taco_bench.store.schema import SCHEMA_VERSION, migrated

Rows = dict[str, dict[str, list[str]]]
"""Row to seed to the cells that were asked for, the last at the end."""

Layers = dict[str, list[dict[str, Any]]]
"""Raw options below and above those of a suite, as a table was last asked for."""

KEPT = 8
"""Cells remembered of each row and seed."""


@dataclass
class Ledger:
    """What is known of a table.

    Attributes:
        table: its title.
        rows: what was asked for.
        trainings: of those cells; not of all of them, if an earlier version of taco-bench asked.
        suite: where the suite's file lies, in full and as seen from the results folder; empty for one that is shipped.
        options: raw options "below" and "above" the suite's, with which it was asked for last.
        words: the same as words of the command line, behind the suite and the data set.
    """

    table: str
    rows: Rows = field(default_factory=dict)
    trainings: dict[str, str] = field(default_factory=dict)
    suite: list[str] = field(default_factory=list)
    options: Layers = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


def file_name(table: str) -> str:
    """A table's title as the name of a file: ``paper--table3@planted=holds``. Two titles have two names."""
    parts = [quote(part, safe="@:,+").replace(":", "=") for part in table.split("/")]
    return "--".join(part.replace("-", "%2D") if "--" in part or part[:1] == "-" or part[-1:] == "-" else part for part in parts)


def ledger_file(store: Store, table: str) -> Path:
    """Where the ledger of a table lies."""
    return store.root / "ledger" / f"{file_name(table)}.json"


def ledgers(store: Store) -> tuple[dict[str, Ledger], list[Path]]:
    """Every ledger by its table, those that are damaged made again from the cells; and the files that are damaged."""
    files = sorted((store.root / "ledger").glob("[!.]*.json"))
    found = {path: _read(path) for path in files}
    damaged = [path for path, ledger in found.items() if ledger is None]
    whole = [ledger for ledger in found.values() if ledger is not None]
    whole += [ledger for ledger in _rebuilt(store).values() if ledger_file(store, ledger.table) in damaged] if damaged else []
    return {ledger.table: ledger for ledger in whole}, damaged


def ledger_of(store: Store, table: str) -> Ledger:
    """The ledger of a table; made again from the cells where it is damaged, empty where there is none.

    Raises:
        DataError: it was written by a newer taco-bench.
    """
    path = ledger_file(store, table)
    if not path.is_file():
        return Ledger(table)
    found = _read(path)
    if found is None:
        found = _rebuilt(store).get(table)
    return found if found is not None and found.table == table else Ledger(table)


def asked(store: Store, table: str) -> Rows:
    """The cells that a table was last asked for."""
    return ledger_of(store, table).rows


def asked_options(store: Store, table: str) -> Layers:
    """The options with which a table was last asked for; no layer where it was not, or where that was not recorded."""
    return {"below": [], "above": [], **ledger_of(store, table).options}


def ask(
    store: Store,
    table: str,
    rows: Mapping[str, Mapping[int, str]],
    *,
    trainings: Mapping[str, str] | None = None,
    suite: Path | None = None,
    options: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    words: Sequence[str] = (),
) -> None:
    """Note the cells, by row and seed, that a table is asked for now.

    Args:
        store: where the ledger lies.
        table: its title.
        rows: the cells.
        trainings: of those cells.
        suite: the suite's file, where it is the user's own.
        options: raw options "below" and "above" the suite's; whoever starts from a row of the table starts from what is made with them.
        words: these options as words of the command line.

    Raises:
        UserError: another suite has the title; as :func:`refuse_namesake`.
    """
    if suite is not None:
        refuse_namesake(store, table, suite)
    ledger = ledger_of(store, table)
    for row, seeds in rows.items():
        for seed, cell in seeds.items():
            before = ledger.rows.setdefault(row, {}).get(str(seed), [])
            ledger.rows[row][str(seed)] = [*(old for old in before if old != cell), cell][-KEPT:]
    kept = {cell for seeds in ledger.rows.values() for cells in seeds.values() for cell in cells}
    known = {cell: training for cell, training in {**ledger.trainings, **(trainings or {})}.items() if cell in kept}
    where = _places(store, suite) if suite is not None else ledger.suite
    plain = json.loads(json.dumps(options or {}, default=str))  # a .py file may hold paths
    record = {"schema_version": SCHEMA_VERSION, "table": table, "options": plain, "words": list(words), "rows": ledger.rows}
    save_json(ledger_file(store, table), {**record, "trainings": known, "suite": where})


def refuse_namesake(store: Store, table: str, suite: Path) -> None:
    """Refuse a suite whose table would be taken for another suite's: files of one name in two folders.

    A file that has moved, alone or with its results, is the same suite; so is a copy of it.

    Raises:
        UserError: another file has the title.
    """
    known = ledger_of(store, table).suite
    if not known or set(known) & set(_places(store, suite)):
        return
    other = Path(known[0])
    if not other.is_file() or other.read_bytes() == suite.read_bytes():
        return
    what = f"another suite has the table {table} in this results folder: {other}"
    raise UserError(what, where=str(suite), hint="rename one of the two files, or name another folder by --results")


def _places(store: Store, suite: Path) -> list[str]:
    whole = suite.absolute()
    return [str(whole), os.path.relpath(whole, store.root.absolute())]


def _read(path: Path) -> Ledger | None:
    """A ledger; None where the file is damaged."""
    try:
        found = migrated(json.loads(path.read_text(encoding="utf-8")), str(path))
        rows = {
            str(row): {str(seed): [str(cell) for cell in cells] for seed, cells in seeds.items()} for row, seeds in found["rows"].items()
        }
        rest = (dict(found.get("options", {})), [str(word) for word in found.get("words", [])])
        return Ledger(str(found["table"]), rows, dict(found.get("trainings", {})), list(found.get("suite", [])), *rest)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _rebuilt(store: Store) -> dict[str, Ledger]:
    """Ledgers by table, from the tables that each cell was made for; what was made last is what was asked for last."""
    found: dict[str, Ledger] = {}
    cells = sorted(store.cells(), key=lambda cell: store.cell_file(cell["id"]).stat().st_mtime_ns)
    for cell in cells:
        for table, row in _asked_by(cell):
            ledger = found.setdefault(table, Ledger(table))
            seeds = ledger.rows.setdefault(row, {}).setdefault(str(cell["seed"]), [])
            seeds.append(cell["id"])
            ledger.trainings[cell["id"]] = cell["training"]
    return found


def _asked_by(cell: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    return [(str(table), str(row)) for table, row in cell.get("asked_by", [])]
