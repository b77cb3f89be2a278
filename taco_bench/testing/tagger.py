"""The contract of taggers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from taco_bench.api import Word
from taco_bench.testing.contract import Contract
from taco_bench.testing.samples import CAPTIONS, TAGS

Tagged = list[list[Word]]


class TaggerContract(Contract):
    """For taggers: from captions to words with universal parts of speech.

    Where ``missing()`` says that the tagger cannot be used here, what asks for tags is skipped with its words.
    """

    kind: ClassVar[str] = "tagger"
    members: ClassVar[tuple[str, ...]] = ("missing", "identity", "tag")

    def tagged(self, tagger: Any, captions: tuple[str, ...] = CAPTIONS) -> Tagged:
        """The words of each caption."""
        if reason := tagger.missing():
            pytest.skip(f"the tagger cannot be used here: {reason}")
        return [list(words) for words in tagger.tag(list(captions))]

    def test_missing_says_why_in_words(self, component: Any) -> None:
        """Asked before anything is read: empty where the tagger can be used, else what would help."""
        found = component.missing()
        assert isinstance(found, str), f"missing() gave {found!r}: return text, empty where nothing is missing"

    def test_identity_is_always_the_same(self, component: Any, tmp_path: Path) -> None:
        """Tags are cached under it, and tables name it: a name and a version, the same in every process."""
        if component.missing():
            pytest.skip("the tagger cannot be used here")
        found = component.identity()
        assert isinstance(found, str) and found.strip(), f"identity() gave {found!r}: return the name and version of what tags"  # noqa: PT018
        component.tag(list(CAPTIONS))
        assert {component.identity(), self.new(tmp_path).identity()} == {found}, "identity() changed; return a name and a version alone"

    def test_the_words_of_each_caption(self, component: Any) -> None:
        """One list of words a caption, in the captions' order."""
        found = self.tagged(component)
        assert len(found) == len(CAPTIONS), f"tag() gave words for {len(found)} of {len(CAPTIONS)} captions; an empty list where none is"
        for caption, words in zip(CAPTIONS[:3], found, strict=False):
            assert words, f"tag() found no word in {caption!r}"

    def test_words_lie_in_their_caption(self, component: Any) -> None:
        """Word pieces belong to words by their characters: words follow each other, and ``caption[start:end]`` is their text."""
        for caption, words in zip(CAPTIONS, self.tagged(component), strict=False):
            end = 0
            for word in words:
                right = end <= word.start < word.end <= len(caption) and caption[word.start : word.end] == word.text
                hint = "give each word as it is written, with its place in characters, after the word before it"
                assert right, f"{word.text!r} does not lie at [{word.start}, {word.end}) of {caption!r}; {hint}"
                end = word.end

    def test_tags_are_universal(self, component: Any) -> None:
        """Token selectors know the universal parts of speech and no others."""
        others = {word.tag for words in self.tagged(component) for word in words} - set(TAGS)
        hint = f"translate them to {', '.join(TAGS)}"
        assert not others, f"the tags {', '.join(map(str, sorted(others, key=str)))} are no universal parts of speech; {hint}"

    def test_tags_do_not_depend_on_the_other_captions(self, component: Any, tmp_path: Path) -> None:
        """Captions come in parts of a size of the core's choosing, and in each process anew."""
        whole, fresh = self.tagged(component), self.new(tmp_path)
        alone = [self.tagged(fresh, (caption,))[0] for caption in reversed(CAPTIONS)][::-1]
        changed = [caption for caption, a, b in zip(CAPTIONS, whole, alone, strict=True) if a != b]
        assert not changed, f"{changed[0]!r} got other words when it was tagged alone; keep nothing from one caption to the next"
