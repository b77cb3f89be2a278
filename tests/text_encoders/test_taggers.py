"""The first-party taggers: words, places and universal tags."""

import importlib.util
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from taco_bench_text.spacy_tagger import MODELS, SpacyTagger
from taco_bench_text.split import Split
from taco_bench_text.wordlist import CLOSED, WordlistTagger

from taco_bench.api import PluginError, Tagger, Word

WORDS = {"ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "SCONJ", "VERB", "X"}
UNIVERSAL = WORDS | {"PUNCT", "SYM"}

needs_model = pytest.mark.skipif(not any(map(importlib.util.find_spec, MODELS)), reason=f"neither {' nor '.join(MODELS)} is installed")

AWKWARD = [
    "",
    "   ",
    "\t\n",
    "...!?",
    "  two  blanks  ",
    "don't wait -- cut the chef's fish-head (fresh)!",
    "1/2 cup of crème brûlée at 350°F",
    "naïve \U0001f373 eggs\U0001f468‍\U0001f469‍\U0001f467",
    "他在切洋葱。",
    "Человек режет лук",
    "a\u00a0b\u200bc",
    "x" * 300,
]


def check_places(captions: Sequence[str], found: Sequence[list[Word]]) -> None:
    assert len(found) == len(captions)
    for caption, words in zip(captions, found, strict=True):
        end = 0
        for word in words:
            assert end <= word.start < word.end <= len(caption)
            assert caption[word.start : word.end] == word.text
            assert word.text == word.text.strip() != ""
            assert word.tag in UNIVERSAL
            end = word.end


def covered(caption: str, words: Sequence[Word]) -> set[str]:
    """The characters of a caption that are in no word."""
    inside = {at for word in words for at in range(word.start, word.end)}
    return {character for at, character in enumerate(caption) if at not in inside}


@pytest.fixture(scope="module")
def spacy() -> SpacyTagger:
    return SpacyTagger()


@needs_model
class TestSpacy:
    @pytest.mark.parametrize(
        ("caption", "tags"),
        [
            ("add tomatoes to the pan and stir", "VERB NOUN ADP DET NOUN CCONJ VERB"),
            ("a man is driving a red car", "DET NOUN AUX VERB DET ADJ NOUN"),
            ("the dog runs.", "DET NOUN VERB PUNCT"),
            ("she lives in London", "PRON VERB ADP PROPN"),
        ],
    )
    def test_clear_sentences(self, spacy: SpacyTagger, caption: str, tags: str) -> None:
        (words,) = spacy.tag([caption])
        assert " ".join(word.tag for word in words) == tags

    def test_places(self, spacy: SpacyTagger) -> None:
        check_places(AWKWARD, spacy.tag(AWKWARD))

    def test_every_character_that_is_no_blank_is_in_a_word(self, spacy: SpacyTagger) -> None:
        captions = ["don't wait -- cut the chef's fish-head (fresh)!", "  two  blanks  ", "cannot, gonna"]
        for caption, words in zip(captions, spacy.tag(captions), strict=True):
            assert covered(caption, words) <= {" "}

    def test_no_captions(self, spacy: SpacyTagger) -> None:
        assert list(spacy.tag([])) == []

    def test_order_and_batches_do_not_matter(self, spacy: SpacyTagger) -> None:
        captions = [f"a man cuts {count} red onions" for count in range(300)]
        together = spacy.tag(captions)
        assert together[::-1][:5] == spacy.tag(captions[::-1][:5])

    def test_it_is_usable_and_says_what_it_is(self, spacy: SpacyTagger) -> None:
        assert spacy.missing() == ""
        assert "spacy 3." in spacy.identity()
        assert any(name in spacy.identity() for name in MODELS)

    def test_auto_is_the_model_by_its_name(self, spacy: SpacyTagger) -> None:
        name = next(name for name in MODELS if importlib.util.find_spec(name))
        assert SpacyTagger(name).identity() == spacy.identity()
        assert SpacyTagger(name).missing() == ""


@pytest.mark.parametrize("model", ["no_such_model_sm", "en-core-web-sm", "../en_core", "", "a.b.c"])
def test_a_model_that_is_not_installed(model: str) -> None:
    missing = SpacyTagger(model).missing()
    assert model in missing
    assert "pip install 'taco-bench[pos]'" in missing


@pytest.mark.parametrize("model", ["json", "numpy"])
def test_a_module_that_is_no_model(model: str) -> None:
    """Found before anything is tagged: nothing but a spaCy pipeline can be used."""
    assert model in SpacyTagger(model).missing()


def test_no_model_under_either_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taco_bench_text.spacy_tagger.MODELS", ("no_such_model_sm", "nor_this_model_sm"))
    missing = SpacyTagger().missing()
    assert "no_such_model_sm or nor_this_model_sm" in missing


def test_a_model_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    import spacy

    def load(*args: object, **keywords: object) -> None:
        raise OSError("[E050] Can't find model\nwith a second line")

    monkeypatch.setattr(spacy, "load", load)
    with pytest.raises(PluginError, match="cannot load") as caught:
        SpacyTagger().tag(["a dog"])
    assert "second line" not in caught.value.what
    assert caught.value.hint


WORDLIST: Tagger = WordlistTagger()


def tags(caption: str) -> str:
    return " ".join(word.tag for word in WORDLIST.tag([caption])[0])


def test_wordlist_is_always_usable() -> None:
    assert WORDLIST.missing() == ""
    assert WORDLIST.identity()


def test_wordlist_places() -> None:
    check_places(AWKWARD, WORDLIST.tag(AWKWARD))


@pytest.mark.parametrize("caption", ["", "   ", "\n\t"])
def test_wordlist_finds_nothing_in_blanks(caption: str) -> None:
    assert list(WORDLIST.tag([caption])) == [[]]


def test_wordlist_keeps_words_with_dashes_and_apostrophes_whole() -> None:
    (words,) = WORDLIST.tag(["don't cut the fish-head, chef!"])
    assert [word.text for word in words] == ["don't", "cut", "the", "fish-head", ",", "chef", "!"]


@pytest.mark.parametrize("character", list(".,;:!?()-'\"/&%…。—"))
def test_wordlist_punctuation(character: str) -> None:
    assert tags(character) == "PUNCT"


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("open the yellow door", "VERB DET ADJ NOUN"),
        ("pick up a key", "VERB ADP DET NOUN"),
        ("go to the red ball and open it", "VERB ADP DET ADJ NOUN CCONJ VERB PRON"),
        ("the cut", "DET NOUN"),  # a listed verb after a determiner is a noun
        ("Put 3 eggs in", "VERB NUM NOUN ADP"),
        ("he is slowly frying", "PRON AUX ADV VERB"),
        ("PUT THE KEY", "VERB DET NOUN"),
    ],
)
def test_wordlist_clear_sentences(caption: str, expected: str) -> None:
    assert tags(caption) == expected


