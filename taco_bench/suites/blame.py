"""Whose mistake a row's problem is: of the command line, of the configuration file, of the suite's own options, or of the row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from taco_bench.errors import ConfigError, UserError
from taco_bench.plugins import Plugins
from taco_bench.resolve import resolve
from taco_bench.suites.schema import Row, Suite

Layers = Sequence[Mapping[str, Any]]


def blamed(
    found: Sequence[tuple[Row, UserError]], suite: Suite, data: Mapping[str, Any], below: Layers, above: Layers, plugins: Plugins
) -> list[UserError]:
    """The problems of all rows, each mistake once, with the place where it was made.

    A problem that is there without the rows was not made in a row: the layers from outside, and then those of the suite, are resolved
    alone, and what is wrong with them already is theirs.

    Args:
        found: each row with what is wrong with it.
        suite: whose rows.
        data: the layer that names the data set.
        below: layers beneath the suite's: the configuration file's.
        above: layers over the suite's: the command line's.
        plugins: for the components.
    """
    config = _problems([*below, data], plugins) if any(below) else set()
    outside = _problems([*below, data, *above], plugins)
    shared = _problems([*below, data, *suite.shared_layers(str(data["data"]).partition(":")[0]), *above], plugins)
    told: dict[tuple[str, str], UserError] = {}
    for row, problem in found:
        key = (problem.what, problem.where)
        if key in config:
            told[key] = _at(problem, f"the configuration file, {problem.where}")
        elif key in outside:
            told[key] = _at(problem, f"--set {problem.where}" if re.fullmatch(r"[a-z_]+\.[\w.]+", problem.where) else problem.where)
        elif key in shared:
            told[key] = _at(problem, f"{suite.path}: options, {problem.where}")
        else:
            told[(problem.what, f"{row.name} {problem.where}")] = _at(problem, f"{suite.path}: row {row.name!r}, {problem.where}")
    return list(told.values())


def _problems(layers: Layers, plugins: Plugins) -> set[tuple[str, str]]:
    try:
        resolve(layers, plugins)
    except ConfigError as error:
        return {(problem.what, problem.where) for problem in error.problems}
    return set()


def _at(problem: UserError, where: str) -> UserError:
    return type(problem)(problem.what, where=where, hint=problem.hint)
