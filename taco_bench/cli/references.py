"""Cells as people name them: ``paper/table3@babyai:full``, with ``:SEED``, or the first digits of an id."""

from __future__ import annotations

import re
from typing import Any

from taco_bench.errors import UserError, nearest
from taco_bench.resolve import DEFAULTS
from taco_bench.store.cells import Store
from taco_bench.store.ledger import asked

HINT = "a row such as paper/table3@babyai:full, one seed of it (...:full:0), or an id from results/cells"


def cells_of(reference: str, store: Store) -> list[dict[str, Any]]:
    """The cells that a reference names, by seed.

    Raises:
        UserError: nothing is named so, or an id is not unique.
    """
    return _by_row(reference, store) if ":" in reference or "/" in reference else _by_id(reference, store)


def _by_id(prefix: str, store: Store) -> list[dict[str, Any]]:
    folder = store.root / "cells"
    found = sorted(path.stem for path in folder.glob(f"{prefix}*.json")) if re.fullmatch(r"[0-9a-f]{3,16}", prefix) else []
    if len(found) != 1:
        what = f"{len(found)} cells have ids that begin with {prefix!r}" if found else f"there is no cell {prefix!r}"
        raise UserError(what, where=str(folder), hint=", ".join(found) if found else HINT)
    return [_whole(found[0], store)]


def _by_row(reference: str, store: Store) -> list[dict[str, Any]]:
    parts = reference.split(":")
    seed = parts.pop() if parts[-1].isdigit() and len(parts) > 2 else None
    row, title = parts[-1], ":".join(parts[:-1])
    title = title if "@" in title else f"{title}@{DEFAULTS['data']}"
    rows = asked(store, title)
    if row not in rows:
        hint = nearest(row, rows) if rows else HINT + "; `taco-bench status` names the tables"
        raise UserError(f"no row {row!r} was asked for in {title!r}", where=str(store.root), hint=hint)
    found = [cell for at in sorted(rows[row], key=int) if seed in (None, at) and (cell := _latest(rows[row][at], store)) is not None]
    if not found:
        raise UserError(f"no cell of {reference!r} is there", where=str(store.root), hint=f"taco-bench reproduce {title.partition('@')[0]}")
    return found


def _latest(cells: list[str], store: Store) -> dict[str, Any] | None:
    return next((found for cell in reversed(cells) if (found := store.cell(cell)) is not None), None)


def _whole(cell: str, store: Store) -> dict[str, Any]:
    found = store.cell(cell)
    if found is None:
        raise UserError(f"the cell {cell} is not whole", where=str(store.cell_file(cell)), hint="run the command that made it again")
    return found
