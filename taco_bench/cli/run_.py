"""``taco-bench run``: one configuration, or the grid that repeated options make."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from taco_bench.errors import UserError

GRID = ("data", "encoder", "text_encoder", "task", "tokens", "token_weights", "sampler", "losses", "scores", "steps")
"""Options that make a grid when they are repeated."""

EXAMPLES = """\b
Examples:
  taco-bench run --sampler cascade --tokens noun,verb
  taco-bench run --sampler cascade --sampler random --seeds 3
  taco-bench run --side-by-side --losses l1,l2,l3 --losses l1 --steps 1800 --steps 6400
  taco-bench run --tokens top-idf:0.25 --set losses.token_loss_weight=0.1
  taco-bench run --data msrvtt1k --set data.root=FOLDER --text-encoder minilm
"""


@click.command(epilog=EXAMPLES)
@click.option("--data", multiple=True, help="Data set.  [default: babyai]")
@click.option("--encoder", multiple=True, help="Encoders, such as tiles+motion.  [default: the data set's]")
@click.option("--text-encoder", multiple=True, help="Text encoder.  [default: the data set's, else bert]")
@click.option("--task", multiple=True, help="Task.  [default: retrieval]")
@click.option("--tokens", multiple=True, help="Tokens of interest: noun,verb; all; top-idf:0.25; none leaves L2 out.  [default: noun,verb]")
@click.option("--token-weights", multiple=True, help="Their weights.  [default: idf]")
@click.option("--sampler", multiple=True, help="Negatives of L3: cascade, random, sentence, all.  [default: cascade]")
@click.option("--losses", multiple=True, help="Losses trained.  [default: l1,l2,l3]")
@click.option("--scores", multiple=True, help="Scores summed at test time: sentence,token,fusion.  [default: the trained ones]")
@click.option("--seed", type=click.IntRange(min=0), default=None, help="First seed.  [default: 0]")
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="Number of seeds.")
@click.option("--steps", type=click.IntRange(min=0), multiple=True, help="Optimizer steps.  [default: the data set's]")
@click.option("--set", "assignments", multiple=True, metavar="A.B=C", help="Any other option; `taco-bench show options` lists them.")
@click.option("--config", type=click.Path(), default=None, help="A .py, .yaml or .json file with options; the command line overrides it.")
@click.option("--on-missing", type=click.Choice(["error", "skip"]), default=None, help="Clips without features.  [default: error]")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default=None, help="Where to train.  [default: auto]")
@click.option("--results", default=None, help="Results folder.  [default: TACO_BENCH_RESULTS, else ./results]")
@click.option("--no-control", is_flag=True, help="Leave out the training on shuffled captions.")
@click.option("--side-by-side", is_flag=True, help="Take repeated options side by side instead of in all combinations.")
@click.option("--force", is_flag=True, help="Train again what is there already.")
@click.option("--quiet", is_flag=True, help="No progress; the table alone.")
@click.option("--json", "as_json", is_flag=True, help="The table as JSON on stdout.")
@click.pass_obj
def command(obj: dict[str, Any], /, **options: Any) -> int:
    """Train and evaluate configurations, and print their table.

    Each configuration is trained once a seed, and the first of them once more on shuffled captions, which must land at chance. What is
    in the results folder already is not trained again; an interrupted training goes on where it was.
    """
    points = list(grid(options))
    seeds = [(options["seed"] or 0) + i for i in range(options["seeds"])]
    shared = _shared(options)
    with _reporter(options) as reporter:
        from taco_bench.cli.run_jobs import run  # torch is imported below here

        outcome = run(
            points,
            shared,
            seeds,
            reporter,
            third_party=obj["third_party"],
            results=options["results"],
            control=not options["no_control"],
            force=options["force"],
        )
    return outcome.show(quiet=options["quiet"], json_=options["as_json"])


def grid(options: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each point of the grid: its label, made of what differs between points, and its raw options."""
    axes = [[(name, value) for value in options[name]] for name in GRID if options[name]]
    for point in _side_by_side(axes) if options["side_by_side"] else itertools.product(*axes):
        empty = [name for name, value in point if value == ""]
        if empty:
            option = "--" + empty[0].replace("_", "-")
            raise UserError(f"{option} is empty", where=option, hint=f"leave it out, or `taco-bench list {empty[0].replace('_', '-')}`")
        differing = [f"{name} {value}" for name, value in point if len(options[name]) > 1]
        raw: dict[str, Any] = {}
        for name, value in point:
            if name == "losses":
                raw["losses"] = {"use": value.split(",")}
            elif name == "scores":
                raw["evaluation"] = {"scores": value.split(",")}
            elif name == "steps":
                raw["train"] = {"steps": value}
            else:
                raw[name] = value
        yield ", ".join(differing), raw


def _side_by_side(axes: Sequence[Sequence[tuple[str, Any]]]) -> Iterator[tuple[tuple[str, Any], ...]]:
    """The first value of every option, then the second of every one, and so on; an option given once holds for all."""
    many = max(map(len, axes), default=1)
    for axis in axes:
        if len(axis) not in (1, many):
            option = "--" + axis[0][0].replace("_", "-")
            what = f"{option} is given {len(axis)} times, but another option {many} times"
            raise UserError(what, where="--side-by-side", hint="give each option once, or the same number of times")
    return zip(*(axis if len(axis) == many else list(axis) * many for axis in axes), strict=True)


def _shared(options: dict[str, Any]) -> list[dict[str, Any]]:
    """Raw options that hold for every point, in two layers: the configuration file's, and those that go above the grid."""
    above: dict[str, Any] = {"train": {"device": options["device"]}} if options["device"] else {}
    if options["on_missing"]:
        above["on_missing"] = options["on_missing"]
    return [_config_file(options["config"]), above, *_assigned(options["assignments"])]


def _config_file(path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    from mmengine.config import Config

    try:
        found = Config.fromfile(path).to_dict()
        if not isinstance(found, dict):
            raise UserError("it holds no options by name")
        return dict(found)
    except Exception as error:  # mmengine raises many kinds
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UserError(
            f"the configuration file cannot be read: {reason}", where=path, hint="a .py, .yaml or .json file of options"
        ) from None


def _assigned(assignments: Sequence[str]) -> list[dict[str, Any]]:
    """A layer for each assignment, so that ``sampler=random`` and ``sampler.hard_negatives=3`` add up."""
    from taco_bench.specs import nested

    layers = []
    for text in assignments:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UserError(f"--set {text!r} is not of the form a.b=c", where="--set", hint="--set train.learning_rate=0.001")
        layers.append(nested({key.replace("-", "_"): _value(value)}))
    return layers


def _value(text: str) -> Any:
    """A value as JSON where it is JSON, such as 3, true, null or [1, 2]; else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return None if text == "none" else text


@contextmanager
def _reporter(options: dict[str, Any]) -> Iterator[Any]:
    if options["quiet"] or options["as_json"]:
        from taco_bench.reporting import Silent

        yield Silent()
        return
    from taco_bench.cli.console import Terminal

    with Terminal() as terminal:
        yield terminal
