"""How long work tells that it goes on, whatever shows it: a terminal, a log, or nobody."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

SECONDS_BETWEEN_LINES = 10.0


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


def left(done: float, total: float, seconds: float) -> str:
    """How long the rest takes if ``done`` of ``total`` steps took these seconds: ", about 12 min left"; empty where nothing is known."""
    if done <= 0 or done >= total:
        return ""
    rest = (total - done) * seconds / done
    told = f"{rest:.0f} s" if rest < 90 else f"{rest / 60:.0f} min" if rest < 5400 else f"{rest / 3600:.1f} h"
    return f", about {told} left"


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


class Lines:
    """A reporter for places that are given none: plain lines on stderr, with bars told when they begin and every ten seconds."""

    def say(self, line: str) -> None:
        """The line."""
        print(line, file=sys.stderr, flush=True)

    @contextmanager
    def bar(self, what: str, total: int, done: int = 0) -> Iterator[Advance]:
        """A line now and then."""
        position, last, began = done, time.monotonic(), time.monotonic()

        def advance(steps: int = 1, text: str = "") -> None:
            nonlocal position, last
            position += steps
            if time.monotonic() - last > SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                rest = left(position - done, total - done, last - began)
                self.say(f"{what}: {position}/{total}{rest}  {text}".rstrip())

        yield advance
