"""A suite's table as text, Markdown, LaTeX, CSV and JSON; the same store gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from tabulate import tabulate

from taco_bench.report.claims import Judged
from taco_bench.report.suite_table import SuiteRow, SuiteTable
from taco_bench.stats.reasons import p_number

CLAIM_COLUMNS = (
    "claim", "verdict", "difference", "seeds 95 %", "queries 95 %", "p", "p adjusted", "smallest of interest",
    "detectable, seeds", "detectable, queries",
)  # fmt: skip
DETECTABLE = (
    "detectable: the true difference that is found with 80 % power, by as many seeds on these queries, and on as many other queries"
)
CSV_COLUMNS = ("row", "label", "kind", "column", "seed", "value", "paper", "paper as read")
STYLES = {"text": "simple", "md": "github", "tex": "latex_booktabs"}


def text_of(table: SuiteTable, style: str = "text", notes: Sequence[str] = ()) -> str:
    """The table for people: "text", "md" or "tex"."""
    format_ = STYLES[style]
    parts = [_lines(table.header, style), _rows(table, format_), _lines(_absent(table), style)]
    if table.claims:
        reasons = [f"{judged.claim.name}: {judged.verdict.word}: {judged.verdict.reason}" for judged in table.claims]
        parts += [_claims(table, format_), _lines([*reasons, *_of_power(table)], style)]
    parts += [_lines(table.footer, style), _lines(notes, style)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _lines(lines: Sequence[str], style: str) -> str:
    mark = {"text": "", "md": "- ", "tex": "% "}[style]
    return "\n".join(mark + _one_line(line) for line in lines)  # a note of several lines would leave its list or comment


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _rows(table: SuiteTable, style: str) -> str:
    paper = [column for column in table.columns if any(column in row.paper for row in table.rows)]
    headers = ["", *table.columns, *(f"paper {column}" for column in paper)]
    body: list[list[str]] = []
    for at, row in enumerate(table.rows):
        if row.kind == "control" and (at == 0 or table.rows[at - 1].kind != "control"):
            body.append(["controls, which must land at chance:", *[""] * (len(headers) - 1)])
        figures = [_figure(row.values.get(column, [])) for column in table.columns]
        body.append([_label(row), *figures, *(f"{row.paper[column]:g}" if column in row.paper else "" for column in paper)])
    return _tabulated(body, headers, style, ["left", *["right"] * (len(headers) - 1)])


def _label(row: SuiteRow) -> str:
    """The label, with the word of its status; its reason stands below the table, where it widens no column."""
    word = row.status.partition(": ")[0]
    return ("  " if row.kind == "control" else "") + _one_line(row.label) + (f" ({word})" if word else "")


def _absent(table: SuiteTable) -> list[str]:
    """Why rows have no figures, or too few; a reason that several share once."""
    alike: dict[str, list[str]] = {}
    for row in table.rows:
        if ": " in row.status:
            alike.setdefault(row.status, []).append(row.label)
    return [f"{'; '.join(labels)}: {status}" for status, labels in alike.items()]


def _claims(table: SuiteTable, style: str) -> str:
    body = [
        [
            judged.claim.name + (" (primary)" if judged.claim.primary else ""),
            judged.verdict.word,
            _signed(judged.verdict.mean) + ("" if judged.paper_effect is None else f" (paper {judged.paper_effect:+.1f})"),
            interval_text(judged.verdict.interval),
            interval_text(judged.query_interval),
            *("" if p is None else p_number(p) for p in (judged.verdict.p, judged.verdict.p_adjusted)),
            f"{judged.verdict.smallest_effect:g}",
            *(_detectable(effect) for effect in (judged.verdict.detectable, judged.query_detectable)),
        ]
        for judged in table.claims
    ]
    return _tabulated(body, [f"claims, {table.metric}", *CLAIM_COLUMNS[1:]], style, ["left", "left", *["right"] * (len(CLAIM_COLUMNS) - 2)])


def _detectable(effect: float | None) -> str:
    return "" if effect is None else "none" if np.isinf(effect) else f"{effect:.1f}"


def _of_power(table: SuiteTable) -> list[str]:
    known = any(judged.verdict.detectable is not None or judged.query_detectable is not None for judged in table.claims)
    return [DETECTABLE] if known else []


def _tabulated(body: Sequence[Sequence[str]], headers: Sequence[str], style: str, align: Sequence[str]) -> str:
    if style == "github":
        body = [[cell.replace("|", "\\|") for cell in row] for row in body]
    return str(
        tabulate(body, headers=headers, tablefmt=style, disable_numparse=True, preserve_whitespace=style == "simple", colalign=align)
    )


def _figure(values: Sequence[float]) -> str:
    if not values:
        return ""
    mean = f"{np.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ±{np.std(values, ddof=1):.1f}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}"


def interval_text(found: tuple[float, float] | None) -> str:
    """An interval of differences, in points; empty where there is none."""
    return "" if found is None else f"[{found[0]:+.1f}, {found[1]:+.1f}]"


def csv_of(table: SuiteTable) -> str:
    """One line a row, column and seed, and the paper's figure beside it; no seed for controls that have none."""
    import pandas as pd  # half a second: only where it is asked for

    lines = [
        (row.name, row.label, row.kind, column, seed, value, row.paper.get(column), row.readings.get(column))
        for row in table.rows
        for column in table.columns
        for seed, value in zip(row.seeds or (None,), row.values.get(column, []), strict=False)
    ]
    frame = pd.DataFrame(lines, columns=list(CSV_COLUMNS)).astype({"seed": "Int64", "value": "float64", "paper": "float64"})
    return str(frame.to_csv(index=False, lineterminator="\n"))


def json_of(*tables: SuiteTable) -> str:
    """Everything, with the ids of the cells behind each row; a list where there are several tables."""
    found = [_table_json(table) for table in tables]
    return json.dumps(found[0] if len(found) == 1 else found, indent=1, ensure_ascii=False)


def _table_json(table: SuiteTable) -> dict[str, Any]:
    rows = [
        {
            **{key: getattr(row, key) for key in ("name", "label", "kind", "status", "values", "paper")},
            "paper_as_read": row.readings,
            "not_comparable": list(row.departures),
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
        "query_detectable": judged.query_detectable,
        "detectable": finite,
        "seeds_needed": verdict.seeds_needed,
        "paper_effect": judged.paper_effect,
        "differences": {str(seed): value for seed, value in judged.differences.items()},
    }
