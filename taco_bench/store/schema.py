"""The version of a record on disk, and how records of older versions are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taco_bench.errors import DataError

Record = dict[str, Any]
SCHEMA_VERSION = 2


def _to_2(record: Record) -> Record:
    """Version 2 added why an id is what it is, what chance gives by column, and what the splits are and share."""
    return {"parts": None, "sources": {}, "chance": {}, "leaks": [], "splits": {}, **record}


CELL_TYPES: dict[str, type | tuple[type, ...]] = {
    "training": str,
    "seed": int,
    "experiment": dict,
    "rows": dict,
    "controls": dict,
    "chance": dict,
    "pool": dict,
    "queries": dict,
    "splits": dict,
    "cost": dict,
    "parts": (dict, type(None)),
}
"""What the entries of a cell are, of whatever version."""


def is_cell(record: Record, name: str) -> bool:
    """Whether a record is a cell of this name, as far as its entries tell: one that something else wrote is as good as damaged."""
    if not isinstance(record.get("schema_version", 0), int) or record.get("id", name) != name:
        return False
    if not all(isinstance(record[key], type_) for key, type_ in CELL_TYPES.items() if key in record):
        return False
    return all(isinstance(row, dict) for row in record.get("rows", {}).values())


MIGRATIONS: dict[int, Callable[[Record], Record]] = {1: _to_2}
"""From each older version to the next."""


def migrated(record: Any, where: str) -> Record:
    """The record as this version writes it; the file stays as it is.

    Raises:
        DataError: it was written by a newer taco-bench.
        ValueError: it is no record at all.
    """
    if not isinstance(record, dict):
        raise ValueError(f"{where} holds no record")
    version = record.get("schema_version", 0)
    if version > SCHEMA_VERSION:
        what = f"a record has the schema version {version}, this taco-bench reads up to {SCHEMA_VERSION}"
        raise DataError(what, where=where, hint="upgrade taco-bench, or name another folder by --results")
    while version in MIGRATIONS:
        record = MIGRATIONS[version](record)
        version += 1
    return {**record, "schema_version": version}
