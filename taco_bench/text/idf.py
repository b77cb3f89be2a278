"""Inverse document frequencies of words: Eq. 7 of the paper (App. A)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from taco_bench.api import Word


class Idf:
    """idf(word) = log(|D| / (1 + number of captions of D with the word)), clamped at 0; Eq. 7.

    A word is its lower-cased form; the logarithm is natural.

    Args:
        captions: D, the words of each training caption.
    """

    def __init__(self, captions: Iterable[Sequence[Word]]) -> None:
        self.frequency: Counter[str] = Counter()
        self.captions = 0
        for words in captions:
            self.captions += 1
            self.frequency.update({word.text.lower() for word in words})

    def __call__(self, word: str) -> float:
        """The idf of one word; of a word that D does not have, log |D|."""
        return max(0.0, math.log(self.captions / (1 + self.frequency[word.lower()]))) if self.captions else 0.0

    def annotate(self, words: Sequence[Word]) -> list[Word]:
        """The words with their idf."""
        return [Word(word.text, word.start, word.end, word.tag, self(word.text)) for word in words]
