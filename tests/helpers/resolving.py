"""Options resolved with a tagger that is always there, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from taco_bench.config import Experiment
from taco_bench.errors import ConfigError
from taco_bench.plugins import load_plugins
from taco_bench.resolve import resolve

WORDLIST = {"tagger": "wordlist"}


def resolved(*layers: Mapping[str, Any]) -> Experiment:
    """Resolve with a tagger that is always there."""
    return resolve([WORDLIST, *layers], load_plugins(third_party=False))


def problems(*layers: Mapping[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        resolved(*layers)
    assert caught.value.exit_code == 2
    return ["\n".join(problem.lines()) for problem in caught.value.problems]


def one_problem(*layers: Mapping[str, Any]) -> str:
    found = problems(*layers)
    assert len(found) == 1, found
    return found[0]


def losses(*use: str, **more: Any) -> dict[str, Any]:
    return {"losses": {"use": list(use), **more}}
