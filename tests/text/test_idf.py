"""Eq. 7: idf = log(|D| / (1 + captions with the word)), clamped at 0."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taco_bench.api import Word
from taco_bench.text.idf import Idf


def words(caption: str) -> list[Word]:
    found, at = [], 0
    for text in caption.split():
        start = caption.index(text, at)
        at = start + len(text)
        found.append(Word(text, start, at, "NOUN"))
    return found


CAPTIONS = ["cut the onion", "cut the Onion onion", "fry the onion", "boil an egg"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("egg", math.log(4 / 2)),  # in one of four captions
        ("cut", math.log(4 / 3)),  # in two
        ("onion", 0.0),  # in three: log(4 / 4)
        ("the", 0.0),
        ("spinach", math.log(4)),  # in none: log(4 / 1)
    ],
)
def test_worked_example(word: str, expected: float) -> None:
    assert Idf(map(words, CAPTIONS))(word) == pytest.approx(expected, abs=1e-12)


def test_never_below_zero() -> None:
    """A word of every caption would have log(2 / 3) < 0."""
    idf = Idf(map(words, ["a dog", "a cat"]))
    assert idf("a") == 0.0
    assert math.copysign(1, idf("a")) == 1


def test_captions_are_counted_not_occurrences() -> None:
    idf = Idf(map(words, ["dog dog dog dog", "cat", "bird"]))
    assert idf("dog") == idf("cat") == pytest.approx(math.log(3 / 2))


def test_repeated_captions_count_each_time() -> None:
    """D is a list of captions: |D| and the counts include repeats."""
    idf = Idf(map(words, ["dog", "dog", "cat", "cat", "cat", "bird"]))
    assert idf("dog") == pytest.approx(math.log(6 / 3))
    assert idf("bird") == pytest.approx(math.log(6 / 2))


def test_case_does_not_matter() -> None:
    idf = Idf(map(words, ["Dog", "dOG", "cat", "bird"]))
    assert idf("dog") == idf("DOG") == pytest.approx(math.log(4 / 3))


def test_no_captions_give_zero() -> None:
    assert Idf([])("dog") == 0.0


def test_empty_captions_belong_to_d() -> None:
    assert Idf([[], [], words("dog")])("dog") == pytest.approx(math.log(3 / 2))


def test_annotate_changes_nothing_but_the_idf() -> None:
    before = words("Boil the spinach")
    after = Idf(map(words, CAPTIONS)).annotate(before)
    assert [(w.text, w.start, w.end, w.tag) for w in after] == [(w.text, w.start, w.end, w.tag) for w in before]
    assert [w.idf for w in after] == pytest.approx([math.log(2), 0.0, math.log(4)])
    assert [w.idf for w in before] == [0.0, 0.0, 0.0]


def test_asking_for_an_unseen_word_does_not_make_it_seen() -> None:
    idf = Idf(map(words, CAPTIONS))
    assert idf("spinach") == idf("spinach") == pytest.approx(math.log(4))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.sampled_from(["a", "B", "b", "cat", "CAT", "dog"]), max_size=5), min_size=1, max_size=12))
def test_against_a_naive_count(corpus: list[list[str]]) -> None:
    idf = Idf(words(" ".join(caption)) for caption in corpus)
    for word in ("a", "b", "cat", "dog", "unseen"):
        holding = len([1 for caption in corpus if word in [w.lower() for w in caption]])
        assert idf(word) == pytest.approx(max(0.0, math.log(len(corpus)) - math.log(1 + holding)), abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 30))
def test_rarer_words_never_weigh_less(captions: int, one: int, other: int) -> None:
    one, other = min(one, captions), min(other, captions)
    corpus = [f"{'x' if at < one else 'z'} {'y' if at < other else 'z'}" for at in range(captions)]
    idf = Idf(map(words, corpus))
    if one <= other:
        assert idf("x") >= idf("y")
