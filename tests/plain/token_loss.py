"""Eq. 4 with all products at once, and the two-sided late interaction of FILIP (Yao et al. 2021, arXiv:2111.07783, Eq. 4 to 6)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def dense_similarity(words: Tensor, video_tokens: Tensor, video_mask: Tensor) -> Tensor:
    """[words, videos] of words [words, d] and video tokens [videos, m, d]: all products, then their maxima."""
    products = torch.einsum("wd,kmd->wkm", words, video_tokens)
    return products.masked_fill(~video_mask, -torch.inf).max(dim=2).values


def dense_token_nce(video_tokens: Tensor, video_mask: Tensor, text_tokens: Tensor, token_weights: Tensor) -> Tensor:
    """Eq. 4; arguments as :func:`taco_bench.losses.token_nce`. Every text token is compared, of interest or not."""
    count, length, width = text_tokens.shape
    similarity = dense_similarity(text_tokens.reshape(-1, width), video_tokens, video_mask)  # [K n, videos]
    own = torch.arange(count, device=similarity.device).repeat_interleave(length)
    each = F.cross_entropy(similarity, own, reduction="none").view(count, length)
    return (each * token_weights).sum() / count


def filip_nce(video_tokens: Tensor, video_mask: Tensor, text_tokens: Tensor, text_mask: Tensor) -> Tensor:
    """The best video token of each word and the best word of each video token, averaged, a softmax in each direction."""
    products = torch.einsum("ind,jmd->ijnm", text_tokens, video_tokens)  # [texts, videos, n, m]
    words = products.masked_fill(~video_mask[None, :, None, :], -torch.inf).max(dim=3).values  # [texts, videos, n]
    frames = products.masked_fill(~text_mask[:, None, :, None], -torch.inf).max(dim=2).values  # [texts, videos, m]
    to_video = (words * text_mask[:, None]).sum(dim=2) / text_mask.sum(dim=1)[:, None]
    to_text = (frames * video_mask[None]).sum(dim=2) / video_mask.sum(dim=1)[None]
    own = torch.arange(len(products), device=products.device)
    return (F.cross_entropy(to_video, own) + F.cross_entropy(to_text.T, own)) / 2
