"""Each word piece belongs to the word that holds its first character."""

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taco_bench.api import Word
from taco_bench.text.alignment import NO_WORD, words_of_pieces


def word(start: int, end: int) -> Word:
    return Word("x" * (end - start), start, end, "NOUN")


def test_worked_example() -> None:
    """``chop spinach!``: [CLS] chop spin ##ach ! [SEP]."""
    offsets = [(0, 0), (0, 4), (5, 9), (9, 12), (12, 13), (0, 0)]
    special = [True, False, False, False, False, True]
    assert words_of_pieces(offsets, special, [word(0, 4), word(5, 12)]) == [NO_WORD, 0, 1, 1, NO_WORD, NO_WORD]


def test_no_words() -> None:
    assert words_of_pieces([(0, 0), (0, 3), (3, 5)], [True, False, False], []) == [NO_WORD] * 3


def test_a_special_token_over_characters_belongs_to_no_word() -> None:
    """A [SEP] may carry offsets that are not (0, 0)."""
    assert words_of_pieces([(0, 4), (0, 4)], [True, False], [word(0, 4)]) == [NO_WORD, 0]


def test_a_piece_over_no_characters_belongs_to_no_word() -> None:
    assert words_of_pieces([(2, 2)], [False], [word(0, 4)]) == [NO_WORD]


def test_a_piece_over_two_words_belongs_to_the_first() -> None:
    """``cannot`` is one piece, and two words to the tagger."""
    assert words_of_pieces([(0, 6)], [False], [word(0, 3), word(3, 6)]) == [0]


def test_a_piece_that_begins_in_a_gap_belongs_to_no_word() -> None:
    assert words_of_pieces([(3, 8)], [False], [word(0, 3), word(4, 8)]) == [NO_WORD]


def test_neighbours_without_a_gap() -> None:
    """``don't`` is do + n't to the tagger, and don + ' + t to the tokenizer."""
    assert words_of_pieces([(0, 3), (3, 4), (4, 5)], [False] * 3, [word(0, 2), word(2, 5)]) == [0, 1, 1]


def test_offsets_and_specials_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        words_of_pieces([(0, 1), (1, 2)], [False], [word(0, 2)])


@dataclass
class Text:
    length: int
    words: list[Word]
    offsets: list[tuple[int, int]]
    special: list[bool]


@st.composite
def texts(draw: st.DrawFn) -> Text:
    """Words apart or adjacent, and pieces that know nothing of them."""
    length = draw(st.integers(1, 30))
    cuts = sorted(draw(st.sets(st.integers(0, length), min_size=0, max_size=12)))
    words = [word(a, b) for a, b in itertools.pairwise(cuts) if draw(st.booleans())]
    other = sorted(draw(st.sets(st.integers(0, length), max_size=15)))
    spans = [(a, b) for a, b in itertools.pairwise(other) if draw(st.integers(0, 3))]
    pieces = [((0, 0), True), *((span, draw(st.integers(0, 9)) == 0) for span in spans), ((0, 0), True)]
    if draw(st.booleans()):
        pieces.append(((length, length), False))
    return Text(length, words, [offset for offset, _ in pieces], [flag for _, flag in pieces])


@settings(deadline=None, max_examples=200)
@given(texts())
@example(Text(3, [word(0, 3)], [(0, 0), (0, 3), (3, 3)], [True, False, False]))
def test_against_a_search_through_all_characters(text: Text) -> None:
    owner_of_character = {at: index for index, w in enumerate(text.words) for at in range(w.start, w.end)}
    expected = [
        NO_WORD if flag or start >= end else owner_of_character.get(start, NO_WORD)
        for (start, end), flag in zip(text.offsets, text.special, strict=True)
    ]
    assert words_of_pieces(text.offsets, text.special, text.words) == expected


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(1, 5), min_size=1, max_size=4)), max_size=8))
def test_every_piece_of_a_word_belongs_to_it(layout: list[tuple[int, list[int]]]) -> None:
    """Words, each cut into pieces, with gaps between them."""
    at, words, offsets, expected = 0, [], [], []
    for gap, lengths in layout:
        if gap:
            offsets.append((at, at + gap))
            expected.append(NO_WORD)
            at += gap
        words.append(word(at, at + sum(lengths)))
        for length in lengths:
            offsets.append((at, at + length))
            expected.append(len(words) - 1)
            at += length
    assert words_of_pieces(offsets, [False] * len(offsets), words) == expected
