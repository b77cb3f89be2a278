"""The vocabulary of a training, learnt or taken over."""

from __future__ import annotations

import pytest
from taco_bench_text.tiny import Tiny
from taco_bench_text.words import Words

from taco_bench.api import LearntVocabulary
from taco_bench.errors import UserError
from taco_bench.text.corpus import tokenize
from taco_bench.text.vocabulary import fit, tokenizer_text

HERE = ["open the red door", "pick up a key"]
THERE = ["cut an onion", "open a jar"]


@pytest.mark.parametrize("kind", [Tiny, Words])
def test_what_was_learnt_is_taken_over(kind: type[Tiny] | type[Words]) -> None:
    first, second, fresh = kind(), kind(), kind()
    fit(first, HERE, 8, "")
    text = tokenizer_text(first)
    tokenize(HERE, first.tokenizer(), 5)  # truncation is no part of it
    assert tokenizer_text(first) == text
    fit(second, THERE, 8, text)
    fit(fresh, THERE, 8, "")
    assert isinstance(second, LearntVocabulary)
    assert tokenizer_text(second) == text != tokenizer_text(fresh)
    assert second.tokenizer().encode("open the key").ids == first.tokenizer().encode("open the key").ids
    shapes = [{name: value.shape for name, value in encoder.network().state_dict().items()} for encoder in (first, second)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("kind", [Tiny, Words])
def test_no_caption_is_a_vocabulary_of_specials(kind: type[Tiny] | type[Words]) -> None:
    """A data set whose training split is empty can be evaluated."""
    encoder = kind()
    fit(encoder, [], 8, "")
    assert set(encoder.tokenizer().encode("open the door").tokens) == {"[CLS]", "[UNK]", "[SEP]"}
    encoder.network()


class Fixed(Words):
    """Comes with a vocabulary of its own."""

    adopt = None  # type: ignore[assignment]

    def fit(self, captions: object, max_tokens: int) -> None:
        super().fit(["a fixed list of words"], max_tokens)


def test_a_vocabulary_of_its_own_must_be_the_starts() -> None:
    learnt, fixed = Words(), Fixed()
    fit(learnt, HERE, 8, "")
    fit(fixed, HERE, 8, "")
    fit(Fixed(), THERE, 8, tokenizer_text(fixed))
    with pytest.raises(UserError, match="another vocabulary") as caught:
        fit(Fixed(), THERE, 8, tokenizer_text(learnt))
    assert caught.value.where == "text_encoder"
