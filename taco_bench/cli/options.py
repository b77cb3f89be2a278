"""Options that run, plan, reproduce and table share, and what becomes of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from taco_bench.errors import UserError

GRID = ("data", "encoder", "text_encoder", "task", "tokens", "token_weights", "sampler", "losses", "scores", "init", "steps")
"""Options that make a grid when they are repeated."""

F = TypeVar("F", bound=Callable[..., Any])

EXPERIMENT = (
    click.option("--data", multiple=True, help="Data set.  [default: babyai]"),
    click.option("--encoder", multiple=True, help="Encoders, such as tiles+motion.  [default: the data set's]"),
    click.option("--text-encoder", multiple=True, help="Text encoder.  [default: the data set's, else bert]"),
    click.option("--task", multiple=True, help="Task.  [default: retrieval]"),
    click.option("--tokens", multiple=True, help="Tokens of interest: noun,verb; all; top-idf:0.25; none.  [default: noun,verb]"),
    click.option("--token-weights", multiple=True, help="Their weights.  [default: idf]"),
    click.option("--sampler", multiple=True, help="Negatives of L3: cascade, random, sentence, all.  [default: cascade]"),
    click.option("--losses", multiple=True, help="Losses trained.  [default: l1,l2,l3]"),
    click.option("--scores", multiple=True, help="Scores summed at test time: sentence,token,fusion.  [default: the trained ones]"),
    click.option("--seed", type=click.IntRange(min=0), default=None, help="First seed.  [default: 0]"),
    click.option("--seeds", type=click.IntRange(min=1), default=None, help="Number of seeds.  [default: 1; of a suite 5]"),
    click.option("--init", multiple=True, metavar="TRAINING", help="Training to start from: an id, or SUITE@DATA:ROW.  [default: none]"),
    click.option(
        "--steps",
        type=click.IntRange(min=0),
        multiple=True,
        help="Optimizer steps; 0: evaluate the start as it is.  [default: the data set's]",
    ),
    click.option("--set", "assignments", multiple=True, metavar="A.B=C", help="Any other option; `taco-bench show options` lists them."),
    click.option("--config", type=click.Path(), default=None, help="A .py, .yaml or .json file of options, below the command line's."),
    click.option(
        "--metric-convention",
        type=click.Choice(["expected", "howto100m"]),
        default=None,
        help="How tied scores count: on average, or as in the field's public code.  [default: expected]",
    ),
    click.option("--on-missing", type=click.Choice(["error", "skip"]), default=None, help="Clips without features.  [default: error]"),
    click.option("--acknowledge", default=None, metavar="LEAK", help="Go on although the splits share something, such as same-video."),
    click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default=None, help="Where to train.  [default: auto]"),
    click.option("--results", default=None, help="Results folder.  [default: TACO_BENCH_RESULTS, else ./results]"),
)

CONTROL = (click.option("--no-control", is_flag=True, help="Leave out the training on shuffled captions."),)

LAUNCH = (
    click.option("--workers", type=click.IntRange(min=1), default=None, help="Worker processes.  [default: one a GPU, or what fits]"),
    click.option("--per-gpu", type=click.IntRange(min=1), default=None, help="Workers that share a GPU.  [default: 1]"),
    click.option("--launcher", default="local", show_default=True, help="What starts the workers."),
)

WORK = (
    *LAUNCH,
    click.option("--fail-fast", is_flag=True, help="Stop at the first cell that fails."),
    *CONTROL,
    click.option("--force", is_flag=True, help="Train again what is there already."),
)

OUTPUT = (
    click.option("--quiet", is_flag=True, help="No progress; the table alone."),
    click.option("--json", "as_json", is_flag=True, help="As JSON on stdout."),
)


def with_options(*groups: Sequence[Callable[[F], F]]) -> Callable[[F], F]:
    """A decorator that adds groups of options, in their order."""

    def decorate(function: F) -> F:
        for option in reversed([option for group in groups for option in group]):
            function = option(function)
        return function

    return decorate


MOST_SEEDS = 1_000
"""Of each row; what one call can plan."""


def seeds_of(options: dict[str, Any], usual: int) -> list[int]:
    """The seeds asked for.

    Raises:
        UserError: too many.
    """
    if (options["seeds"] or 0) > MOST_SEEDS:
        raise UserError(f"{options['seeds']} seeds are too many for one call", where="--seeds", hint=f"--seeds {MOST_SEEDS} at most")
    return [(options["seed"] or 0) + i for i in range(options["seeds"] or usual)]


def grid(options: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each point of the grid: its label, made of what differs between points, and its raw options."""
    for point in _points(options):
        yield ", ".join(f"{name} {value}" for name, value in point if len(set(options[name])) > 1), _raw(point)


