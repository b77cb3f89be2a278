"""How long work tells that it goes on, whatever shows it: a terminal, a log, or nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Advance(Protocol):
    """Moves a bar forward."""

    def __call__(self, steps: int = 1, text: str = "") -> None:
        """Move by ``steps`` and show ``text`` beside the bar."""


class Reporter(Protocol):
    """Shows progress."""

    def say(self, line: str) -> None:
        """A line that the user should see."""

    def bar(self, what: str, total: int, done: int = 0) -> AbstractContextManager[Advance]:
        """A bar of ``total`` steps of which ``done`` are behind us."""


class Named:
    """Another reporter, with a name before everything that it shows.

    Args:
        reporter: the other one.
        name: of what is going on.
    """

    def __init__(self, reporter: Reporter, name: str) -> None:
        self.reporter, self.name = reporter, name

    def say(self, line: str) -> None:
        """The line with the name."""
        self.reporter.say(f"{self.name}: {line}")

    def bar(self, what: str, total: int, done: int = 0) -> AbstractContextManager[Advance]:
        """The bar with the name."""
        return self.reporter.bar(f"{self.name}: {what}", total, done)


class Silent:
    """A reporter that shows nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    @contextmanager
    def bar(self, what: str, total: int, done: int = 0) -> Iterator[Advance]:
        """Nothing."""
        yield lambda steps=1, text="": None
