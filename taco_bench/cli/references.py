"""Cells as people name them: ``paper/table3@babyai:full``, with ``:SEED``, or the first digits of an id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from taco_bench.errors import UserError, nearest
from taco_bench.resolve import DEFAULTS
from taco_bench.store.cells import Store
from taco_bench.store.ledger import Rows, asked
from taco_bench.store.overview import titles

HINT = "a row such as paper/table3@babyai:full, one seed of it (...:full:0), or an id from results/cells"


@dataclass(frozen=True)
class Found:
    """What a reference names.

    Attributes:
        cells: by seed.
        notes: what must be told wherever they are shown: that a seed has no cell, or not the one that was asked for last.
    """

    cells: list[dict[str, Any]]
    notes: list[str]


def cells_of(reference: str, store: Store) -> Found:
    """The cells that a reference names.

    Raises:
        UserError: nothing is named so, or an id is not unique.
    """
    return _by_row(reference, store) if set(reference) & set(":/@") else _by_id(reference, store)


def _by_id(prefix: str, store: Store) -> Found:
    folder = store.root / "cells"
    found = sorted(path.stem for path in folder.glob(f"{prefix}*.json")) if re.fullmatch(r"[0-9a-f]{3,16}", prefix) else []
    if len(found) != 1:
        what = f"{len(found)} cells have ids that begin with {prefix!r}" if found else f"there is no cell {prefix!r}"
        raise UserError(what, where=str(folder), hint=", ".join(found) if found else HINT)
    return Found([_whole(found[0], store)], [])


def _by_row(reference: str, store: Store) -> Found:
    title, row, seed = _read(reference, store)
    seeds = asked(store, title)[row]
    if seed is not None and seed not in seeds:
        raise UserError(f"{title}:{row} has no seed {seed}", where=str(store.root), hint="seeds: " + ", ".join(sorted(seeds, key=int)))
    found = {at: cell for at in sorted(seeds, key=int) if seed in (None, at) and (cell := _latest(seeds[at], store)) is not None}
    if not found:
        suite, _, data = title.partition("@")
        whys = dict.fromkeys(damage for at in seeds if seed in (None, at) and (damage := store.damage(seeds[at][-1])))
        damaged = f"; damaged: {'; '.join(whys)}" if whys else ""
        what = f"no cell of {reference!r} is there{damaged}"
        raise UserError(what, where=str(store.root), hint=f"taco-bench reproduce {suite} --data {data}")
    wanted = [at for at in sorted(seeds, key=int) if seed in (None, at)]
    absent = [f"{title}:{row}, seed {at}: {_absence(seeds[at][-1], store)}" for at in wanted if at not in found]
    return Found(list(found.values()), [*absent, *_older(f"{title}:{row}", found, seeds)])


def _absence(cell: str, store: Store) -> str:
    """Why a cell is not there: "its cell is damaged: cells/96f8.json is cut off, or no JSON"."""
    damage = store.damage(cell)
    return f"its cell is damaged: {damage}" if damage else f"its cell {cell} is missing"


def _older(row: str, found: dict[str, dict[str, Any]], seeds: dict[str, list[str]]) -> Iterator[str]:
    """Seeds in whose place an earlier cell stands, and whether the others are newer: then two configurations are in one row."""
    older = [at for at, cell in found.items() if cell["id"] != seeds[at][-1]]
    if older:
        mixed = "" if len(older) == len(found) else "; the other seeds are of a newer configuration"
        which = ("seed " if len(older) == 1 else "seeds ") + ", ".join(older)
        yield f"{row}, {which}: what was asked for last is not there; an earlier cell is taken{mixed}"


def _read(reference: str, store: Store) -> tuple[str, str, str | None]:
    """Table, row and seed; a data set's name may hold colons, and a row's may be a number.

    Raises:
        UserError: there is no such table or row.
    """
    readings = [(title, row, seed, asked(store, title)) for title, row, seed in _readings(reference)]
    for title, row, seed, rows in readings:
        if row in rows:
            return title, row, seed
    raise _unknown(reference, readings, store)


def _readings(reference: str) -> Iterator[tuple[str, str, str | None]]:
    parts = reference.split(":")
    if parts[-1].isdecimal() and len(parts) > 2:
        yield _title(parts[:-2]), parts[-2], str(int(parts[-1]))
    yield _title(parts[:-1]), parts[-1], None


def _title(parts: list[str]) -> str:
    title = ":".join(parts)
    return title if "@" in title else f"{title}@{DEFAULTS['data']}"


def _unknown(reference: str, readings: list[tuple[str, str, str | None, Rows]], store: Store) -> UserError:
    where = str(store.root)
    whole = asked(store, _title([reference]))
    if whole:
        return UserError(f"which row of {reference!r}?", where=where, hint="rows: " + ", ".join(whole))
    for title, row, _, rows in readings:
        if rows:
            return UserError(f"no row {row!r} was asked for in {title!r}", where=where, hint=nearest(row, rows))
    title, known = readings[0][0], titles(store)
    named, _, data = title.partition("@")
    others = [f"{other}:{row}" for other in known if other.partition("@")[0] in (named, reference) for row in asked(store, other)]
    if "@" not in reference and others:
        what = f"{others[0].partition('@')[0]!r} was not asked for on {data}, the data set where none is named"
        return UserError(what, where=where, hint="there is " + ", ".join(others))
    return UserError(f"no table {title!r} was asked for", where=where, hint=nearest(title, known) if known else HINT)


def _latest(cells: list[str], store: Store) -> dict[str, Any] | None:
    return next((found for cell in reversed(cells) if (found := store.cell(cell)) is not None), None)


def _whole(cell: str, store: Store) -> dict[str, Any]:
    found = store.cell(cell)
    if found is None:
        raise UserError(
            f"the cell {cell} is damaged, not whole: {store.damage(cell)}",
            where=str(store.cell_file(cell)),
            hint="run the command that made it again",
        )
    return found