@pytest.mark.parametrize("tag", sorted(CLOSED))
def test_wordlist_tags_its_own_lists(tag: str) -> None:
    """A word that stands in two lists may have either of their tags."""
    lists = {word: {other for other, words in CLOSED.items() if word in words.split()} for word in CLOSED[tag].split()}
    for word, allowed in lists.items():
        if word.isalpha():
            assert tags(word) in allowed


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40))
def test_wordlist_places_in_any_text(caption: str) -> None:
    found = WORDLIST.tag([caption])
    check_places([caption], found)
    assert all(character.isspace() for character in covered(caption, found[0]))


class TestSplit:
    @pytest.mark.parametrize("caption", AWKWARD)
    def test_words_lie_in_their_caption_and_only_blanks_in_none(self, caption: str) -> None:
        (words,) = Split().tag([caption])
        check_places([caption], [words])
        assert all(not character.isalnum() for character in covered(caption, words))

    def test_a_caption_by_hand(self) -> None:
        (words,) = Split().tag(["don't e-mail Öl, 3 times!"])
        assert [(word.text, word.tag) for word in words] == [
            ("don't", "X"), ("e-mail", "X"), ("Öl", "X"), (",", "PUNCT"), ("3", "X"), ("times", "X"), ("!", "PUNCT"),
        ]  # fmt: skip


@needs_model
def test_the_tags_are_those_of_the_pipeline_as_spacy_loads_it():
    """Which library makes the products, and on how many threads, changes the speed alone."""
    import spacy

    captions = [*AWKWARD, *(f"{who} {does} the {what} {how}" for who, does, what, how in itertools.product(WHO, DOES, WHAT, HOW))]
    model = next(name for name in MODELS if importlib.util.find_spec(name))
    plain = spacy.load(model, exclude=["parser", "ner", "lemmatizer"])
    expected = [[(token.text, token.pos_) for token in doc if not token.is_space] for doc in plain.pipe(captions)]
    assert [[(word.text, word.tag) for word in words] for words in SpacyTagger().tag(captions)] == expected


WHO = ("a man", "the red ball", "she", "two of the older children", "someone who cooks")
DOES = ("cuts", "is quickly opening", "will put down", "walks to", "didn't light")
WHAT = ("onion", "light", "blue box next to the wall", "well", "cutting board")
HOW = ("fast", "with a knife", "before it boils", "in 2 pans", "and then talks")
