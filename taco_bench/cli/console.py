"""Progress on a terminal, by rich; plain lines where stderr is no terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from taco_bench.reporting import SECONDS_BETWEEN_LINES, Advance, left


class Terminal:
    """A reporter that draws bars on stderr, several at once; a context manager around all of them."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}"),
            console=self.console,
            refresh_per_second=4,
            disable=not self.console.is_terminal,
        )

    def __enter__(self) -> Terminal:
        """Start drawing."""
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing."""
        self.progress.stop()

    def say(self, line: str) -> None:
        """A line above the bars."""
        self.console.print(line, markup=False)

    @contextmanager
    def bar(self, what: str, total: int, done: int = 0) -> Iterator[Advance]:
        """A bar; without a terminal a line at every tenth of the way, and every ten seconds."""
        task = self.progress.add_task(what, total=total, completed=done, text="")
        position, told, last, began = done, done * 10 // max(1, total), time.monotonic(), time.monotonic()

        def advance(steps: int = 1, text: str = "") -> None:
            nonlocal position, told, last
            position += steps
            self.progress.update(task, advance=steps, text=text or self.progress.tasks[task].fields["text"])
            tenth, late = position * 10 // max(1, total), time.monotonic() - last > SECONDS_BETWEEN_LINES
            if not self.console.is_terminal and ((total >= 100 and tenth > told) or late):
                known = " left" in text  # whoever gives the text knows better
                rest = left(position - done, total - done, time.monotonic() - began) if late and not known else ""
                told, last = tenth, time.monotonic()
                self.say(f"{what}: {position}/{total}{rest}  {text}".rstrip())

        try:
            yield advance
        finally:
            if self.console.is_terminal and position < total:
                self.progress.remove_task(task)
