"""L1, the sentence-level ("early") loss: Eq. 3."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def dot_products(text: Tensor, video: Tensor) -> Tensor:
    """[texts, videos] of text [texts, d] and video [videos, d], in float32 or better: autocast would round them to ties."""
    kind = torch.promote_types(torch.promote_types(text.dtype, video.dtype), torch.float32)
    with torch.autocast(text.device.type, enabled=False):
        return text.to(kind) @ video.to(kind).T


def sentence_nce(video: Tensor, text: Tensor, *, temperature: float = 1.0, symmetric: bool = False) -> Tensor:
    """The sentence loss, Eq. 3: each text against all videos of the batch.

    Args:
        video: [K, d], the mean of each video's tokens.
        text: [K, d], the sentence feature of each text; text i belongs to video i.
        temperature: tau 1; the paper uses 1.
        symmetric: also each video against all texts, and the mean of both directions; the paper prints text -> video alone.

    Returns:
        A scalar, the mean over the texts.
    """
    logits = dot_products(text, video) / temperature  # [texts, videos]
    own = torch.arange(len(logits), device=logits.device)
    loss = F.cross_entropy(logits, own)
    return (loss + F.cross_entropy(logits.T, own)) / 2 if symmetric else loss
