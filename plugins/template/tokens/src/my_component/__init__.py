"""Long words as tokens of interest."""

from __future__ import annotations

from collections.abc import Sequence

from taco_bench import hookimpl
from taco_bench.api import Word
from taco_bench.hookspecs import Register


class MyComponent:
    """Words of at least so many letters.

    Args:
        letters: smallest number.
    """

    def __init__(self, letters: int = 5) -> None:
        self.letters = letters

    def select(self, words: Sequence[Word]) -> list[bool]:
        """One answer a word."""
        return [sum(character.isalpha() for character in word.text) >= self.letters for word in words]


@hookimpl
def taco_bench_token_selectors(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="long words, such as my-component:7")
