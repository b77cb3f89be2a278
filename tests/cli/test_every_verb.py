"""What holds for every verb alike."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from taco_bench.cli.main import VERBS

REPO = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "mmengine", "transformers", "tokenizers", "spacy", "sklearn", "scipy", "pandas")
ALL = f"""
import sys
from taco_bench.cli.main import call
for verb in {list(VERBS)}:
    assert call([verb, "--help"]) == 0, verb
    loaded = [name for name in {HEAVY} if name in sys.modules]
    assert not loaded, (verb, loaded)
"""


def test_no_help_imports_anything_heavy() -> None:
    """In one process: what an earlier verb imported is the earlier verb's fault, and it is named."""
    found = subprocess.run([sys.executable, "-P", "-c", ALL], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("Usage: taco-bench ") == len(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_readme_shows_every_verb(verb: str) -> None:
    assert re.search(rf"\btaco-bench {verb}\b", (REPO / "README.md").read_text(encoding="utf-8"))


def test_every_verb_has_its_module_and_every_module_its_verb() -> None:
    import taco_bench.cli

    folder = Path(taco_bench.cli.__file__).parent
    assert {path.stem.removesuffix("_") for path in folder.glob("[!_]*_.py")} == set(VERBS)
