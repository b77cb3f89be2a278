"""Selectors, weightings, encoders and taggers, each whole but for one fault."""

from __future__ import annotations

from typing import Any

import numpy as np
from rows_of_table import Row
from taco_bench_text.wordlist import WordlistTagger

from taco_bench.testing import EncoderContract, TaggerContract, TokenSelectorContract, TokenWeightingContract


class Selector:
    def select(self, words: Any) -> Any:
        return [word.tag in ("NOUN", "VERB") for word in words]


class ForPieces(Selector):
    """A mask of the wrong shape: with [CLS] and [SEP]."""

    def select(self, words: Any) -> Any:
        return [False, *super().select(words), False]


class Numbers(Selector):
    def select(self, words: Any) -> Any:
        return [int(answer) for answer in super().select(words)]


class AsManyAsTokens(Selector):
    def select(self, words: Any) -> Any:
        return super().select(words)[:256]


class NeedsAWord(Selector):
    def select(self, words: Any) -> Any:
        least = min(word.start for word in words)
        return [word.start == least for word in words]


class English(Selector):
    def select(self, words: Any) -> Any:
        return [True for word in words if word.text.isascii()]


class NeedsIdf(Selector):
    def select(self, words: Any) -> Any:
        best = max((word.idf for word in words), default=1)
        return [word.idf / best > 0.5 for word in words]


