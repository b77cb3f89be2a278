"""Captions as token ids, tokens of interest and their weights."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import numpy as np
import pytest
import tokenizers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from taco_bench.api import Word
from taco_bench.errors import PluginError
from taco_bench.text.corpus import Interest, caption_table, tokenize

WORD_PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "chop", "spin", "##ach", "##es", "and", "egg", "a", "!"]
VOCABULARY = {piece: at for at, piece in enumerate(WORD_PIECES)}
CLS, SEP = VOCABULARY["[CLS]"], VOCABULARY["[SEP]"]


@pytest.fixture
def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordPiece(VOCABULARY, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", SEP), ("[CLS]", CLS))
    return made


class ByText:
    """Selects the words of a list."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def select(self, words: Sequence[Word]) -> list[bool]:
        return [word.text in self.texts for word in words]


class Plain:
    """The idf as it is."""

    def weigh(self, idf: np.ndarray) -> np.ndarray:
        return idf


def answering(answer: Callable[..., object]) -> SimpleNamespace:
    return SimpleNamespace(select=answer, weigh=answer)


CAPTION = "Chop the spinaches!"
WORDS = [
    Word("Chop", 0, 4, "VERB", 2.0),
    Word("the", 5, 8, "DET", 0.0),
    Word("spinaches", 9, 18, "NOUN", 3.0),
    Word("!", 18, 19, "PUNCT", 1.0),
]
PIECES = ["[CLS]", "chop", "the", "spin", "##ach", "##es", "!", "[SEP]"]


@pytest.fixture
def encoding(tokenizer: Tokenizer) -> tokenizers.Encoding:
    return tokenize([CAPTION], tokenizer, 30)[CAPTION]


def test_ids_have_specials_and_no_padding(encoding: tokenizers.Encoding) -> None:
    caption = Interest([], None).caption(encoding, WORDS)
    assert caption.ids.tolist() == [VOCABULARY[piece] for piece in PIECES]
    assert caption.ids.dtype == np.int64


def test_all_pieces_of_a_word_share_its_weight(encoding: tokenizers.Encoding) -> None:
    caption = Interest([ByText("spinaches")], Plain()).caption(encoding, WORDS)
    assert caption.interest.tolist() == [False, False, False, True, True, True, False, False]
    assert caption.weights.tolist() == [0, 0, 0, 3, 3, 3, 0, 0]
    assert caption.weights.dtype == np.float32


def test_the_union_of_selectors(encoding: tokenizers.Encoding) -> None:
    caption = Interest([ByText("Chop"), ByText("spinaches", "Chop")], Plain()).caption(encoding, WORDS)
    assert caption.weights.tolist() == [0, 2, 0, 3, 3, 3, 0, 0]


def test_a_piece_of_weight_zero_is_still_of_interest(encoding: tokenizers.Encoding) -> None:
    caption = Interest([ByText("the", "Chop")], Plain()).caption(encoding, WORDS)
    assert caption.interest.tolist() == [False, True, True, False, False, False, False, False]
    assert caption.weights.tolist() == [0, 2, 0, 0, 0, 0, 0, 0]


def test_the_weighting_sees_a_word_once_a_piece(encoding: tokenizers.Encoding) -> None:
    seen = []

    def weigh(idf: np.ndarray) -> np.ndarray:
        seen.append(idf.tolist())
        return np.full(len(idf), 0.25)

    caption = Interest([ByText("Chop", "spinaches")], answering(weigh)).caption(encoding, WORDS)
    assert seen == [[2.0, 3.0, 3.0, 3.0]]
    assert caption.weights.sum() == 1.0


@pytest.mark.parametrize("selectors", [[], [ByText("nothing")]])
def test_no_word_of_interest(encoding: tokenizers.Encoding, selectors: list[ByText]) -> None:
    """The weighting is promised at least one piece, so it is not asked."""

    def weigh(idf: np.ndarray) -> np.ndarray:
        pytest.fail("asked for the weights of nothing")

    caption = Interest(selectors, answering(weigh)).caption(encoding, WORDS)
    assert not caption.interest.any()
    assert not caption.weights.any()
    assert len(caption.ids) == len(caption.interest) == len(caption.weights) == len(PIECES)


def test_no_words_at_all(encoding: tokenizers.Encoding) -> None:
    caption = Interest([ByText("Chop")], Plain()).caption(encoding, [])
    assert not caption.interest.any()


def test_a_selector_that_takes_everything_takes_no_special(encoding: tokenizers.Encoding) -> None:
    everything = answering(lambda words: [True] * len(words))
    caption = Interest([everything], Plain()).caption(encoding, WORDS)
    assert caption.interest.tolist() == [False, True, True, True, True, True, True, False]


@pytest.mark.parametrize("count", [0, 3, 5])
def test_a_wrong_number_of_answers(encoding: tokenizers.Encoding, count: int) -> None:
    with pytest.raises(PluginError, match=rf"{count} answers for 4 words"):
        Interest([answering(lambda words: [True] * count)], Plain()).caption(encoding, WORDS)


