"""Every ``taco-bench run``, ``plan`` and ``reproduce`` of the README is valid: all options resolve, before any file is looked at."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from taco_bench.cli import plan_, reproduce_, run_
from taco_bench.cli.options import grid, once, seeds_of, shared
from taco_bench.config import Experiment
from taco_bench.errors import ConfigError
from taco_bench.plugins import load_plugins
from taco_bench.resolve import DEFAULTS, resolve
from taco_bench.suites.load import load_suite

README = Path(__file__).parents[2] / "README.md"
VERBS: dict[str, click.Command] = {"run": run_.command, "plan": plan_.command, "reproduce": reproduce_.command}
COMMAND = re.compile(rf"^    .*?taco-bench ((?:{'|'.join(VERBS)}) \S.*?)(?:  .*| +#.*)?$", re.MULTILINE)
"""An indented line; what follows two blanks or a number sign is an explanation."""
OF_PLUGINS = ("tokens 'long-words'", "sampler 'my-sampler'", "data 'folder'")
"""Components of the plugins that the README shows: all that a command may lack."""


def commands() -> list[str]:
    return COMMAND.findall(README.read_text(encoding="utf-8"))


def experiments(command: str) -> Iterator[Experiment]:
    """What a command asks for: each point of a grid, or each row of a suite that is run on the data."""
    verb, *words = shlex.split(command)
    options: dict[str, Any] = VERBS[verb].make_context(verb, words).params
    seeds_of(options, 1)
    below, above = shared(options)
    if verb == "run":
        for _, raw in grid(options):
            yield resolve([below, raw, *above], load_plugins())
        return
    suite = load_suite(options["suite"])
    for data in options["data"] or (DEFAULTS["data"],):
        name = data.partition(":")[0]
        on = suite.on(name)
        for row in on.rows:
            if not on.not_run(row, name):
                yield resolve([below, {"data": data}, *on.layers(row, name), once(options), *above], load_plugins())


def test_the_readme_has_them() -> None:
    found = commands()
    naive = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("    ")]
    assert len(found) == sum(f"taco-bench {verb} " in line for line in naive for verb in VERBS) > 15
    assert "run --sampler cascade --tokens noun,verb" in found
    assert "plan paper/table3 --seeds 8" in found
    assert {verb for verb in VERBS if any(line.startswith(verb) for line in found)} == {*VERBS}


@pytest.mark.parametrize("command", commands())
def test_it_resolves(command: str) -> None:
    lacks = [component for component in OF_PLUGINS if component.split("'")[1] in shlex.split(command.replace(":", " "))]
    if not lacks:
        assert list(experiments(command))
        return
    with pytest.raises(ConfigError) as caught:
        list(experiments(command))
    assert caught.value.problems[0].what == f"unknown {lacks[0]}"


def test_what_does_not_resolve_would_be_found() -> None:
    with pytest.raises(ConfigError, match="positions"):
        list(experiments("run --data ms-tcn --set model.positions=512"))
