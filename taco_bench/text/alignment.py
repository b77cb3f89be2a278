"""Which word each word piece belongs to, by character offsets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from taco_bench.api import Word

NO_WORD = -1


def words_of_pieces(offsets: Sequence[tuple[int, int]], special: Sequence[bool], words: Sequence[Word]) -> list[int]:
    """The index of the word that holds each piece's first character; NO_WORD for specials and for pieces outside all words.

    Args:
        offsets: [start, end) of each piece in the caption.
        special: whether each piece is a special token.
        words: in order of their position in the caption.
    """
    starts = [word.start for word in words]
    found = []
    for (start, end), is_special in zip(offsets, special, strict=True):
        at = bisect_right(starts, start) - 1
        inside = not is_special and end > start and at >= 0 and start < words[at].end
        found.append(at if inside else NO_WORD)
    return found