def each_alone(options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The options of each point of the grid alone."""
    for point in _points(options):
        yield {**options, **dict.fromkeys(GRID, ()), **{name: (value,) for name, value in point}}


def _points(options: dict[str, Any]) -> Iterator[tuple[tuple[str, Any], ...]]:
    """Those of the grid, each once: a value that is given twice makes no second row."""
    axes = [[(name, value) for value in options[name]] for name in GRID if options[name]]
    yield from dict.fromkeys(_side_by_side(axes) if options.get("side_by_side") else itertools.product(*axes))


def once(options: dict[str, Any]) -> dict[str, Any]:
    """The raw options of a suite's verb: all but the data sets, each at most once."""
    many = [name for name in GRID if name != "data" and len(options[name]) > 1]
    if many:
        option = "--" + many[0].replace("_", "-")
        raise UserError(
            f"{option} is given {len(options[many[0]])} times, but a suite is a grid already", where=option, hint="give it once"
        )
    return _raw([(name, options[name][0]) for name in GRID if name != "data" and options[name]])


def _raw(point: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    for name, value in point:
        if value == "":
            option = "--" + name.replace("_", "-")
            raise UserError(f"{option} is empty", where=option, hint=f"leave it out, or `taco-bench list {name.replace('_', '-')}`")
        if name == "losses":
            raw["losses"] = {"use": value.split(",")}
        elif name == "scores":
            raw["evaluation"] = {"scores": value.split(",")}
        elif name == "steps":
            raw.setdefault("train", {})["steps"] = value
        elif name == "init":
            raw.setdefault("train", {})["init"] = None if value == "none" else value
        else:
            raw[name] = value
    return raw


def _side_by_side(axes: Sequence[Sequence[tuple[str, Any]]]) -> Iterator[tuple[tuple[str, Any], ...]]:
    """The first value of every option, then the second of every one, and so on; an option given once holds for all."""
    many = max(map(len, axes), default=1)
    for axis in axes:
        if len(axis) not in (1, many):
            option = "--" + axis[0][0].replace("_", "-")
            what = f"{option} is given {len(axis)} times, but another option {many} times"
            raise UserError(what, where="--side-by-side", hint="give each option once, or the same number of times")
    return zip(*(axis if len(axis) == many else list(axis) * many for axis in axes), strict=True)


def shared(options: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Raw options that hold for every point: the layer of the configuration file, and those that go above the grid."""
    above: dict[str, Any] = {"train": {"device": options["device"]}} if options["device"] else {}
    above |= {name: options[name] for name in ("on_missing", "acknowledge") if options[name]}
    above |= {"evaluation": {"metric_convention": options["metric_convention"]}} if options["metric_convention"] else {}
    if options.get("no_control"):
        above["controls"] = "constant-scores"
    return _config_file(options["config"]), [above, *_assigned(options["assignments"])]


def launcher_of(options: dict[str, Any]) -> dict[str, Any]:
    """The launcher's spec."""
    given = {name: options[name] for name in ("workers", "per_gpu") if options[name] is not None}
    return {"type": options["launcher"], **given}


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


def options_of_one(kind: str, assignments: Sequence[str]) -> dict[str, Any]:
    """The options of the one component of a kind that a verb takes: ``kind.option=value``, or ``option=value``."""
    merged: dict[str, Any] = {}
    for layer in _assigned(assignments):
        merged |= layer.get(kind, layer)
    return merged


def _value(text: str) -> Any:
    """A value as JSON where it is JSON, such as 3, true, null or [1, 2]; else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return None if text == "none" else text


@contextmanager
def reporter_of(options: dict[str, Any]) -> Iterator[Any]:
    """Bars on a terminal; nothing where the table alone is asked for."""
    if options.get("quiet") or options.get("as_json"):
        from taco_bench.reporting import Silent

        yield Silent()
        return
    from taco_bench.cli.console import Terminal

    with Terminal() as terminal:
        yield terminal
