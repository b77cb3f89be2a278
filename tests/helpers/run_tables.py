"""Reads what `run` prints, and counts the steps that it took."""

from __future__ import annotations

import re
from pathlib import Path

COLUMNS = [f"{way} {name}" for way in ("t2v", "v2t") for name in ("R@1", "R@5", "R@10", "MedR")]


def rows_of(text: str) -> dict[str, list[str]]:
    """The rows of a printed table by label, each with its figures in COLUMNS; they are the table's first."""
    found = {}
    for line in text.splitlines():
        cells = re.split(r"\s{2,}", line.strip())
        if len(cells) > len(COLUMNS) and cells[0] not in COLUMNS and not set(cells[0]) <= {"-"}:
            found[cells[0]] = cells[1 : len(COLUMNS) + 1]
    return found


def table_of(out: str) -> str:
    """What is printed up to the line with the time."""
    return out[: re.search(r"^\d+ s in all", out, re.MULTILINE).start()]


def steps_taken(folder: Path) -> int:
    return len((folder / "calls").read_text().splitlines()) if (folder / "calls").exists() else 0
