"""A small BERT from scratch, with WordPieces learnt from the training captions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

if TYPE_CHECKING:
    import tokenizers
    import torch

UNKNOWN = "[UNK]"
SPECIALS = ["[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]"]

Positive = Annotated[int, Field(gt=0)]


class Tiny:
    """A BERT of a few narrow layers.

    Args:
        width: of its hidden states.
        layers: self-attention layers.
        heads: attention heads.
        vocabulary: most word pieces learnt.
        dropout: none by default; on a CPU its random numbers cost more than the products of a model this small.
        pooling: the token that stands for the sentence: "cls", as in the paper, or the "mean" of all.
    """

    frozen = False

    def __init__(
        self,
        width: Positive = 64,
        layers: Positive = 2,
        heads: Positive = 4,
        vocabulary: Positive = 1000,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        pooling: Literal["cls", "mean"] = "cls",
    ) -> None:
        self.width, self.layers, self.heads, self.vocabulary, self.dropout, self.pooling = (
            width,
            layers,
            heads,
            vocabulary,
            dropout,
            pooling,
        )
        self._max_tokens = 0
        self._tokenizer: tokenizers.Tokenizer | None = None

    def fit(self, captions: Sequence[str], max_tokens: int) -> None:
        """Learn the word pieces."""
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

        tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=self.vocabulary, special_tokens=SPECIALS, show_progress=False)
        tokenizer.train_from_iterator(sorted(set(captions)), trainer)
        ends = (("[SEP]", SPECIALS.index("[SEP]")), ("[CLS]", SPECIALS.index("[CLS]")))  # specials have the first ids
        tokenizer.post_processor = processors.BertProcessing(*ends)
        self._tokenizer, self._max_tokens = tokenizer, max_tokens

    def tokenizer(self) -> tokenizers.Tokenizer:
        """The learnt tokenizer."""
        assert self._tokenizer is not None, "fit() comes first"
        return self._tokenizer

    def network(self) -> torch.nn.Module:
        """A BertModel with random weights."""
        from transformers import BertConfig, BertModel

        config = BertConfig(
            vocab_size=self.tokenizer().get_vocab_size(),
            hidden_size=self.width,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=4 * self.width,
            hidden_dropout_prob=self.dropout,
            attention_probs_dropout_prob=self.dropout,
            max_position_embeddings=self._max_tokens,
            initializer_range=0.02 * (768 / self.width) ** 0.5,
        )
        network: torch.nn.Module = BertModel(config, add_pooling_layer=False)
        return network

    def fingerprint(self) -> str:
        """Nothing beyond the captions and the options, which are recorded elsewhere."""
        return "from scratch"