@pytest.mark.parametrize("answer", ["x", "", 1, 0, 0.5, None, np.float64(1)], ids=repr)
def test_an_answer_that_is_no_bool(encoding: tokenizers.Encoding, answer: object) -> None:
    with pytest.raises(PluginError, match="selector") as caught:
        Interest([answering(lambda words: [*[True] * (len(words) - 1), answer])], Plain()).caption(encoding, WORDS)
    assert repr(answer) in caught.value.what
    assert "one True or False a word" in caught.value.hint


def test_numpy_answers_are_answers(encoding: tokenizers.Encoding) -> None:
    caption = Interest([answering(lambda words: np.array([True, False, False, False]))], Plain()).caption(encoding, WORDS)
    assert caption.weights.tolist() == [0, 2, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "weights",
    [[-0.1, 1, 1, 1], [np.nan, 1, 1, 1], [np.inf, 1, 1, 1], [1, 1, 1], [1, 1, 1, 1, 1], [[1, 1, 1, 1]], 1.0, None],
    ids=["negative", "nan", "infinite", "too few", "too many", "two axes", "one number", "nothing"],
)
def test_wrong_weights(encoding: tokenizers.Encoding, weights: object) -> None:
    with pytest.raises(PluginError, match="weighting"):
        Interest([ByText("Chop", "spinaches")], answering(lambda idf: weights)).caption(encoding, WORDS)


def test_an_unknown_word_can_be_of_interest(tokenizer: Tokenizer) -> None:
    """[UNK] stands in the place of a word; it is no special."""
    encoding = tokenize(["the xyz"], tokenizer, 30)["the xyz"]
    caption = Interest([ByText("xyz")], Plain()).caption(encoding, [Word("the", 0, 3, "DET", 1.0), Word("xyz", 4, 7, "NOUN", 5.0)])
    assert caption.weights.tolist() == [0, 0, 5, 0]


def test_a_truncated_caption_keeps_its_specials_and_loses_its_tail(tokenizer: Tokenizer) -> None:
    """Five tokens hold [CLS] chop the spin [SEP]: the word that is cut keeps its first piece."""
    encoding = tokenize([CAPTION], tokenizer, 5)[CAPTION]
    caption = Interest([ByText("spinaches", "!")], Plain()).caption(encoding, WORDS)
    assert caption.ids.tolist() == [CLS, VOCABULARY["chop"], VOCABULARY["the"], VOCABULARY["spin"], SEP]
    assert caption.weights.tolist() == [0, 0, 0, 3, 0]


def test_words_beyond_the_cut_are_gone(tokenizer: Tokenizer) -> None:
    encoding = tokenize([CAPTION], tokenizer, 4)[CAPTION]
    caption = Interest([ByText("spinaches")], Plain()).caption(encoding, WORDS)
    assert len(caption.ids) == 4
    assert not caption.interest.any()


def test_tokenize_keeps_each_caption_once(tokenizer: Tokenizer) -> None:
    found = tokenize(["a egg", "the egg", "a egg"], tokenizer, 30)
    assert set(found) == {"a egg", "the egg"}
    assert found["a egg"].tokens == ["[CLS]", "a", "egg", "[SEP]"]


def test_tokenize_undoes_a_tokenizers_own_padding(tokenizer: Tokenizer) -> None:
    tokenizer.enable_padding(length=12)
    tokenizer.enable_truncation(max_length=3)
    assert len(tokenize(["the egg and the egg"], tokenizer, 30)["the egg and the egg"]) == 7


@pytest.mark.parametrize("most", range(2, 12))
def test_no_caption_is_longer_than_asked(tokenizer: Tokenizer, most: int) -> None:
    encoding = tokenize([CAPTION], tokenizer, most)[CAPTION]
    assert len(encoding) == min(most, len(PIECES))
    assert encoding.tokens[0] == "[CLS]"
    assert encoding.tokens[-1] == "[SEP]"


def test_offsets_survive_accents_and_wide_characters(tokenizer: Tokenizer) -> None:
    """Offsets count characters of the caption as written, not of its normal form, and not bytes."""
    text = "\U0001f373 thé ÉGG"
    words = [Word("\U0001f373", 0, 1, "SYM"), Word("thé", 2, 5, "DET", 1.0), Word("ÉGG", 6, 9, "NOUN", 4.0)]
    caption = Interest([ByText("ÉGG")], Plain()).caption(tokenize([text], tokenizer, 30)[text], words)
    assert caption.ids.tolist()[-3:] == [VOCABULARY["the"], VOCABULARY["egg"], SEP]
    assert caption.weights.tolist()[-3:] == [0, 4, 0]


def test_caption_table(tokenizer: Tokenizer) -> None:
    """A caption that nobody tagged has nothing of interest."""
    encodings = tokenize([CAPTION, "an egg"], tokenizer, 30)
    table = caption_table(encodings, {CAPTION: WORDS}, Interest([ByText("Chop")], Plain()))
    assert set(table) == {CAPTION, "an egg"}
    assert table[CAPTION].weights.tolist() == [0, 2, 0, 0, 0, 0, 0, 0]
    assert not table["an egg"].interest.any()
