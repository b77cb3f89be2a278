"""One vector a word and nothing else: a text encoder in which no word knows its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from taco_bench.api import NetworkSize

if TYPE_CHECKING:
    import tokenizers
    import torch

UNKNOWN = "[UNK]"
SPECIALS = ["[PAD]", UNKNOWN, "[CLS]", "[SEP]"]


class Words:
    """An embedding of whole words, without attention and without positions.

    The sentence feature is the mean over the words, so captions with the same words in another order have the same one; a word's vector
    says nothing of the words beside it. Word order is left to the fusion module.

    Args:
        width: of the vectors.
    """

    frozen = False
    pooling = "mean"

    def __init__(self, width: Annotated[int, Field(gt=0)] = 32) -> None:
        self.width = width
        self._tokenizer: tokenizers.Tokenizer | None = None

    def fit(self, captions: Sequence[str], max_tokens: int) -> None:
        """Number the words of the training captions, lower-cased; all others are unknown."""
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

        normalizer, splitter = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
        found = {word for text in set(captions) for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))}
        vocabulary = {word: number for number, word in enumerate([*SPECIALS, *sorted(found - set(SPECIALS))])}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
        tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
        tokenizer.add_special_tokens(SPECIALS)
        tokenizer.post_processor = processors.BertProcessing(*((end, vocabulary[end]) for end in ("[SEP]", "[CLS]")))
        self._tokenizer = tokenizer

    def adopt(self, tokenizer: tokenizers.Tokenizer, max_tokens: int) -> None:
        """Take over words that were numbered before."""
        self._tokenizer = tokenizer

    def tokenizer(self) -> tokenizers.Tokenizer:
        """The tokenizer of whole words."""
        assert self._tokenizer is not None, "fit() comes first"
        return self._tokenizer

    def network(self) -> torch.nn.Module:
        """An embedding with the call of a BertModel, with random weights."""
        from taco_bench_text.words_network import WordEmbedding

        return WordEmbedding(self.tokenizer().get_vocab_size(), self.width)

    def size(self, max_tokens: int) -> NetworkSize:
        """No layers; how many words there are is not known before they are numbered, so none is counted."""
        return NetworkSize(self.width, 0, 0, 1, 0)

    def files(self) -> list[Path]:
        """None: it starts from nothing."""
        return []

    def fingerprint(self) -> str:
        """Nothing beyond the captions and the options, which are recorded elsewhere."""
        return "from scratch"
