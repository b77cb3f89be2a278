"""The network of ``words``; a module of its own, so that listing components does not import torch."""

from __future__ import annotations

from types import SimpleNamespace

from torch import Tensor, nn


class WordEmbedding(nn.Module):
    """One vector a word, with the call of ``transformers.BertModel``.

    Args:
        words: rows of the embedding.
        width: of the vectors; they start normal, with an expected length of 1.
    """

    def __init__(self, words: int, width: int) -> None:
        super().__init__()
        self.config = SimpleNamespace(hidden_size=width)
        self.embedding = nn.Embedding(words, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        """``last_hidden_state`` [texts, words, width] of ids [texts, words]; with no attention the mask changes nothing."""
        return SimpleNamespace(last_hidden_state=self.embedding(input_ids))
