"""The tagger of the planted worlds, whose words begin with their part of speech: "det1 noun12 verb3 adp0 noun7"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from taco_bench.api import Word

WORD = re.compile(r"\w+|[^\w\s]")
TAGS = {"adp", "adv", "det", "noun", "part", "verb"}


class PlantedTagger:
    """Reads the part of speech off the word; words of another make are X."""

    def missing(self) -> str:
        """Always usable."""
        return ""

    def identity(self) -> str:
        """Name and version."""
        return "planted 1"

    def tag(self, captions: Sequence[str]) -> list[list[Word]]:
        """The words of each caption."""
        return [[Word(m.group(), m.start(), m.end(), tag_of(m.group())) for m in WORD.finditer(caption)] for caption in captions]


def tag_of(word: str) -> str:
    """The tag that a word begins with, followed by nothing but digits."""
    stem = word.lower().rstrip("0123456789")
    if stem in TAGS:
        return stem.upper()
    return "X" if any(character.isalnum() for character in word) else "PUNCT"
