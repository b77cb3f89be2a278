"""A small suite as a file of a user's, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from taco_bench.errors import UserError
from taco_bench.suites.load import load_suite

GOOD = """
schema = 1
title = "Two rows"
source = "mine"
task = "retrieval"
columns = ["t2v R@1", "t2v MedR"]
metric = "t2v R@1"
control = "one"
[smallest_effect]
default = 1.0
[[row]]
name = "one"
label = "One"
options = { "losses.use" = ["l1"] }
[[row]]
name = "two"
label = "Two"
[[claim]]
name = "one over two"
better = "one"
worse = "two"
primary = true
source = "mine"
"""


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def problems(tmp_path: Path, text: str) -> list[str]:
    """The lines of the error that a file gives, without the folder."""
    with pytest.raises(UserError) as caught:
        load_suite(write(tmp_path, text))
    return [line.replace(f"{tmp_path}/", "") for line in caught.value.lines()]
