"""A narrow BERT from scratch on whole words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from taco_bench import hookimpl
from taco_bench.hookspecs import Register

if TYPE_CHECKING:
    import tokenizers
    import torch

UNKNOWN = "[UNK]"
SPECIALS = ["[PAD]", UNKNOWN, "[CLS]", "[SEP]"]


class MyComponent:
    """A BERT whose vocabulary is the words of the training captions.

    Args:
        width: of its hidden states; 4 heads divide it.
        layers: self-attention layers.
    """

    frozen = False
    pooling = "cls"

    def __init__(self, width: int = 32, layers: int = 1) -> None:
        self.width, self.layers = width, layers

    def fit(self, captions: Sequence[str], max_tokens: int) -> None:
        """Number the words of the training captions, lower-cased; all others are unknown."""
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

        normalizer, splitter = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
        words = {word for caption in set(captions) for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(caption))}
        numbers = {word: number for number, word in enumerate([*SPECIALS, *sorted(words - set(SPECIALS))])}
        self._tokenizer = Tokenizer(models.WordLevel(numbers, unk_token=UNKNOWN))
        self._tokenizer.normalizer, self._tokenizer.pre_tokenizer = normalizer, splitter
        self._tokenizer.add_special_tokens(SPECIALS)
        self._tokenizer.post_processor = processors.BertProcessing(("[SEP]", numbers["[SEP]"]), ("[CLS]", numbers["[CLS]"]))
        self._max_tokens = max_tokens

    def adopt(self, tokenizer: tokenizers.Tokenizer, max_tokens: int) -> None:
        """Take over the words of a training that this one starts from."""
        self._tokenizer, self._max_tokens = tokenizer, max_tokens

    def tokenizer(self) -> tokenizers.Tokenizer:
        """The tokenizer of whole words."""
        return self._tokenizer

    def network(self) -> torch.nn.Module:
        """A BertModel with random weights."""
        from transformers import BertConfig, BertModel

        config = BertConfig(
            vocab_size=self._tokenizer.get_vocab_size(),
            hidden_size=self.width,
            num_hidden_layers=self.layers,
            num_attention_heads=4,
            intermediate_size=2 * self.width,
            max_position_embeddings=self._max_tokens,
        )
        network: torch.nn.Module = BertModel(config, add_pooling_layer=False)
        return network

    def files(self) -> list[Path]:
        """None: it starts from nothing."""
        return []

    def fingerprint(self) -> str:
        """Nothing beyond captions and options, which are recorded elsewhere."""
        return "from scratch"


@hookimpl
def taco_bench_text_encoders(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="a narrow BERT from scratch on whole words")
