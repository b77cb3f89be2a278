"""Which words are tokens of interest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from taco_bench.api import Word

PARTS_OF_SPEECH = {
    "ADJ": "adjectives",
    "ADP": "adpositions",
    "ADV": "adverbs",
    "AUX": "auxiliaries",
    "CCONJ": "coordinating conjunctions",
    "DET": "determiners",
    "INTJ": "interjections",
    "NOUN": "nouns",
    "NUM": "numerals",
    "PART": "particles",
    "PRON": "pronouns",
    "PROPN": "proper nouns",
    "SCONJ": "subordinating conjunctions",
    "VERB": "verbs",
    "X": "other words",
}
"""The universal parts of speech that are words (https://universaldependencies.org/u/pos/); PUNCT and SYM are not."""


class PartOfSpeech:
    """Words of one universal part of speech; a subclass each names its ``tag``."""

    tag: ClassVar[str]

    def select(self, words: Sequence[Word]) -> list[bool]:
        """True for words with the tag."""
        return [word.tag == self.tag for word in words]


def part_of_speech(tag: str) -> type[PartOfSpeech]:
    """The selector of one tag."""
    return type(f"PartOfSpeech{tag}", (PartOfSpeech,), {"tag": tag, "__module__": __name__, "__doc__": f"Words tagged {tag}."})


class AllWords:
    """All content and function words; no punctuation."""

    def select(self, words: Sequence[Word]) -> list[bool]:
        """True for words that are neither punctuation nor symbols."""
        return [word.tag in PARTS_OF_SPEECH for word in words]


class TopIdf:
    """The words of a caption with the largest idf; of equal ones the earlier.

    Args:
        fraction: share of the caption's words, rounded up.
    """

    def __init__(self, fraction: Annotated[float, Field(gt=0, le=1)] = 0.25) -> None:
        self.fraction = fraction

    def select(self, words: Sequence[Word]) -> list[bool]:
        """True for the rarest words."""
        candidates = [at for at, word in enumerate(words) if word.tag in PARTS_OF_SPEECH]
        rarest = sorted(candidates, key=lambda at: (-words[at].idf, at))
        chosen = set(rarest[: math.ceil(self.fraction * len(candidates))])
        return [at in chosen for at in range(len(words))]