class Once(Selector):
    """A word is of interest the first time that it is seen."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def select(self, words: Any) -> Any:
        found = [word.text not in self.seen for word in words]
        self.seen |= {word.text for word in words}
        return found


class Sorts(Selector):
    def select(self, words: Any) -> Any:
        words.sort(key=lambda word: word.idf)
        return super().select(words)


class SelectorUnanswered(Selector):
    """One answer for all."""

    def select(self, words: Any) -> Any:
        return [True]


SELECTORS = [
    Row(TokenSelectorContract, "test_one_answer_a_word", ForPieces, "one a word"),
    Row(TokenSelectorContract, "test_one_answer_a_word", AsManyAsTokens, "256 answers for the 400 words"),
    Row(TokenSelectorContract, "test_answers_are_true_or_false", Numbers, "True or False"),
    Row(TokenSelectorContract, "test_a_caption_without_words", NeedsAWord, "empty"),
    Row(TokenSelectorContract, "test_captions_in_any_language", English, "answer once a word"),
    Row(TokenSelectorContract, "test_words_before_their_idf_is_known", NeedsIdf, "division"),
    Row(TokenSelectorContract, "test_the_same_caption_gets_the_same_answers", Once, "nothing from one caption"),
    Row(TokenSelectorContract, "test_words_stay_as_they_are", Sorts, "work on a copy"),
    Row(TokenSelectorContract, "test_pieces_of_selected_words_and_nothing_else", ForPieces, "answers for"),
    Row(TokenSelectorContract, "test_pieces_of_selected_words_and_nothing_else", SelectorUnanswered, "answers for"),
    Row(TokenSelectorContract, "test_it_reads_no_tags_where_it_says_so", Selector, "without tags=False", registered={"tags": False}),
]


class Weighting:
    def weigh(self, idf: np.ndarray) -> np.ndarray:
        return idf / idf.sum() if idf.any() else np.ones_like(idf)


class OneWeight(Weighting):
    def weigh(self, idf: np.ndarray) -> Any:
        return idf.sum()


class Logarithm(Weighting):
    def weigh(self, idf: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.abs(np.log(idf))


class Centred(Weighting):
    def weigh(self, idf: np.ndarray) -> np.ndarray:
        return idf - idf.mean()


class Divides(Weighting):
    def weigh(self, idf: np.ndarray) -> np.ndarray:
        return idf / idf.sum()


class Running(Weighting):
    def __init__(self) -> None:
        self.largest = 0.0

    def weigh(self, idf: np.ndarray) -> np.ndarray:
        self.largest = max(self.largest, float(idf.max()))
        return idf / (self.largest or 1.0)


WEIGHTINGS = [
    Row(TokenWeightingContract, "test_one_weight_a_piece", OneWeight, "one weight a piece"),
    Row(TokenWeightingContract, "test_weights_are_finite", Logarithm, "not finite"),
    Row(TokenWeightingContract, "test_weights_are_not_negative", Centred, "below 0"),
    Row(TokenWeightingContract, "test_words_of_every_caption", Divides, "equal weights"),
    Row(TokenWeightingContract, "test_the_same_idf_gets_the_same_weights", Running, "in another order"),
]


class Encoder:
    stream = "made"
    width = 4

    def encode(self, frames: np.ndarray) -> np.ndarray:
        return np.asarray(frames, np.float32)


class NoStream(Encoder):
    stream = ""


class OtherWidth(Encoder):
    def encode(self, frames: np.ndarray) -> np.ndarray:
        return super().encode(frames)[:, :3]


class EverySecond(Encoder):
    def encode(self, frames: np.ndarray) -> np.ndarray:
        return super().encode(frames)[::2]


class NeedsARow(Encoder):
    def encode(self, frames: np.ndarray) -> np.ndarray:
        return np.stack([super(NeedsARow, self).encode(frame) for frame in frames])


class Directions(Encoder):
    def encode(self, frames: np.ndarray) -> np.ndarray:
        rows = super().encode(frames)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Mean(Encoder):
    """Takes the mean over time off."""

    def encode(self, frames: np.ndarray) -> np.ndarray:
        rows = super().encode(frames)
        return rows - rows.mean(axis=0) if len(rows) else rows


class HalfSquares(Encoder):
    """float16 ends at 65,504."""

    def encode(self, frames: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(frames * frames * frames, np.float32)


class WritesIn(Encoder):
    def encode(self, frames: np.ndarray) -> np.ndarray:
        frames -= frames.mean()
        return super().encode(frames)


class RunningMean(Encoder):
    def __init__(self) -> None:
        self.mean = np.zeros(4, np.float32)

    def encode(self, frames: np.ndarray) -> np.ndarray:
        rows = super().encode(frames)
        self.mean = self.mean + (rows.mean(axis=0) if len(rows) else 0)
        return np.asarray(rows - self.mean)


class Differences(Encoder):
    def encode(self, frames: np.ndarray) -> np.ndarray:
        return np.diff(super().encode(frames), axis=0, prepend=frames[:1])


class NanRows(Encoder):
    """Gives NaN."""

    def encode(self, frames: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return super().encode(frames) / super().encode(frames)


ENCODERS = [
    Row(EncoderContract, "test_stream_is_named", NoStream, "set stream"),
    Row(EncoderContract, "test_width_is_as_declared", OtherWidth, "tokens are"),
    Row(EncoderContract, "test_one_token_a_row", EverySecond, "one token a row"),
    Row(EncoderContract, "test_a_clip_without_rows", NeedsARow, "at least one array"),
    Row(EncoderContract, "test_a_row_of_zeros", Directions, "not finite"),
    Row(EncoderContract, "test_a_row_of_zeros", NanRows, "not finite"),
    Row(EncoderContract, "test_padding_changes_nothing", Mean, "after a clip"),
    Row(EncoderContract, "test_float16_in", HalfSquares, "float32"),
    Row(EncoderContract, "test_rows_that_cannot_be_written_to", WritesIn, "read-only"),
    Row(EncoderContract, "test_the_same_clip_gets_the_same_tokens", RunningMean, "nothing from one clip"),
    Row(EncoderContract, "test_each_row_by_itself", Differences, "row_wise = False"),
]


class NoReason(WordlistTagger):
    def missing(self) -> Any:
        return None


class Counting(WordlistTagger):
    count = 0

    def identity(self) -> str:
        type(self).count += 1
        return f"counting {self.count}"


class SkipsTheWordless(WordlistTagger):
    def tag(self, captions: Any) -> Any:
        return [words for words in super().tag(captions) if len(words) > 1]


class LowerCase(WordlistTagger):
    def tag(self, captions: Any) -> Any:
        return super().tag([caption.lower().strip() for caption in captions])


class Treebank(WordlistTagger):
    def tag(self, captions: Any) -> Any:
        from dataclasses import replace

        return [[replace(word, tag="NN" if word.tag == "NOUN" else word.tag) for word in words] for words in super().tag(captions)]


class FirstOfABatch(WordlistTagger):
    def tag(self, captions: Any) -> Any:
        return [words if at == 0 else words[1:] for at, words in enumerate(super().tag(captions))]


TAGGERS = [
    Row(TaggerContract, "test_missing_says_why_in_words", NoReason, "return text"),
    Row(TaggerContract, "test_identity_is_always_the_same", Counting, "identity"),
    Row(TaggerContract, "test_the_words_of_each_caption", SkipsTheWordless, "of 11 captions"),
    Row(TaggerContract, "test_words_lie_in_their_caption", LowerCase, "as it is written"),
    Row(TaggerContract, "test_tags_are_universal", Treebank, "NN"),
    Row(TaggerContract, "test_tags_do_not_depend_on_the_other_captions", FirstOfABatch, "tagged alone"),
]

ROWS = [*SELECTORS, *WEIGHTINGS, *ENCODERS, *TAGGERS]
WHOLE = [
    (TokenSelectorContract, Selector),
    (TokenWeightingContract, Weighting),
    (EncoderContract, Encoder),
    (TaggerContract, WordlistTagger),
]
