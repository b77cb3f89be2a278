"""A table as text, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tabulate import tabulate

from taco_bench.report.rows import Row, Table

UNPRINTED = ("MeanR", "ties")
"""Columns that are kept in the cells and in JSON but not printed."""


def as_text(table: Table, style: str = "simple", notes: Sequence[str] = ()) -> str:
    """The table with its header, its footer and ``notes``; ``style`` is one of tabulate's formats, "github" for Markdown."""
    columns = [column for column in table.rows[0].values if not column.endswith(UNPRINTED)]
    body = [[_label(row), *(_figure(row.values.get(column, [])) for column in columns)] for row in _with_rules(table.rows)]
    text = tabulate(
        body,
        headers=["", *columns],
        tablefmt=style,
        disable_numparse=True,
        preserve_whitespace=True,
        colalign=("left", *["right"] * len(columns)),
    )
    if style == "github":
        header, footer, below = (
            ["\n".join(f"- {line}" for line in lines)] if lines else [] for lines in (table.header, table.footer, notes)
        )
        return "\n\n".join([*header, text, *footer, *below]) + "\n"
    return "\n".join([*table.header, "", text, "", *table.footer, *notes])


def as_json(table: Table) -> dict[str, Any]:
    """The table as data: every column, one figure a seed."""
    rows = [{"label": row.label, "kind": row.kind, "values": row.values} for row in table.rows]
    return {"header": table.header, "rows": rows, "footer": table.footer}


def _with_rules(rows: list[Row]) -> list[Row]:
    """An empty row before the controls."""
    first = next((i for i, row in enumerate(rows) if row.kind == "control"), len(rows))
    return [*rows[:first], Row("controls, which must land at chance:", {}, "control"), *rows[first:]] if first < len(rows) else rows


def _label(row: Row) -> str:
    return f"  {row.label} alone" if row.kind == "part" else f"  {row.label}" if row.kind == "control" and row.values else row.label


def _figure(values: list[float]) -> str:
    if not values:
        return ""
    mean = f"{np.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ±{np.std(values, ddof=1):.1f}"
