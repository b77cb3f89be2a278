"""The vocabulary of a training: learnt from its captions, or taken over from the training that it starts from."""

from __future__ import annotations

from collections.abc import Sequence

import tokenizers

from taco_bench.api import LearntVocabulary, TextEncoder
from taco_bench.errors import UserError


def tokenizer_text(encoder: TextEncoder) -> str:
    """An encoder's tokenizer as JSON, without truncation and padding: what batches are made of differs, the vocabulary does not."""
    whole = tokenizers.Tokenizer.from_str(encoder.tokenizer().to_str())
    whole.no_padding()
    whole.no_truncation()
    return str(whole.to_str())


def fit(encoder: TextEncoder, captions: Sequence[str], max_tokens: int, tokenizer: str) -> None:
    """Make an encoder ready: by its training captions, or by the tokenizer of the training that it starts from.

    Args:
        encoder: not yet fitted.
        captions: of the training split.
        max_tokens: most tokens a caption.
        tokenizer: of the start, as :func:`tokenizer_text` gives it; empty where there is none.

    Raises:
        UserError: the encoder comes with a vocabulary of its own, and it is not the start's.
    """
    if tokenizer and isinstance(encoder, LearntVocabulary):
        encoder.adopt(tokenizers.Tokenizer.from_str(tokenizer), max_tokens)
    else:
        encoder.fit(captions, max_tokens)
    if tokenizer and tokenizer_text(encoder) != tokenizer:
        what = "the text encoder has another vocabulary than the training that it starts from: its token ids mean other words"
        raise UserError(what, where="text_encoder", hint="name the text encoder, and the weights, that the start was trained with")
