"""What the rows of a suite are made of, which no option from outside may replace: their labels and claims would stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from taco_bench.errors import ConfigError, UserError
from taco_bench.specs import LIST_SEPARATORS
from taco_bench.suites.schema import Row, Suite

OPTIONS = {"losses.use": "--losses", "evaluation.scores": "--scores", "train.steps": "--steps", "train.init": "--init"}
"""Options of the command line that are not called like the first part of their key."""
COMPONENTS = ("encoder", "text_encoder", "tokens", "token_weights", "sampler")
"""Keys that hold components, each with an option of the command line."""


def refuse_overrides(suite: Suite, above: Sequence[Mapping[str, Any]]) -> None:
    """Refuse options that replace what makes a row.

    Args:
        suite: whose rows.
        above: raw options over the suite's.

    Raises:
        ConfigError: one of them does; with every such option.
    """
    rows = [_keys_of(row) for row in suite.rows]
    own = {key for row in rows for key in row}
    asked = dict.fromkeys(key for layer in above for key, _ in _leaves(layer))
    hit = {_option(key): match for key in asked if (match := next((mine for mine in sorted(own) if _overlap(key, mine)), None))}
    problems = [_problem(suite, option, differ=any(row.get(key) != rows[0].get(key) for row in rows)) for option, key in hit.items()]
    if problems:
        raise ConfigError(problems)


def _problem(suite: Suite, option: str, *, differ: bool) -> UserError:
    what = f"what the rows of {suite.name} differ in" if differ else f"a part of the rows of {suite.name}"
    return UserError(f"{option} is {what}", where=option, hint=f"copy the suite's file ({suite.path}), edit the copy, and give its path")


def _keys_of(row: Row) -> dict[str, str]:
    """The dotted keys that a row sets, with their values."""
    feature = {"encoder": row.feature} if row.feature else {}
    return {key: repr(value) for layer in (feature, row.options) for key, value in _leaves(layer)}


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys with their values; a component that is named alone is its type, one with a value (``cascade:8``) is all its options."""
    for name, value in tree.items():
        key = prefix + str(name).replace("-", "_")
        if isinstance(value, Mapping) and key not in LIST_SEPARATORS:
            yield from _leaves(value, key + ".")
        elif key in COMPONENTS and key not in LIST_SEPARATORS and isinstance(value, str) and ":" not in value:
            yield f"{key}.type", value
        else:
            yield "losses.use" if key == "losses" else key, value


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(other + ".") or other.startswith(one + ".")


def _option(key: str) -> str:
    """How it is written on the command line."""
    name = key.removesuffix(".type")
    if name in OPTIONS:
        return OPTIONS[name]
    return "--" + name.replace("_", "-") if name in COMPONENTS else f"--set {key}"
