"""The contract of token selectors, a caption by hand, and what holds for every caption."""

import itertools
from typing import ClassVar

import pytest
from taco_bench.api import Word
from taco_bench.testing import TokenSelectorContract

from taco_saliency import Saliency

CAPTION = {"a": 0.1, "man": 0.8, "chops": 2.0, "the": 0.1, "tomatoes": 3.0, ".": 5.0}


class TestSaliency(TokenSelectorContract):
    name = "saliency"


class TestAllOfIt(TokenSelectorContract):
    name = "saliency"
    options: ClassVar = {"share": 1.0}


def words(idf):
    """Words without a part of speech: it must not matter."""
    return [Word(text, 0, len(text), "X", value) for text, value in idf.items()]


def chosen(share, idf):
    answers = Saliency(share).select(words(idf))
    return {text for text, answer in zip(idf, answers, strict=True) if answer}


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.5, {"tomatoes"}),  # 3.0 of 6.0
        (0.51, {"tomatoes", "chops"}),
        (0.9, {"tomatoes", "chops", "man"}),
        (1.0, {"tomatoes", "chops", "man", "a", "the"}),  # the full stop never
    ],
)
def test_a_caption_by_hand(share, expected):
    assert chosen(share, CAPTION) == expected


def test_where_one_word_stands_out_it_is_alone_and_where_none_does_there_are_many():
    assert chosen(0.5, {"a": 0.0, "b": 9.0, "c": 1.0, "d": 1.0}) == {"b"}
    assert chosen(0.5, {"a": 2.0, "b": 2.0, "c": 2.0, "d": 2.0}) == {"a", "b"}


def test_nothing_stands_out_where_every_word_is_everywhere():
    assert chosen(1.0, {"a": 0.0, "man": 0.0}) == set()


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 1.0])
def test_no_smaller_set_holds_the_share(share):
    """Against every subset."""
    idf = {"u": 0.3, "v": 1.1, "w": 0.7, "x": 2.9, "y": 0.0, "z": 1.6}
    wanted = share * sum(idf.values()) - 1e-9
    enough = [s for size in range(7) for s in itertools.combinations(idf, size) if sum(idf[word] for word in s) >= wanted]
    found = chosen(share, idf)
    assert len(found) == len(enough[0])
    assert sum(idf[word] for word in found) >= wanted
