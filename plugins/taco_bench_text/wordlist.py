"""A tagger without a model: closed word classes by list, open ones by ending and by the word before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from taco_bench.api import Word

CLOSED = {
    "DET": "a an the this that these those each every some any all both no another",
    "ADP": "in on at to of for with by from into onto over under between through around up down off out near beside behind along "
    "across against above below inside upon about toward towards during after before",
    "PRON": "i you he she it we they him her them his its their my your our who what which someone something one",
    "AUX": "is are was were be been being am has have had do does did can could will would should may might must",
    "CCONJ": "and or but nor",
    "SCONJ": "if because while when until as since although whether",
    "PART": "not n't 's",
    "ADV": "then there here very now just again slowly quickly together away back well once finally",
    "NUM": "zero one two three four five six seven eight nine ten",
    "ADJ": "red green blue yellow purple grey gray black white brown orange pink big small large little new old young hot cold good "
    "different same other several many few more",
    "VERB": "go goes open pick put add cook cut mix pour stir place take make makes talk talks show shows play plays sing sings walk "
    "walks run runs sit sits stand stands get gets give gives heat bake boil fry chop slice spread remove drive drives eat eats drink "
    "explain explains discuss discusses describe describes use uses look looks hold holds turn move moves dance dances ride rides",
}
TAG_OF = {word: tag for tag, words in reversed(CLOSED.items()) for word in words.split()}
NOUN_ENDINGS = ("tion", "ment", "ness", "ity", "er", "or", "ist", "ship")
ADJECTIVE_ENDINGS = ("ful", "ous", "ive", "able", "ible", "ish", "less", "ic", "al")
WORD = re.compile(r"\w+(?:[-']\w+)*|[^\w\s]")


class WordlistTagger:
    """Tags by word lists and endings. Not accurate: a stand-in where no model is installed, and named in every table that used it."""

    def missing(self) -> str:
        """Always usable."""
        return ""

    def identity(self) -> str:
        """Name and version."""
        return "wordlist 1"

    def tag(self, captions: Sequence[str]) -> list[list[Word]]:
        """The words of each caption."""
        return [self._tag_one(caption) for caption in captions]

    @staticmethod
    def _tag_one(caption: str) -> list[Word]:
        words: list[Word] = []
        for match in WORD.finditer(caption):
            tag = tag_of(match.group(), words[-1].tag if words else "")
            words.append(Word(match.group(), match.start(), match.end(), tag))
        return words


def tag_of(word: str, before: str) -> str:
    """The tag of one word.

    Args:
        word: as written.
        before: tag of the word before it, or empty.
    """
    lower = word.lower()
    if not any(character.isalnum() for character in lower):
        return "PUNCT"
    if lower.isdigit():
        return "NUM"
    listed = TAG_OF.get(lower)
    if listed and not (listed == "VERB" and before in ("DET", "ADJ")):  # "a cut", "the red run" are nouns
        return listed
    return _by_ending(lower, before)


def _by_ending(word: str, before: str) -> str:
    if word.endswith("ly"):
        return "ADV"
    if word.endswith(("ing", "ed")) and before not in ("DET", "ADJ", "ADP"):
        return "VERB"
    if word.endswith(ADJECTIVE_ENDINGS) and not word.endswith(NOUN_ENDINGS):
        return "ADJ"
    return "NOUN"
