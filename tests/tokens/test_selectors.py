"""Which words are tokens of interest."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from taco_bench_tokens.selectors import AllWords, TopIdf, part_of_speech

from taco_bench.api import Word
from taco_bench.plugins import load_plugins

UNIVERSAL = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
"""All seventeen tags of https://universaldependencies.org/u/pos/."""

TAGS = tuple(UNIVERSAL.split())
NO_WORDS = ("PUNCT", "SYM")


def tagged(*tags: str, idf: float = 1.0) -> list[Word]:
    return [Word("w", 2 * at, 2 * at + 1, tag, idf) for at, tag in enumerate(tags)]


def with_idf(*idfs: float) -> list[Word]:
    return [Word("w", 2 * at, 2 * at + 1, "NOUN", idf) for at, idf in enumerate(idfs)]


@pytest.mark.parametrize("tag", [tag for tag in TAGS if tag not in NO_WORDS])
def test_each_part_of_speech_has_a_selector(tag: str) -> None:
    """Registered by the tag's name in lower case; takes its words and no others."""
    selector = load_plugins(third_party=False).build("tokens", {"type": tag.lower()})
    assert list(selector.select(tagged(*TAGS))) == [other == tag for other in TAGS]


@pytest.mark.parametrize("tag", NO_WORDS)
def test_punctuation_and_symbols_have_none(tag: str) -> None:
    assert tag.lower() not in load_plugins(third_party=False).names("tokens")


def test_nouns_are_no_proper_nouns_and_verbs_no_auxiliaries() -> None:
    words = tagged("NOUN", "PROPN", "VERB", "AUX")
    assert part_of_speech("NOUN")().select(words) == [True, False, False, False]
    assert part_of_speech("VERB")().select(words) == [False, False, True, False]


def test_all_leaves_punctuation_out() -> None:
    assert AllWords().select(tagged(*TAGS)) == [tag not in NO_WORDS for tag in TAGS]


def test_spaces_are_no_words() -> None:
    """spaCy's own tag for blanks, which is not universal."""
    words = tagged("SPACE", "NOUN")
    assert AllWords().select(words) == [False, True]
    assert TopIdf(1.0).select(words) == [False, True]


@pytest.mark.parametrize("selector", [part_of_speech("NOUN")(), AllWords(), TopIdf()], ids=["noun", "all", "top-idf"])
def test_empty_captions(selector: AllWords) -> None:
    assert list(selector.select([])) == []


@pytest.mark.parametrize("selector", [part_of_speech("NOUN")(), AllWords(), TopIdf(1.0)], ids=["noun", "all", "top-idf"])
def test_only_punctuation(selector: AllWords) -> None:
    assert not any(selector.select(tagged("PUNCT", "SYM", "PUNCT", idf=9.0)))


@pytest.mark.parametrize("selector", [part_of_speech("NOUN")(), AllWords(), TopIdf(1.0)], ids=["noun", "all", "top-idf"])
def test_other_scripts(selector: AllWords) -> None:
    words = [Word("猫", 0, 1, "NOUN", 2.0), Word("。", 1, 2, "PUNCT", 3.0), Word("école", 3, 8, "NOUN", 1.0)]
    assert list(selector.select(words)) == [True, False, True]


@pytest.mark.parametrize(
    ("fraction", "count", "taken"),
    [(0.25, 4, 1), (0.25, 5, 2), (0.25, 8, 2), (0.25, 1, 1), (0.5, 3, 2), (1.0, 3, 3), (0.01, 6, 1), (0.34, 3, 2), (1 / 3, 3, 1)],
)
def test_top_idf_takes_its_share_rounded_up(fraction: float, count: int, taken: int) -> None:
    assert sum(TopIdf(fraction).select(with_idf(*range(count)))) == taken


def test_top_idf_takes_the_rarest() -> None:
    assert TopIdf(0.5).select(with_idf(0.3, 2.0, 1.0, 0.2)) == [False, True, True, False]


def test_top_idf_takes_the_earlier_of_equals() -> None:
    assert TopIdf(0.5).select(with_idf(1.0, 1.0, 1.0, 1.0)) == [True, True, False, False]
    assert TopIdf(0.25).select(with_idf(0.0, 2.0, 0.0, 2.0)) == [False, True, False, False]


def test_top_idf_neither_takes_nor_counts_punctuation() -> None:
    """Half of four words, though there are six tokens; the rarest token is a dash."""
    words = [Word("-", 0, 1, "PUNCT", 9.0), *with_idf(1.0, 4.0, 3.0, 2.0), Word("%", 20, 21, "SYM", 8.0)]
    assert TopIdf(0.5).select(words) == [False, False, True, True, False, False]


WORD_LISTS = st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from([0.0, 0.5, 1.0, 2.5])), max_size=12)


@settings(deadline=None, max_examples=100)
@given(WORD_LISTS, st.floats(0.01, 1.0))
def test_no_word_left_out_is_rarer_than_one_taken(pairs: list[tuple[str, float]], fraction: float) -> None:
    words = [Word("w", 2 * at, 2 * at + 1, tag, idf) for at, (tag, idf) in enumerate(pairs)]
    answers = TopIdf(fraction).select(words)
    assert len(answers) == len(words)
    real = [(word.idf, taken) for word, taken in zip(words, answers, strict=True) if word.tag not in NO_WORDS]
    assert not any(taken for word, taken in zip(words, answers, strict=True) if word.tag in NO_WORDS)
    taken = [idf for idf, answer in real if answer]
    left = [idf for idf, answer in real if not answer]
    assert len(taken) == math.ceil(fraction * len(real))
    assert not taken or not left or min(taken) >= max(left)
