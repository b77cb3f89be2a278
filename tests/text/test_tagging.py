"""A corpus is tagged once, whatever happens to the cache."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from taco_bench.api import Word
from taco_bench.errors import PluginError
from taco_bench.text.tagging import CAPTIONS_AT_A_TIME, tag_captions


class Splitter:
    """Tags what stands between blanks, and counts its calls."""

    def __init__(self, name: str = "splitter 1") -> None:
        self.name, self.asked = name, []

    def missing(self) -> str:
        return ""

    def identity(self) -> str:
        return self.name

    def tag(self, captions: Sequence[str]) -> list[list[Word]]:
        self.asked.append(list(captions))
        return [self.tag_one(caption) for caption in captions]

    def tag_one(self, caption: str) -> list[Word]:
        found, at = [], 0
        for text in caption.split():
            start = caption.index(text, at)
            at = start + len(text)
            found.append(Word(text, start, at, "NOUN" if text.islower() else "PROPN"))
        return found


class Fixed(Splitter):
    """Gives the same words for every caption."""

    def __init__(self, *words: Word) -> None:
        super().__init__(f"fixed {words}")
        self.words = words

    def tag_one(self, caption: str) -> list[Word]:
        return list(self.words)


CAPTIONS = ["an  egg", "Paris", "an  egg", "été à Paris"]


def test_words_of_each_distinct_caption(empty_cache: Path) -> None:
    tagger = Splitter()
    found = tag_captions(CAPTIONS, tagger)
    assert set(found) == set(CAPTIONS)
    assert found["an  egg"] == [Word("an", 0, 2, "NOUN"), Word("egg", 4, 7, "NOUN")]
    assert sorted(caption for part in tagger.asked for caption in part) == sorted(set(CAPTIONS))


def test_the_second_call_does_not_call_the_tagger(empty_cache: Path) -> None:
    first = tag_captions(CAPTIONS, Splitter())
    again = Splitter()
    assert tag_captions(list(reversed(CAPTIONS)), again) == first
    assert again.asked == []


def test_another_tagger_or_corpus_is_tagged_anew(empty_cache: Path) -> None:
    tag_captions(CAPTIONS, Splitter("splitter 1"))
    newer, wider = Splitter("splitter 2"), Splitter("splitter 1")
    tag_captions(CAPTIONS, newer)
    found = tag_captions([*CAPTIONS, "more"], wider)
    assert newer.asked
    assert wider.asked
    assert found["more"] == [Word("more", 0, 4, "NOUN")]


def files_of(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "content",
    [b"", b"[", b"null", b"{}", b"[]", b"7", b"[1, 2, 3]", b'[[["a", 2, "NOUN"]], [], []]', b"[[[0]], [], []]", b"\xff\xfe\x00"],
    ids=["empty", "cut", "null", "object", "too few", "number", "numbers", "text for a place", "short row", "not UTF-8"],
)
def test_a_corrupt_cache_file_is_made_again(empty_cache: Path, content: bytes) -> None:
    first = tag_captions(CAPTIONS, Splitter())
    (path,) = files_of(empty_cache)
    path.write_bytes(content)
    again = Splitter()
    assert tag_captions(CAPTIONS, again) == first
    assert again.asked
    third = Splitter()
    assert tag_captions(CAPTIONS, third) == first
    assert third.asked == []


def test_every_cut_of_the_cache_file_is_noticed(empty_cache: Path) -> None:
    first = tag_captions(CAPTIONS, Splitter())
    (path,) = files_of(empty_cache)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert tag_captions(CAPTIONS, Splitter()) == first
        assert json.loads(path.read_bytes()) == json.loads(whole)


@pytest.mark.parametrize(
    "wrong",
    [
        Word("egg", 0, 3, "NOUN"),
        Word("egg", 4, 8, "NOUN"),
        Word("EGG", 3, 6, "NOUN"),
        Word("egg", 30, 33, "NOUN"),
        Word("", 30, 33, "NOUN"),
        Word("egg"[:-1], -3, -1, "NOUN"),
    ],
    ids=["elsewhere", "too long", "other case", "outside", "nothing, outside", "from the end"],
)
def test_a_word_that_does_not_lie_in_its_caption(empty_cache: Path, wrong: Word) -> None:
    with pytest.raises(PluginError, match="an egg"):
        tag_captions(["an egg"], Fixed(wrong))
    assert not files_of(empty_cache)


@pytest.mark.parametrize(
    "words",
    [[Word("egg", 3, 6, "NOUN"), Word("an", 0, 2, "DET")], [Word("an egg", 0, 6, "NOUN"), Word("egg", 3, 6, "NOUN")]],
    ids=["out of order", "overlapping"],
)
def test_words_come_in_order_and_apart(empty_cache: Path, words: list[Word]) -> None:
    """Word pieces are matched to words by their order: a tagger that breaks it would misplace weights without a sound."""
    with pytest.raises(PluginError, match="an egg"):
        tag_captions(["an egg"], Fixed(*words))


@pytest.mark.parametrize("change", [-1, 1])
def test_a_tagger_that_loses_or_invents_a_caption(empty_cache: Path, change: int) -> None:
    class Careless(Splitter):
        def tag(self, captions: Sequence[str]) -> list[list[Word]]:
            found = super().tag(captions)
            return found[:-1] if change < 0 else [*found, []]

    with pytest.raises(PluginError, match=rf"{3 + change} of 3"):
        tag_captions(CAPTIONS, Careless())
    assert not files_of(empty_cache)


def test_progress_adds_up_to_the_distinct_captions(empty_cache: Path) -> None:
    captions = [f"caption {at % (2 * CAPTIONS_AT_A_TIME + 7)}" for at in range(3 * CAPTIONS_AT_A_TIME)]
    moves: list[int] = []
    tag_captions(captions, Splitter(), moves.append)
    assert sum(moves) == len(set(captions))
    assert len(moves) >= 3
    again: list[int] = []
    tag_captions(captions, Splitter(), again.append)
    assert again == []


def test_lazy_taggers_are_read_once(empty_cache: Path) -> None:
    class Lazy(Splitter):
        def tag(self, captions: Sequence[str]) -> list[list[Word]]:
            return [iter(words) for words in super().tag(captions)]  # type: ignore[misc]

    assert tag_captions(CAPTIONS, Lazy())["Paris"] == [Word("Paris", 0, 5, "PROPN")]


def test_no_captions(empty_cache: Path) -> None:
    assert tag_captions([], Splitter()) == {}
