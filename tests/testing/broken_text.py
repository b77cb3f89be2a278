"""Text encoders, each whole but for one fault."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from rows_of_table import Row
from taco_bench_text.tiny import Tiny
from taco_bench_text.words import Words
from tokenizers import Tokenizer, models
from torch import nn

from taco_bench.testing import TextEncoderContract


class Text(Tiny):
    def __init__(self) -> None:
        super().__init__(width=16, layers=1, heads=2, vocabulary=80)


class OtherPooling(Text):
    def __init__(self) -> None:
        super().__init__()
        self.pooling = "max"  # type: ignore[assignment]


class NoFile(Text):
    def files(self) -> list[Path]:
        return [Path("weights-that-are-not-there")]


class ItsPlace(Text):
    def fingerprint(self) -> str:
        self.kept = object()
        return f"object at {id(self.kept)}, {torch.rand(1).item()}"


class NoEnds(Text):
    def tokenizer(self) -> Tokenizer:
        whole = super().tokenizer()
        bare = Tokenizer(whole.model)
        bare.normalizer, bare.pre_tokenizer = whole.normalizer, whole.pre_tokenizer
        return bare


class FewPositions(Text):
    def fit(self, captions: Any, max_tokens: int) -> None:
        super().fit(captions, max_tokens - 4)


class LosesLetters(Text):
    """Unknown letters vanish."""

    def tokenizer(self) -> Tokenizer:
        whole = super().tokenizer()
        vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, **{letter: 4 + at for at, letter in enumerate("acehimnopst")}}
        bare = Tokenizer(models.BPE(vocabulary, []))
        bare.normalizer, bare.pre_tokenizer, bare.post_processor = whole.normalizer, whole.pre_tokenizer, whole.post_processor
        return bare


class Wrapped(nn.Module):
    """Another network around the network."""

    def __init__(self, inner: nn.Module, width: int | None = None) -> None:
        super().__init__()
        self.inner = inner
        self.config = inner.config if width is None else SimpleNamespace(hidden_size=width)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        return self.inner(input_ids=input_ids, attention_mask=attention_mask)


class FewWords(Text):
    def network(self) -> nn.Module:
        network = super().network()
        network.embeddings.word_embeddings = nn.Embedding(9, 16)  # type: ignore[union-attr]
        return network


class NotFinite(Text):
    """A word that training never showed has no vector."""

    def network(self) -> nn.Module:
        network = super().network()
        network.embeddings.word_embeddings.weight.data[1] = float("nan")  # type: ignore[union-attr, index, operator]
        return network


class OtherHidden(Text):
    def network(self) -> nn.Module:
        return Wrapped(super().network(), width=8)


class NoMask(Text):
    def network(self) -> nn.Module:
        class Blind(Wrapped):
            def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
                return self.inner(input_ids=input_ids)

        return Blind(super().network())


class Shared(Text):
    kept: nn.Module | None = None

    def network(self) -> nn.Module:
        self.kept = self.kept or super().network()
        return self.kept


class Unseeded(Text):
    def network(self) -> nn.Module:
        torch.seed()
        return super().network()


class NoGradient(Text):
    def network(self) -> nn.Module:
        class Detached(Wrapped):
            def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
                with torch.no_grad():
                    return super().forward(input_ids, attention_mask)

        return Detached(super().network())


class TwoNames(Text):
    def network(self) -> nn.Module:
        network = Wrapped(super().network())
        network.tied = network.inner.embeddings.word_embeddings.weight  # type: ignore[union-attr]
        return network


class FirstSeen(Words):
    """Numbers words in the order in which they are seen."""

    def fit(self, captions: Any, max_tokens: int) -> None:
        super().fit(captions, max_tokens)
        whole = self.tokenizer()
        words = dict.fromkeys(word for caption in captions for word in caption.lower().split())
        vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
        other = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        other.normalizer, other.pre_tokenizer, other.post_processor = whole.normalizer, whole.pre_tokenizer, whole.post_processor
        self._tokenizer = other


class NoAdopt:
    """Learns a vocabulary, and cannot take one over."""

    pooling, frozen = "mean", False

    def __init__(self) -> None:
        inner = Words()
        self.fit, self.tokenizer, self.network = inner.fit, inner.tokenizer, inner.network
        self.files, self.fingerprint = inner.files, inner.fingerprint


class AdoptsItsOwn(Text):
    def adopt(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        self.fit(["other words"], max_tokens)


T = TextEncoderContract
ROWS = [
    Row(T, "test_pooling_and_frozen", OtherPooling, "pooling is 'max'"),
    Row(T, "test_files_and_fingerprint_before_it_is_fitted", NoFile, "which is no file"),
    Row(T, "test_files_and_fingerprint_before_it_is_fitted", ItsPlace, "hash the weights"),
    Row(T, "test_tokens_lie_between_the_ends", NoEnds, "post-processor"),
    Row(T, "test_long_captions_are_cut", FewPositions, "as many tokens as fit"),
    Row(T, "test_long_captions_are_cut", NoEnds, "lost its"),
    Row(T, "test_pieces_lie_in_the_caption", LosesLetters, "no piece holds"),
    Row(T, "test_any_caption", FewWords, "ids of the tokenizer"),
    Row(T, "test_any_caption", NotFinite, "not finite"),
    Row(T, "test_the_call_of_the_network", OtherHidden, "config.hidden_size"),
    Row(T, "test_padding_changes_nothing", NoMask, "attention_mask"),
    Row(T, "test_a_new_network_each_time", Shared, "same weights twice"),
    Row(T, "test_a_new_network_each_time", Unseeded, "under the same seed"),
    Row(T, "test_it_learns_unless_it_is_frozen", NoGradient, "no gradient"),
    Row(T, "test_weights_go_to_a_checkpoint_and_back", TwoNames, "share one tensor"),
    Row(T, "test_the_same_captions_give_the_same_vocabulary", FirstSeen, "another order"),
    Row(T, "test_a_training_can_start_from_another", NoAdopt, "adopt"),
    Row(T, "test_a_training_can_start_from_another", AdoptsItsOwn, "changed the tokenizer"),
]
WHOLE = [(TextEncoderContract, Text)]
