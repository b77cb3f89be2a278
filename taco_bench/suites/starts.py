"""Trainings that others start from, by the row of a suite or by their id; none of them has to be finished to be known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taco_bench.errors import ConfigError, DataError, InfeasibleError, UserError, nearest
from taco_bench.jobs.facts import Facts
from taco_bench.jobs.starts import ID, parse_reference
from taco_bench.plugins import Plugins
from taco_bench.store.cells import Store
from taco_bench.store.ledger import asked, asked_options
from taco_bench.suites.expand import row_line
from taco_bench.suites.load import load_suite

Parts = dict[str, Any]


class Starts:
    """Finds starts (:class:`taco_bench.jobs.starts.StartsOf`).

    A row of a suite is taken with the options with which the results folder was last asked for that table, else as the suite has it.
    Where its data are not here, the trainings that were made for it serve.

    Args:
        store: the results folder.
        plugins: for the components.
        say: called with what a user should know.
    """

    def __init__(self, store: Store, plugins: Plugins, say: Callable[[str], None] = lambda _: None) -> None:
        self.store, self.plugins, self.say = store, plugins, say
        self._open: list[str] = []  # references that are being followed, the outermost first
        self._known: dict[tuple[str, tuple[int, ...]], list[Parts]] = {}
        self._facts: dict[str, Facts] = {}

    def __call__(self, reference: str, seeds: Sequence[int]) -> list[Parts]:
        """The parts of the training of each seed; of an id the same for all.

        Raises:
            ConfigError: nothing is named so, or it cannot be told what it is.
        """
        key = (reference, tuple(seeds))
        if key not in self._known:
            try:
                self._known[key] = [self._by_id(reference)] * len(seeds) if ID.fullmatch(reference) else self._by_row(reference, seeds)
            except ConfigError:
                raise
            except UserError as error:
                raise ConfigError([error]) from None
        return self._known[key]

    def _by_id(self, prefix: str) -> Parts:
        folder = self.store.root / "trainings"
        names = sorted(path.name for path in folder.glob(f"{prefix}*") if self.store.training(path.name) is not None)
        if len(names) != 1:
            what = f"{len(names)} trainings have ids that begin with {prefix!r}" if names else f"there is no finished training {prefix!r}"
            raise UserError(what, where=str(folder), hint=", ".join(names) or "`taco-bench explain CELL` shows the id of its training")
        record = self.store.training(names[0]) or {}
        if "parts" not in record:
            what = f"the training {names[0]} does not say what it was made of: it is of an earlier taco-bench"
            raise UserError(what, where=str(folder / names[0]), hint="train it again")
        if record["parts"]["configuration"]["train"]["shuffle_captions"]:
            what = f"the training {names[0]} is a control, trained on shuffled captions"
            raise UserError(what, where="--init", hint="name the training that it controls: the last lines of `taco-bench run` have its id")
        return dict(record["parts"])

    def _by_row(self, reference: str, seeds: Sequence[int]) -> list[Parts]:
        name, data, row = parse_reference(reference)
        suite = load_suite(name)
        found = next((one for one in suite.rows if one.name == row), None)
        if found is None:
            raise UserError(f"{suite.name} has no row {row!r}", where="--init", hint=nearest(row, [one.name for one in suite.rows]))
        if reference in self._open:
            raise UserError(f"{reference} starts from itself", where="--init", hint=" -> ".join([*self._open, reference]))
        title = f"{suite.name}@{data}"
        options = asked_options(self.store, title)
        self._open.append(reference)
        try:
            line = row_line(
                suite.on(data.partition(":")[0]),
                found,
                data,
                [*options["below"], {"data": data}],
                options["above"],
                seeds,
                self.plugins,
                self._facts,
                lambda _: None,
                self,
            )
        except DataError as error:
            return self._made(reference, asked(self.store, title).get(row, {}), seeds, error)
        except ConfigError as error:
            first = min(error.problems, key=lambda problem: problem.where != "--data")  # an unknown data set has no encoders either
            raise ConfigError([_unknown(reference, first.what, first.hint)]) from None
        finally:
            self._open.pop()
        if line.not_run:
            raise _unknown(reference, line.not_run)
        return [job.parts["training"] for job in line.jobs]

    def _made(self, reference: str, cells: Mapping[str, Sequence[str]], seeds: Sequence[int], error: DataError) -> list[Parts]:
        """What was made for a row whose data are not here."""
        made = [self._last(cells.get(str(seed), [])) for seed in seeds]
        found = [parts for parts in made if parts is not None]
        if len(found) < len(seeds):
            raise _unknown(reference, error.what, error.hint)
        self.say(f"{reference} as it was made last: its data are not here ({error.what})")
        return found

    def _last(self, cells: Sequence[str]) -> Parts | None:
        records = (self.store.cell(cell) for cell in reversed(cells))
        return next((dict(record["parts"]["training"]) for record in records if record and record["parts"]), None)


def _unknown(reference: str, reason: str, hint: str = "") -> UserError:
    """A start of which cannot be told what it is: a row without one is not run."""
    return InfeasibleError(f"it starts from {reference}, which cannot be planned here: {reason}", where="--init", hint=hint)
