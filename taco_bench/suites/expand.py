"""A suite on a data set, as rows to be made: each resolved, or with the reason why it is not run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from taco_bench.api import Task
from taco_bench.config import Experiment
from taco_bench.data.features import refuse_absent_streams
from taco_bench.errors import AbsentStreamError, ConfigError, InfeasibleError, UserError, nearest
from taco_bench.jobs.devices import resolve_device
from taco_bench.jobs.facts import Facts, facts_of
from taco_bench.jobs.plan import Line, control_lines, line_of
from taco_bench.jobs.starts import StartsOf
from taco_bench.options import options_of
from taco_bench.plugins import Component, Plugins
from taco_bench.resolve import resolve
from taco_bench.resources import registry_root
from taco_bench.suites.blame import blamed
from taco_bench.suites.overrides import refuse_overrides
from taco_bench.suites.published import reported_as
from taco_bench.suites.schema import Row, Suite

Layers = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Expanded:
    """A suite on a data set.

    Attributes:
        suite: the suite, as it is on this data set.
        data: name of the data set, as the suite knows it.
        title: of the table: the suite and how the data set was written, such as "paper/table3@planted:holds".
        seeds: of every row.
        lines: the suite's rows, in its order.
        controls: trained controls of its control row.
        reported_as: what the paper's tables call the data set; empty where they have none.
        data_options: of the data set, those that are not its defaults, in words.
        automatic: of "device" and "precision" those that were left to the machine.
        options: words of the command line behind the suite and the data set, with which the same table is made.
        asked_with: raw options "below" and "above" the suite's.
    """

    suite: Suite
    data: str
    title: str
    seeds: tuple[int, ...]
    lines: tuple[Line, ...]
    controls: tuple[Line, ...]
    reported_as: str = ""
    data_options: tuple[str, ...] = ()
    automatic: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    asked_with: Mapping[str, Layers] = field(default_factory=dict)

    @property
    def every(self) -> list[Line]:
        """Rows and controls."""
        return [*self.lines, *self.controls]

    @property
    def command(self) -> str:
        """What makes it on the command line; a file of the user's from the folder that this is called in, where it lies below."""
        own = self.suite.path.is_relative_to(registry_root())
        words = [self.suite.name if own else _from_here(self.suite.path), "--data", self.title.partition("@")[2], *self.options]
        return "taco-bench reproduce " + shlex.join(words)

    def line(self, name: str) -> Line:
        """The row of a name."""
        return next(line for line in self.lines if line.name == name)


def expand(
    suite: Suite,
    data: str,
    below: Layers,
    above: Layers,
    seeds: Sequence[int],
    plugins: Plugins,
    announce: Callable[[str], None],
    starts: StartsOf | None = None,
) -> Expanded:
    """Resolve the rows of a suite on a data set.

    Args:
        suite: what is asked for.
        data: as on the command line, such as "planted:holds".
        below: raw options beneath the suite's, such as a configuration file's.
        above: raw options over the suite's, such as the command line's.
        seeds: of every row.
        plugins: for the components.
        announce: called once with each line about what was decided in the user's place.
        starts: finds the trainings that rows start from.

    Raises:
        ConfigError: a row is not valid; names the suite's file and the row. Or an option above replaces what makes the rows.
        DataError: the data cannot be read, or every row lacks feature streams that it needs.
    """
    refuse_overrides(suite, above)
    name = data.partition(":")[0]
    suite = suite.on(name)
    said: list[str] = []

    def say(line: str) -> None:
        if line not in said:
            said.append(line)
            announce(line)

    facts: dict[str, Facts] = {}
    lines, problems, absent = list[Line](), list[tuple[Row, UserError]](), list[AbsentStreamError]()
    for row in suite.rows:
        try:
            lines.append(row_line(suite, row, data, [*below, {"data": data}], above, seeds, plugins, facts, say, starts))
        except AbsentStreamError as error:
            lines.append(Line(row.name, row.label, None, not_run=error.what))
            absent.append(error)
        except ConfigError as error:
            problems += [(row, problem) for problem in error.problems]
    if len(absent) == len(suite.rows):
        raise absent[0]
    if problems:
        raise ConfigError(blamed(problems, suite, {"data": data}, below, above, plugins))
    first = next(line for line in lines if line.name == suite.control)
    controls: tuple[Line, ...] = ()
    if first.experiment:
        controls = _controls(first, data, _facts(first.experiment, plugins, facts), seeds, plugins, starts)
    asked_with = {"below": below, "above": above}
    table = Expanded(suite, name, f"{suite.name}@{data}", tuple(seeds), tuple(lines), controls, asked_with=asked_with)
    runnable = next((line.name for line in lines if line.experiment), None)
    if runnable is None:
        return replace(table, reported_as=reported_as(plugins.get("data", name), {}))
    return _described(table, resolve([*below, {"data": data}, *suite.layers(suite.row(runnable), name), *above], plugins), plugins)


