"""Long words as tokens of interest."""

from __future__ import annotations

from collections.abc import Sequence

from taco_bench import hookimpl
from taco_bench.api import Word
from taco_bench.hookspecs import Register


class MyComponent:
    """Words of at least so many characters.

    Args:
        length: smallest number.
    """

    def __init__(self, length: int = 5) -> None:
        self.length = length

    def select(self, words: Sequence[Word]) -> list[bool]:
        """One answer a word."""
        return [len(word.text) >= self.length for word in words]


@hookimpl
def taco_bench_token_selectors(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="long words, such as my-component:7")
