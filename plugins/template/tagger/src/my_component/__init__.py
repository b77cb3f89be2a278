"""Parts of speech by the look of a word."""

from __future__ import annotations

import re
from collections.abc import Sequence

from taco_bench import hookimpl
from taco_bench.api import Word
from taco_bench.hookspecs import Register

LOOKS = (("PUNCT", r"[^\w\s]"), ("NUM", r"\d+"), ("DET", r"(?i:an?|the)"), ("VERB", r"\w+(?:ing|ed)"), ("NOUN", r"\w+"))


class MyComponent:
    """The first of a few patterns that fits a word: rough, but it needs no model."""

    def missing(self) -> str:
        """Always usable."""
        return ""

    def identity(self) -> str:
        """Name and version: change it with the patterns."""
        return "my-component 1"

    def tag(self, captions: Sequence[str]) -> list[list[Word]]:
        """The words of each caption, in order."""
        found = [re.finditer(r"\w+|[^\w\s]", caption) for caption in captions]
        return [[Word(word.group(), word.start(), word.end(), self._tag(word.group())) for word in words] for words in found]

    def _tag(self, word: str) -> str:
        return next(tag for tag, look in LOOKS if re.fullmatch(look, word))


@hookimpl
def taco_bench_taggers(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="parts of speech by the look of a word")
