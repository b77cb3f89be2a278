"""Words alone: what is done where no token selector reads parts of speech."""

from __future__ import annotations

from collections.abc import Sequence

from taco_bench.api import Word
from taco_bench_text.wordlist import WORD


class Split:
    """Cuts captions at blanks and signs; words are tagged X and signs PUNCT, in any language."""

    def missing(self) -> str:
        """Always usable."""
        return ""

    def identity(self) -> str:
        """Name and version."""
        return "nobody (split 1)"

    def tag(self, captions: Sequence[str]) -> list[list[Word]]:
        """The words of each caption."""
        return [[_word(m.group(), m.start()) for m in WORD.finditer(caption)] for caption in captions]


def _word(text: str, start: int) -> Word:
    return Word(text, start, start + len(text), "X" if any(map(str.isalnum, text)) else "PUNCT")
