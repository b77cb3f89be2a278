"""Captions and words as data sets and taggers give them, the odd ones too."""

from __future__ import annotations

import re

from taco_bench.api import Word

CAPTIONS = (
    "a man is chopping tomatoes",
    "A woman pours the red sauce into the pan, and stirs it.",
    "two dogs run",
    "go",
    "the man doesn't e-mail his mother-in-law",
    "una mujer corta 3 tomates rápidamente",
    "женщина режет лук",
    "男の人が料理をしている",
    "🍅 tomato 🍅",
    "  blanks   everywhere  ",
    "…!?",
)
"""In English, in other languages and scripts, with pictures, and without any word."""

LONG = " ".join(["she cuts it and then she stirs the pan again"] * 40)
"""400 words, as an article or a transcript has."""

TRAINING = ("a man is chopping tomatoes", "two dogs run", "a woman stirs the sauce", "the man walks to the red door")
"""Plain ones to learn a vocabulary from."""

TAGS = ("NOUN", "VERB", "DET", "ADJ", "ADP", "ADV", "AUX", "PRON", "PROPN", "NUM", "CCONJ", "SCONJ", "PART", "INTJ", "PUNCT", "SYM", "X")
"""All universal parts of speech (https://universaldependencies.org/u/pos/)."""


def words_of(caption: str, *, idf: bool = True) -> list[Word]:
    """The words of a caption with every tag in turn, and with an idf that differs from word to word; or 0 for all."""
    found = enumerate(re.finditer(r"\w+|[^\w\s]", caption))
    return [
        Word(match.group(), match.start(), match.end(), TAGS[(at + len(caption)) % len(TAGS)], (at * 7 % 5) / 2 if idf else 0.0)
        for at, match in found
    ]
