"""Tables as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from taco_bench.atomic import replace_text
from taco_bench.store.cells import Store


def save_table(store: Store, name: str, texts: Mapping[str, str]) -> Path:
    """Save a table in one or several forms, by the ending of the file; the path of the first."""
    paths = []
    for ending, text in texts.items():
        paths.append(store.root / "tables" / f"{name}.{ending}")
        replace_text(paths[-1], text)
    return paths[0]
