"""Whether a row may stand beside the paper's: the fields of the protocol in which its cells differ from what the paper states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taco_bench.config import SECTIONS
from taco_bench.report.rows import Cell, start_of
from taco_bench.store.identity import protocol
from taco_bench.suites.published import published
from taco_bench.suites.schema import Suite

Departures = Mapping[str, Sequence[str]]
"""By name of a row: the fields in which it departs from the paper's protocol, each in words."""


def departures(suite: Suite, reported_as: str, cells: Mapping[str, Sequence[Cell]]) -> dict[str, list[str]]:
    """For each row with cells and a row of the paper: the fields that differ; nothing on data that are not the paper's.

    Args:
        suite: whose rows.
        reported_as: what the paper calls the data set; empty where it has no figures on it.
        cells: the finished cells of each row.
    """
    if suite.paper is None or not published(suite.paper).reports_on(reported_as):
        return {}
    rows = [row for row in suite.rows if row.paper_row and cells.get(row.name)]
    return {row.name: _differing(suite.paper, str(row.paper_row), reported_as, cells[row.name][0]) for row in rows}


def _differing(table: str, row: str, data: str, cell: Cell) -> list[str]:
    """Of one cell: what the paper states comes first, then what the task's card settles where the paper is silent."""
    ours, stated = facts(cell), published(table).protocol_of(row, data)
    settled = {key: value for key, value in _settled(cell).items() if key not in stated}
    found = [f"{key} {ours[key]}, the paper's {_spelt(value)}" for key, value in stated.items() if _differs(key, value, ours)]
    found += _start(bool(start_of(cell)), any(key.startswith("start.") for key in stated))
    return found + [
        f"{key} {ours[key]}, where the paper states nothing and the protocol has {_spelt(value)}"
        for key, value in settled.items()
        if _differs(key, value, ours)
    ]


def _start(ours: bool, stated: bool) -> list[str]:
    """Whether a row starts from another training is part of the protocol, whatever that training is."""
    scratch, other = "from scratch", "from another training"
    return [] if ours == stated else [f"it starts {other if ours else scratch}, the paper's {other if stated else scratch}"]


def _differs(key: str, value: Any, ours: Mapping[str, Any]) -> bool:
    """A field that the row does not have, such as K' of a row without fusion, differs from nothing."""
    return ours.get(key) is not None and ours[key] != _spelt(value)


def _spelt(value: Any) -> Any:
    """Streams in one order: R-152+S3D-HM is S3D-HM+R-152."""
    return "+".join(sorted(value.split("+"))) if isinstance(value, str) else value


def facts(cell: Cell) -> dict[str, Any]:
    """What a cell was made of, flat, under the dotted names of ``registry/paper``."""
    splits = {name: {"clips": int(told.split()[0])} for name, told in cell.get("splits", {}).items()}
    found = {
        key: _spelt(value)
        for key, value in _flat({**cell["experiment"], "pool": cell.get("pool", {}), "splits": splits, "start": start_of(cell)}).items()
    }
    return found | {"encoder": _spelt("+".join(spec["type"] for spec in cell["experiment"].get("encoder", ())))}


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return found


def _settled(cell: Cell) -> dict[str, Any]:
    """The options that the task's card settles, at their defaults; those that follow from others, and so have none, are left out."""
    task = cell["experiment"].get("task", {}).get("type", "")
    options = [option for choice in protocol(task).get("choice", []) for option in choice.get("option", "").split(", ") if option]
    found: dict[str, Any] = {}
    for option in options:
        section, _, name = option.partition(".")
        field = SECTIONS[section].model_fields.get(name) if section in SECTIONS else None
        if field is not None and field.default not in ((), None):
            found[option] = field.default
    return found
