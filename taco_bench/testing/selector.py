"""The contract of token selectors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from taco_bench.testing.contract import Contract
from taco_bench.testing.samples import CAPTIONS, LONG, words_of
from taco_bench.text.corpus import Interest, tokenize


class TokenSelectorContract(Contract):
    """For token selectors: which words of a caption are tokens of interest (P_i of Eq. 4)."""

    kind: ClassVar[str] = "tokens"
    members: ClassVar[tuple[str, ...]] = ("select",)

    def test_one_answer_a_word(self, component: Any) -> None:
        """The core passes each word's answer on to all word pieces of the word: select() knows words, not pieces."""
        for caption in (*CAPTIONS[:5], LONG):
            words = words_of(caption)
            found = len(list(component.select(words)))
            assert found == len(words), (
                f"select() gave {found} answers for the {len(words)} words of {caption[:80]!r}; one a word, in their order"
            )

    def test_answers_are_true_or_false(self, component: Any) -> None:
        """A number or a text in the place of an answer is refused in a run: it may mean another thing than its truth."""
        for caption in CAPTIONS[:5]:
            for answer in component.select(words_of(caption)):
                assert isinstance(answer, (bool, np.bool_)), f"select() answered {answer!r}; answer True or False, as with bool(...)"

    def test_a_caption_without_words(self, component: Any) -> None:
        """A tagger may find no word in a caption; it then contributes nothing to the token loss."""
        assert list(component.select([])) == [], "select([]) must give no answers"

    def test_captions_in_any_language(self, component: Any) -> None:
        """Data sets hold captions in other languages and scripts, and signs that are no words."""
        for caption in CAPTIONS[5:]:
            words = words_of(caption)
            assert len(list(component.select(words))) == len(words), f"answer once a word of {caption!r} too, if it be False"

    def test_words_before_their_idf_is_known(self, component: Any) -> None:
        """Every idf is 0 where a word is in nearly all captions, or where there is one caption."""
        for caption in CAPTIONS:
            words = words_of(caption, idf=False)
            assert len(list(component.select(words))) == len(words), f"answer once a word of {caption!r} where every idf is 0"

    def test_it_reads_no_tags_where_it_says_so(self, component: Any) -> None:
        """Where no selector reads tags, nothing is tagged: every word comes as X, every sign as PUNCT."""
        if self.registered()[1].tags:
            pytest.skip("it is not registered with tags=False: it may read them")
        for caption in CAPTIONS:
            words = words_of(caption)
            alike = [replace(word, tag="X" if any(map(str.isalnum, word.text)) else "PUNCT") for word in words]
            same = list(component.select(words)) == list(component.select(alike))
            assert same, f"with other tags it chose other words of {caption!r}; register it without tags=False"

    def test_the_same_caption_gets_the_same_answers(self, component: Any, tmp_path: Path) -> None:
        """Captions are looked at in an order of the core's choosing, and anew in each process."""
        first = [list(component.select(words_of(caption))) for caption in CAPTIONS]
        again = [list(self.new(tmp_path).select(words_of(caption))) for caption in reversed(CAPTIONS)]
        hint = "an answer depends on the words alone: draw nothing at random, and keep nothing from one caption to the next"
        assert first == again[::-1], f"asked again in another order, a new selector gave other answers; {hint}"

    def test_words_stay_as_they_are(self, component: Any) -> None:
        """All selectors of a run look at one list of words, one after the other."""
        words = words_of(CAPTIONS[1])
        component.select(words)
        assert words == words_of(CAPTIONS[1]), "select() changed the list of words that it was given; work on a copy"

    def test_pieces_of_selected_words_and_nothing_else(self, component: Any) -> None:
        """Through the core: every piece of a selected word is of interest; [CLS], [SEP] and cut-off words never are."""
        tokenizer = letters_tokenizer()
        for most in (40, 6):
            for caption, encoding in tokenize(CAPTIONS, tokenizer, most).items():
                words = words_of(caption)
                interest = Interest([component], None).caption(encoding, words).interest
                chosen = [word for word, answer in zip(words, component.select(words), strict=True) if answer]
                wanted = [any(word.start <= start < word.end for word in chosen) for start, _ in encoding.offsets]
                expected = np.array(wanted) & ~np.array(encoding.special_tokens_mask, bool)
                assert np.array_equal(interest, expected), f"the pieces of interest of {caption!r} are not those of the selected words"


def letters_tokenizer() -> Tokenizer:
    """A tokenizer with a piece a letter, so that words have several pieces."""
    letters = sorted({letter for caption in CAPTIONS for letter in caption.lower() if letter != " "})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{letter}" for letter in letters)]
    tokenizer = Tokenizer(models.WordPiece({piece: at for at, piece in enumerate(pieces)}, unk_token="[UNK]"))  # noqa: S106  # no password
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(pieces[:4])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer
