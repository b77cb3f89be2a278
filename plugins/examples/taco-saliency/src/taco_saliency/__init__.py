"""Salient words as tokens of interest: those that carry most of what a caption says. It needs no parts of speech."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from taco_bench import hookimpl
from taco_bench.api import Word
from taco_bench.hookspecs import Register


class Saliency:
    """The fewest words of a caption that hold a share of its idf.

    The idf of a word (Eq. 7) is its surprise in nats, their sum that of a caption of independent words. Where one word stands out it is
    chosen alone, where all are alike many are: their number follows the caption, which no fixed share of its words does. A word that is in
    every caption (idf 0) and a sign without a letter or digit are never chosen.

    Args:
        share: of the caption's idf that the chosen words hold at least.
    """

    def __init__(self, share: Annotated[float, Field(gt=0, le=1)] = 0.5) -> None:
        self.share = share

    def select(self, words: Sequence[Word]) -> list[bool]:
        """Take words, the largest idf first and of equal ones the earlier, until they hold the share."""
        idf = [word.idf if any(map(str.isalnum, word.text)) else 0.0 for word in words]
        chosen = [False] * len(words)
        missing = self.share * sum(idf)
        for at in sorted(range(len(words)), key=lambda at: -idf[at]):
            if missing <= 1e-9 or not idf[at]:  # what rounding leaves of a share is no word
                break
            chosen[at] = True
            missing -= idf[at]
        return chosen


@hookimpl
def taco_bench_token_selectors(register: Register) -> None:
    """Add it."""
    register("saliency", Saliency, summary="the words that hold a share of a caption's idf, such as saliency:0.5", tags=False)
