"""Words: taggers, selectors, weightings and text encoders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import tokenizers
    import torch


@dataclass(frozen=True)
class Word:
    """A word of a caption.

    Attributes:
        text: as it is written.
        start, end: its characters are ``caption[start:end]``.
        tag: its universal part of speech, such as "NOUN".
        idf: Eq. 7 over the training captions; 0 before they are counted.
    """

    text: str
    start: int
    end: int
    tag: str
    idf: float = 0.0


class Tagger(Protocol):
    """Splits captions into words with universal parts of speech (https://universaldependencies.org/u/pos/)."""

    def missing(self) -> str:
        """Why it cannot be used here, and what would help; empty where it can."""

    def identity(self) -> str:
        """Name and version of what tags, for the cache and the record."""

    def tag(self, captions: Sequence[str]) -> Sequence[list[Word]]:
        """The words of each caption, in order; may be called with many captions at a time."""


class TokenSelector(Protocol):
    """Says which words are tokens of interest (P_i of Eq. 4)."""

    def select(self, words: Sequence[Word]) -> Sequence[bool]:
        """One answer a word. All word pieces of a selected word are of interest; specials and padding never are."""


class TokenWeighting(Protocol):
    """Turns the idf of a caption's tokens of interest into the weights of their terms in Eq. 4."""

    def weigh(self, idf: np.ndarray) -> np.ndarray:
        """Weights [pieces], at least 0, from the idf [pieces] of the word pieces of interest; at least one piece."""


@dataclass(frozen=True)
class NetworkSize:
    """How large a text network is.

    Attributes:
        width: of its hidden states.
        layers: self-attention layers.
        feedforward: width of their feed-forward layers.
        heads: attention heads.
        parameters: all, embeddings included.
        dropout: whether it draws dropout while it is trained.
    """

    width: int
    layers: int
    feedforward: int
    heads: int
    parameters: int
    dropout: bool = False


class TextEncoder(Protocol):
    """A tokenizer and a BERT-like network."""

    pooling: str
    """Which token stands for the sentence: "cls", as in the paper, or "mean" over the word pieces."""
    frozen: bool
    """Whether the network keeps its weights; its outputs are then computed once a caption."""

    def fit(self, captions: Sequence[str], max_tokens: int) -> None:
        """Learn what must be learnt from the training captions, such as a vocabulary; called once, first."""

    def tokenizer(self) -> tokenizers.Tokenizer:
        """The tokenizer, with [CLS] first and [SEP] last, without padding or truncation."""

    def network(self) -> torch.nn.Module:
        """A new network with the call of ``transformers.BertModel``; called under a seeded generator."""

    def files(self) -> Sequence[Path]:
        """The files that it starts from, such as weights; neither opened nor read here."""

    def fingerprint(self) -> str:
        """A hash of the weights and the vocabulary that it starts from."""


@runtime_checkable
class LearntVocabulary(TextEncoder, Protocol):
    """A text encoder whose vocabulary is learnt from captions, so that a training that starts from another takes over that one's."""

    def adopt(self, tokenizer: tokenizers.Tokenizer, max_tokens: int) -> None:
        """Take over a tokenizer that an encoder with the same options learnt; called once, first, in the place of ``fit``."""


@runtime_checkable
class SizedText(TextEncoder, Protocol):
    """A text encoder that knows how large its network is before it is built, so that plans can price a first training."""

    def size(self, max_tokens: int) -> NetworkSize | None:
        """The network's size with so many positions, from options and small files alone; None where it cannot be known yet."""
