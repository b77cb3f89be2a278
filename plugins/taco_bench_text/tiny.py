"""A small BERT from scratch, with WordPieces learnt from the training captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from taco_bench.api import NetworkSize, UserError, compute_no_padding

if TYPE_CHECKING:
    import tokenizers
    import torch

UNKNOWN = "[UNK]"
SPECIALS = ["[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]"]

Positive = Annotated[int, Field(gt=0)]


def pre_tokenize(tokenizer: tokenizers.Tokenizer, text: str) -> list[tuple[str, tuple[int, int]]]:
    """The words of a text and their places, as WordPiece training sees them."""
    return list(tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text)))


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
        if width % heads:
            what = f"the width {width} cannot be split into {heads} heads"
            raise UserError(what, where="text_encoder.heads", hint="give heads that divide the width")
        self.width, self.layers, self.heads, self.dropout = width, layers, heads, dropout
        self.vocabulary, self.pooling = vocabulary, pooling
        self._max_tokens = 0
        self._tokenizer: tokenizers.Tokenizer | None = None

    def fit(self, captions: Sequence[str], max_tokens: int) -> None:
        """Learn the word pieces."""
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

        tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        distinct = sorted(set(captions))
        words = {word for text in distinct for word, _ in pre_tokenize(tokenizer, text)}
        letters = [*sorted({word[0] for word in words}), *sorted({f"##{letter}" for word in words for letter in word[1:]})]
        # The trainer numbers letters in the order of a hash map, which differs from process to process, and breaks ties by number:
        # letters given as special tokens have fixed numbers, and with them every merge is the same.
        trainer = trainers.WordPieceTrainer(vocab_size=self.vocabulary, special_tokens=[*SPECIALS, *letters], show_progress=False)
        tokenizer.train_from_iterator(distinct, trainer)
        learnt = Tokenizer(models.WordPiece(tokenizer.get_vocab(), unk_token=UNKNOWN))
        learnt.normalizer, learnt.pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
        learnt.add_special_tokens(SPECIALS)
        tokenizer = learnt
        ends = (("[SEP]", SPECIALS.index("[SEP]")), ("[CLS]", SPECIALS.index("[CLS]")))  # specials have the first ids
        tokenizer.post_processor = processors.BertProcessing(*ends)
        self._tokenizer, self._max_tokens = tokenizer, max_tokens

    def adopt(self, tokenizer: tokenizers.Tokenizer, max_tokens: int) -> None:
        """Take over word pieces that were learnt before."""
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
            initializer_range=self.width**-0.5,
        )
        return compute_no_padding(BertModel(config, add_pooling_layer=False))

    def size(self, max_tokens: int) -> NetworkSize:
        """From the options; the word pieces that will be learnt are at most these."""
        w, ff = self.width, 4 * self.width
        parameters = (self.vocabulary + max_tokens + 4) * w + self.layers * (4 * w * w + 2 * w * ff + 9 * w + ff)  # 4: two types, a norm
        return NetworkSize(w, self.layers, ff, self.heads, parameters, self.dropout > 0)

    def files(self) -> list[Path]:
        """None: it starts from nothing."""
        return []

    def fingerprint(self) -> str:
        """Nothing beyond the captions and the options, which are recorded elsewhere."""
        return "from scratch"