def _described(table: Expanded, asked: Experiment, plugins: Plugins) -> Expanded:
    """The table with what a row says of the data set and the device before this machine is asked."""
    component = plugins.get("data", table.data)
    _refuse_columns(table.suite, plugins.build("task", asked.task))
    return replace(
        table,
        reported_as=reported_as(component, asked.data),
        data_options=tuple(f"{key} {value}" for key, value in asked.data.items() if key != "type" and _is_told(component, key, value)),
        automatic=tuple(key for key in ("device", "precision") if getattr(asked.train, key) == "auto"),
    )


def _refuse_columns(suite: Suite, task: Task) -> None:
    """Refuse columns that the task's rows do not have, where it says which they have."""
    known = getattr(task, "columns", None)
    if known is None:
        return
    where, what = f"{suite.path}: columns", f"the task {suite.task} has no column"
    unknown = [UserError(f"{what} {name!r}", where=where, hint=nearest(name, known)) for name in suite.columns if name not in known]
    if unknown:
        raise ConfigError(unknown)


def _is_told(component: Component, key: str, value: Any) -> bool:
    """Whether a table should name an option of the data set: not its default, and no place on this machine."""
    return key not in component.locations and value != options_of(component.factory)[key].default


def _from_here(path: Path) -> str:
    here = Path.cwd()
    return str(path.resolve().relative_to(here)) if path.resolve().is_relative_to(here) else str(path)


def _controls(line: Line, written: str, facts: Facts, seeds: Sequence[int], plugins: Plugins, starts: StartsOf | None) -> tuple[Line, ...]:
    """The trained controls of a row; as with rows, their jobs name the data set, and their lines do not."""
    named = replace(line, label=f"{line.label} on {written}")
    found = control_lines(named, facts, seeds, plugins, starts)
    return tuple(replace(made, label=line.label + made.label.removeprefix(named.label)) for made in found)


def row_line(
    suite: Suite,
    row: Row,
    data: str,
    below: Layers,
    above: Layers,
    seeds: Sequence[int],
    plugins: Plugins,
    facts: dict[str, Facts],
    say: Callable[[str], None],
    starts: StartsOf | None,
) -> Line:
    """One row of a suite on a data set, which ``below`` names; other arguments as of :func:`expand`, and the facts that are known already.

    Raises:
        AbsentStreamError: the data have not the feature streams that its encoders read.
        ConfigError: the row is not valid.
    """
    name = data.partition(":")[0]
    reason = suite.not_run(row, name)
    if reason:
        return Line(row.name, row.label, None, not_run=reason)
    try:
        experiment = resolve_device(resolve([*below, *suite.layers(row, name), *above], plugins, say))
        known = _facts(experiment, plugins, facts)
        refuse_absent_streams(known.streams, [plugins.build("encoder", spec) for spec in experiment.encoder])
        made = line_of(row.name, f"{row.label} on {data}", experiment, known, seeds, plugins, starts)
    except ConfigError as error:
        if all(isinstance(problem, InfeasibleError) for problem in error.problems):
            return Line(row.name, row.label, None, not_run=error.problems[0].what)
        raise
    return replace(made, label=row.label)


def _facts(experiment: Experiment, plugins: Plugins, known: dict[str, Facts]) -> Facts:
    key = str((experiment.data, experiment.text_encoder, experiment.tagger))
    if key not in known:
        known[key] = facts_of(experiment, plugins)
    return known[key]
