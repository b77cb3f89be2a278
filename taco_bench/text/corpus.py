"""The captions of a data set as token ids, with the tokens of interest and their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import tokenizers

from taco_bench.api import TokenSelector, TokenWeighting, Word
from taco_bench.errors import PluginError
from taco_bench.guard import name_of, using
from taco_bench.text.alignment import NO_WORD, words_of_pieces

ANSWERS = "select() returns one True or False a word"


@dataclass(frozen=True)
class Caption:
    """One caption, tokenized.

    Attributes:
        ids: [tokens], with specials, without padding.
        interest: [tokens], True for the pieces of selected words (P_i of Eq. 4).
        weights: [tokens], the weight of each piece's term in Eq. 4; 0 outside ``interest``.
    """

    ids: npt.NDArray[np.int64]
    interest: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float32]


def tokenize(captions: Sequence[str], tokenizer: tokenizers.Tokenizer, max_tokens: int) -> dict[str, tokenizers.Encoding]:
    """The encoding of each distinct caption, cut to ``max_tokens`` with [CLS] and [SEP]."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=max_tokens)
    distinct = sorted(set(captions))
    return dict(zip(distinct, tokenizer.encode_batch(distinct), strict=True))


class Interest:
    """What is of interest in a caption, by the union of the selectors, weighted.

    Args:
        selectors: may be empty; then nothing is of interest.
        weighting: None where there are no selectors.
    """

    def __init__(self, selectors: Sequence[TokenSelector], weighting: TokenWeighting | None) -> None:
        self.selectors, self.weighting = selectors, weighting

    def caption(self, encoding: tokenizers.Encoding, words: Sequence[Word]) -> Caption:
        """One caption from its encoding and its words (with idf)."""
        chosen = self._chosen(words)
        special = [bool(flag) for flag in encoding.special_tokens_mask]
        owner = np.array(words_of_pieces(encoding.offsets, special, words))
        interest = np.array([at != NO_WORD and chosen[at] for at in owner], bool)
        weights = np.zeros(len(owner), np.float32)
        if interest.any() and self.weighting is not None:
            idf = np.array([words[at].idf for at in owner[interest]], np.float64)  # all pieces of a word have its idf
            with using(self.weighting, "gave weights that cannot be used"):
                weights[interest] = self._checked(self.weighting.weigh(idf), len(idf))
        return Caption(np.array(encoding.ids, np.int64), interest, weights)

    def _chosen(self, words: Sequence[Word]) -> list[bool]:
        chosen = [False] * len(words)
        for selector in self.selectors:
            with using(selector, "gave answers that cannot be used"):
                answer = list(selector.select(words))
            if len(answer) != len(words):
                raise PluginError(
                    f"the token selector {name_of(selector)} gave {len(answer)} answers for {len(words)} words",
                    hint=ANSWERS,
                )
            if others := [each for each in answer if not isinstance(each, (bool, np.bool_))]:
                raise PluginError(f"the token selector {name_of(selector)} gave {others[0]!r} for a word", hint=ANSWERS)
            chosen = [a or bool(b) for a, b in zip(chosen, answer, strict=True)]
        return chosen

    def _checked(self, weights: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
        weights = np.asarray(weights, np.float64)
        if weights.shape != (count,) or not np.isfinite(weights).all() or (weights < 0).any():
            raise PluginError(
                f"the token weighting {name_of(self.weighting)} gave {weights} for {count} pieces",
                hint="weigh() returns one finite number >= 0 a piece",
            )
        return weights


def caption_table(
    encodings: Mapping[str, tokenizers.Encoding], words: Mapping[str, Sequence[Word]], interest: Interest
) -> dict[str, Caption]:
    """Every caption of the corpus by its text."""
    return {text: interest.caption(encoding, words.get(text, ())) for text, encoding in encodings.items()}
