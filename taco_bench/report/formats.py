"""A suite's table as text, Markdown, LaTeX, CSV and JSON; the same store gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from tabulate import tabulate

from taco_bench.report.claims import Judged
from taco_bench.report.suite_table import SuiteRow, SuiteTable

CLAIM_COLUMNS = ("claim", "verdict", "difference", "seeds 95 %", "queries 95 %", "p", "p adjusted", "detectable", "smallest of interest")
STYLES = {"text": "simple", "md": "github", "tex": "latex_booktabs"}


def text_of(table: SuiteTable, style: str = "text", notes: Sequence[str] = ()) -> str:
    """The table for people: "text", "md" or "tex"."""
    format_ = STYLES[style]
    parts = [_lines(table.header, style), _rows(table, format_)]
    if table.claims:
        parts += [_claims(table, format_), _lines([f"{judged.claim.name}: {_reason(judged)}" for judged in table.claims], style)]
    parts += [_lines(table.footer, style), _lines(notes, style)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _lines(lines: Sequence[str], style: str) -> str:
    mark = {"text": "", "md": "- ", "tex": "% "}[style]
    return "\n".join(mark + " ".join(line.split()) for line in lines)  # a note of several lines would leave its list or comment


def _rows(table: SuiteTable, style: str) -> str:
    paper = [column for column in table.columns if any(column in row.paper for row in table.rows)]
    headers = ["", *table.columns, *(f"paper {column}" for column in paper)]
    body: list[list[str]] = []
    for at, row in enumerate(table.rows):
        if row.kind == "control" and (at == 0 or table.rows[at - 1].kind != "control"):
            body.append(["controls, which must land at chance:", *[""] * (len(headers) - 1)])
        label = f"  {row.label}" if row.kind == "control" else row.label
        if row.status and not row.values:
            body.append([f"{label}  ({row.status})", *[""] * (len(headers) - 1)])
            continue
        figures = [_figure(row.values.get(column, [])) for column in table.columns]
        body.append([f"{label} ({row.status})" if row.status else label, *figures, *(_paper(row, column) for column in paper)])
    return _tabulated(body, headers, style, ["left", *["right"] * (len(headers) - 1)])


def _claims(table: SuiteTable, style: str) -> str:
    body = [
        [
            judged.claim.name + (" (primary)" if judged.claim.primary else ""),
            judged.verdict.word,
            _signed(judged.verdict.mean) + ("" if judged.paper_effect is None else f" (paper {judged.paper_effect:+.1f})"),
            _interval(judged.verdict.interval),
            _interval(judged.query_interval),
            _number(judged.verdict.p),
            _number(judged.verdict.p_adjusted),
            ""
            if judged.verdict.detectable is None
            else "none"
            if np.isinf(judged.verdict.detectable)
            else f"{judged.verdict.detectable:.1f}",
            f"{judged.verdict.smallest_effect:g}",
        ]
        for judged in table.claims
    ]
    return _tabulated(body, [f"claims, {table.metric}", *CLAIM_COLUMNS[1:]], style, ["left", "left", *["right"] * 7])


def _tabulated(body: Sequence[Sequence[str]], headers: Sequence[str], style: str, align: Sequence[str]) -> str:
    if style == "github":
        body = [[cell.replace("|", "\\|") for cell in row] for row in body]
    return str(
        tabulate(body, headers=headers, tablefmt=style, disable_numparse=True, preserve_whitespace=style == "simple", colalign=align)
    )


def _reason(judged: Judged) -> str:
    return f"{judged.verdict.word}: {judged.verdict.reason}"


def _figure(values: Sequence[float]) -> str:
    if not values:
        return ""
    mean = f"{np.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ±{np.std(values, ddof=1):.1f}"


def _paper(row: SuiteRow, column: str) -> str:
    return f"{row.paper[column]:g}" if column in row.paper else ""


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}"


def _interval(found: tuple[float, float] | None) -> str:
    return "" if found is None else f"[{found[0]:+.1f}, {found[1]:+.1f}]"


def _number(value: float | None) -> str:
    return "" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def csv_of(table: SuiteTable) -> str:
    """One line a row, column and seed, and the paper's figure beside it; no seed for controls that have none."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["row", "label", "kind", "column", "seed", "value", "paper"])
    for row in table.rows:
        for column in table.columns:
            for seed, value in zip(row.seeds or (None,), row.values.get(column, []), strict=False):
                lines.writerow([row.name, row.label, row.kind, column, seed, value, row.paper.get(column)])
    return text.getvalue()


def json_of(*tables: SuiteTable) -> str:
    """Everything, with the ids of the cells behind each row; a list where there are several tables."""
    found = [_table_json(table) for table in tables]
    return json.dumps(found[0] if len(found) == 1 else found, indent=1, ensure_ascii=False)


def _table_json(table: SuiteTable) -> dict[str, Any]:
    rows = [
        {
            **{key: getattr(row, key) for key in ("name", "label", "kind", "status", "values", "paper")},
            "cells": list(row.cells),
            "seeds": list(row.seeds),
        }
        for row in table.rows
    ]
    head = {key: getattr(table, key) for key in ("title", "header", "columns")}
    return {**head, "rows": rows, "claims": [_claim_json(judged) for judged in table.claims], "footer": table.footer}


def _claim_json(judged: Judged) -> dict[str, Any]:
    verdict = judged.verdict
    finite = None if verdict.detectable is None or np.isinf(verdict.detectable) else verdict.detectable
    return {
        "name": judged.claim.name,
        "better": judged.claim.better,
        "worse": judged.claim.worse,
        "primary": judged.claim.primary,
        **{key: getattr(verdict, key) for key in ("word", "reason", "seeds", "mean", "p", "p_adjusted", "interval", "smallest_effect")},
        "query_interval": judged.query_interval,
        "detectable": finite,
        "seeds_needed": verdict.seeds_needed,
        "paper_effect": judged.paper_effect,
        "differences": {str(seed): value for seed, value in judged.differences.items()},
    }
