"""Encoding a batch in chunks, so that K is bounded by the features' memory and not by the encoders' activations.

The contrastive losses need the features of all K clips at once, but their gradients flow into one clip's encoder at a time. So the features
of all chunks are computed without keeping activations; the losses over all of them give a gradient at each feature; and each
chunk is then encoded again, with the same dropout, to carry its gradient on (GradCache: Gao, Zhang, Han, Callan 2021, arXiv:2101.06983).
Exact: a forward pass more for the encoders, and the activations of one chunk instead of all.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from taco_bench.model.language import LanguageModule, TextFeatures
from taco_bench.model.ragged import Layout, Ragged
from taco_bench.model.video import VideoFeatures, VideoModule

Encoder = Callable[[Ragged], tuple[Tensor, Tensor]]
"""From rows to tokens [tokens, d] and one vector a row [rows, d]."""


def encode_texts(language: LanguageModule, ids: Ragged, size: int) -> TextFeatures:
    """Text features of token ids, ``size`` texts at a time."""

    def encode(part: Ragged) -> tuple[Tensor, Tensor]:
        found = language(language.hidden(part))
        return found.tokens.values, found.sentence

    return TextFeatures(*_in_chunks(encode, ids, size))


def encode_videos(module: VideoModule, features: Ragged, size: int) -> VideoFeatures:
    """Video features of clips, ``size`` clips at a time."""

    def encode(part: Ragged) -> tuple[Tensor, Tensor]:
        found = module(part)
        return found.tokens.values, found.mean

    return VideoFeatures(*_in_chunks(encode, features, size))


def _in_chunks(encode: Encoder, rows: Ragged, size: int) -> tuple[Ragged, Tensor]:
    def run(values: Tensor, layout: Layout) -> tuple[Tensor, Tensor]:
        return encode(Ragged(values, layout))

    # torch's checkpoint is both passes: it encodes without keeping activations, and autograd has each chunk encoded again, the last
    # one first and with the generator's state of the first pass, when the gradient of its features is complete
    parts = [checkpoint(run, part.values, part.layout, use_reentrant=False) for part in rows.split(size)]
    tokens, vectors = zip(*parts, strict=True)
    return rows.with_values(torch.cat(tokens)), torch.cat(vectors)
