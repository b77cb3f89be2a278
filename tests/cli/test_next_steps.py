"""What a run names to be tried next: every line is a command that can be given as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from helpers.cli import ONE, Cli

from taco_bench.cli.main import main
from taco_bench.cli.options import each_alone, grid, seeds_of, shared
from taco_bench.cli.run_output import next_steps
from taco_bench.cli.words import words_of
from taco_bench.config import Experiment
from taco_bench.plugins import load_plugins
from taco_bench.resolve import resolve

pytest_plugins = ("helpers.fixtures",)


def parsed(command: str) -> tuple[click.Command, dict[str, Any]]:
    """A verb and its options; click refuses what it does not know."""
    program, verb, *arguments = shlex.split(command, comments=True)
    assert program == "taco-bench"
    with click.Context(main) as context:
        found = main.get_command(context, verb)
        assert found is not None, verb
        return found, found.make_context(verb, arguments, parent=context).params


def experiments(options: dict[str, Any]) -> list[Experiment]:
    """What a run's options come to, as the run resolves them."""
    below, above = shared(options)
    return [resolve([below, raw, *above], load_plugins(third_party=False)) for _, raw in grid(options)]


def told(*arguments: str) -> tuple[list[str], list[Experiment]]:
    """The commands that are named after a run's first table, and the run's experiments."""
    _, options = parsed(shlex.join(["taco-bench", "run", *arguments]))
    made = experiments(options)
    text = next_steps(made[0], len(seeds_of(options, 1)), words_of(next(each_alone(options))))
    head, *lines = text.strip().splitlines()
    assert head == "try next:"
    return [line.strip() for line in lines], made


def plain(line: str) -> str:
    """A command without what it is for."""
    return re.split(r" +# ", line)[0]


PLANTED = ("--data", "planted:holds", "--set", "data.seed=3", "--set", "data.noise=0.5", "--encoder", "planted", "--results", "my results")
CASES = [
    (),
    ("--seeds", "3"),
    PLANTED,
    (*PLANTED, "--sampler", "random", "--sampler", "cascade", "--set", "sampler.hard_negatives=3", "--steps", "7"),
    (*PLANTED, "--sampler", "cascade", "--steps", "7", "--tokens", "noun", "--tokens", "verb", "--seed", "4"),
    (*PLANTED, "--set", "tokens=noun", "--set", "sampler=cascade", "--no-control"),
    (*PLANTED, "--losses", "l1,l3", "--tokens", "none", "--metric-convention", "howto100m"),
    (*PLANTED, "--losses", "l1", "--task", "step-localization", "--task", "retrieval"),
    (*PLANTED, "--init", "0123abc", "--steps", "0"),
    ("--side-by-side", *PLANTED, "--losses", "l1,l2,l3", "--losses", "l1,l3", "--steps", "5", "--steps", "9"),
]


@pytest.mark.parametrize("arguments", CASES)
def test_every_line_is_a_command_with_the_options_that_were_given(arguments: tuple[str, ...]) -> None:
    commands, (first, *_) = told(*arguments)
    assert commands[-1].startswith("taco-bench list ")
    for command in commands:
        verb, options = parsed(command)
        if verb.name != "run":
            continue
        changed = {"sampler": {"sampler"}, "tokens": {"tokens"}}.get(plain(command).split(" --")[-1].split()[0], set())
        for made in experiments(options):
            kept = {"sampler", "tokens"} & changed
            assert made.model_dump(exclude=kept) == first.model_dump(exclude=kept), command
        if "--results" in arguments:
            assert options["results"] == "my results"
        assert options["seed"] == (int(arguments[arguments.index("--seed") + 1]) if "--seed" in arguments else None)


def test_what_is_named() -> None:
    commands, _ = told("--data", "planted", "--steps", "5", "--sampler", "cascade", "--sampler", "random")
    assert [plain(command) for command in commands] == [
        "taco-bench run --data planted --sampler cascade --steps 5 --seeds 3",
        "taco-bench run --data planted --steps 5 --sampler cascade --sampler random",
        "taco-bench run --data planted --sampler cascade --steps 5 --tokens noun,verb --tokens det,adp",
        "taco-bench list",
    ]
    assert plain(told("--seeds", "2")[0][0]) == "taco-bench run --seeds 2 --sampler cascade --sampler random"


def test_what_was_not_trained_is_not_trained_again() -> None:
    assert told(*PLANTED, "--init", "0123abc", "--steps", "0")[0] == ["taco-bench list  # everything that can be put in its place"]


def test_each_table_of_a_run_names_its_own(cli: Cli, tmp_path: Path) -> None:
    made = cli(*ONE, "--data", "smaller", "--losses", "l1", "--set", "train.batch_size=4", "--results", tmp_path / "here")
    commands = re.findall(r"^  (taco-bench run.*?)(?:  |$)", made.out, re.MULTILINE)
    assert commands == [
        f"taco-bench run --data {name} --losses l1 --set train.batch_size=4 --results {tmp_path / 'here'} --no-control --seeds 3"
        for name in ("small", "smaller")
    ]
    assert cli(*shlex.split(commands[1])[1:]).code == 0
