"""Errors that a user can cause: what is wrong, where, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

EXIT_CODES = {
    0: "done",
    1: "a fault of taco-bench itself; the message names the file with the traceback",
    2: "usage or configuration",
    3: "data",
    4: "plugin",
    5: "some cells failed; the rest are done",
    130: "interrupted; the same command goes on from there",
}
"""What the command line's exit codes mean."""


class UserError(Exception):
    """Something the user can mend; shown without a traceback.

    Args:
        what: what is wrong, in one sentence.
        where: the file, key, line or id that it is about.
        hint: what to do next.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        super().__init__("\n".join(self.lines()))

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel from worker processes whole."""
        return _rebuild, (type(self), self.__dict__)

    def lines(self) -> list[str]:
        """The message, a line each for what, where and hint."""
        where = [f"  where: {self.where}"] if self.where else []
        hint = [f"  try:   {self.hint}"] if self.hint else []
        return [self.what, *where, *hint]


class PassingError(Exception):
    """No fault of whatever code it passes through: it ends the work, and only who began the work may catch it."""


class ConfigError(UserError):
    """A wrong option, component name or combination of them; exit code 2.

    Args:
        problems: all that is wrong, so that one look is enough to mend it.
    """

    def __init__(self, problems: Sequence[UserError]) -> None:
        self.problems = list(problems)
        first = self.problems[0]
        self.exit_code = max(problem.exit_code for problem in self.problems)
        super().__init__(first.what, where=first.where, hint=first.hint)

    def lines(self) -> list[str]:
        """The messages of all problems, one after the other."""
        return [line for problem in self.problems for line in problem.lines()]


class InfeasibleError(UserError):
    """A configuration that is valid but does not fit this data set or machine; a suite leaves such a row out and says why."""


class DataError(UserError):
    """A data set, caption or feature that cannot be used; exit code 3."""

    exit_code = 3


class AbsentStreamError(DataError):
    """A feature stream that the data set does not have here; a suite leaves such a row out and says why, as long as another can be run."""


class PluginError(UserError):
    """A plugin that fails to load, breaks its contract, or clashes with another; exit code 4."""

    exit_code = 4


class TrainingError(UserError):
    """A training that cannot go on, such as one whose loss is NaN; exit code 5."""

    exit_code = 5


def _rebuild(kind: type[UserError], state: dict[str, Any]) -> UserError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = ("\n".join(error.lines()),)
    return error


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known words closest to ``name``, or all of them where none is close."""
    known = sorted(known)
    return did_you_mean(near(name, known)) or "known names: " + (", ".join(known) if known else "none")


def near(name: str, known: Iterable[str]) -> list[str]:
    """The known words closest to ``name``, at most three, the closest first; none where none is close."""
    return difflib.get_close_matches(name.lower(), sorted(known), n=3, cutoff=0.6)


def did_you_mean(names: Sequence[str]) -> str:
    """A hint that names them; empty where there are none."""
    return f"did you mean {' or '.join(names)}?" if names else ""
