"""L2, the token-level loss: Eq. 4, with the token similarity of P 3.3."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

WORDS_AT_A_TIME = 512
"""Words whose similarities to all video tokens are held at once; bounds the memory of the forward pass."""


class _MaxOverVideoTokens(torch.autograd.Function):
    """max_k w . x_k for each word w and video x, without keeping the words x video tokens products for the backward pass.

    The gradient goes through the best video token of each (word, video) alone, so its index is all that is kept, and both gradients
    are sums of words x videos vectors where dense products would add words x videos x m.
    """

    @staticmethod
    def forward(ctx, words: Tensor, video: Tensor, mask: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        count, longest, width = video.shape  # [videos, m, d]
        flat = video.masked_fill(~mask.unsqueeze(2), 0).view(-1, width).T  # padding may hold anything, and nothing that -inf cancels
        closed = words.new_zeros(mask.shape).masked_fill(~mask, -torch.inf).flatten()  # added to the products, which costs nothing
        # the maximum's index by a second, narrow maximum over the places that reach it: torch finds a maximum with its index ten times
        # slower than the maximum; places count down from m, so that the first of several wins
        narrow = torch.uint8 if longest < 256 else torch.int32
        countdown = torch.arange(longest, 0, -1, dtype=narrow, device=video.device)
        best = words.new_empty(len(words), count)
        left = torch.empty(len(words), count, dtype=narrow, device=words.device)
        buffer = words.new_empty(min(len(words), WORDS_AT_A_TIME), count * longest)
        for start in range(0, len(words), WORDS_AT_A_TIME):
            part = slice(start, start + WORDS_AT_A_TIME)
            products = torch.addmm(closed, words[part], flat, out=buffer[: len(words[part])])
            products = products.view(-1, count, longest)  # [words, videos, m]
            torch.amax(products, 2, out=best[part])
            torch.amax((products == best[part].unsqueeze(2)) * countdown, 2, out=left[part])
        ctx.save_for_backward(words, video, left)
        return best

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:  # type: ignore[no-untyped-def]
        words, video, left = ctx.saved_tensors
        count, longest, width = video.shape
        if not len(words):
            return torch.zeros_like(words), torch.zeros_like(video), None
        # [words, videos], each one's best row among all video tokens; where a NaN left no place, any: the loss is NaN too
        rows = (longest - left.long()).clamp_(max=longest - 1) + longest * torch.arange(count, device=words.device)
        to_words = F.embedding_bag(rows, video.reshape(-1, width), mode="sum", per_sample_weights=gradient)
        # the same sums from the video's side: (word, video) entries by their row, and of each row the words that chose it
        ordered, entries = rows.flatten().sort(stable=True)
        begins = torch.searchsorted(ordered, torch.arange(count * longest, device=words.device))
        to_video = F.embedding_bag(entries // count, words, begins, mode="sum", per_sample_weights=gradient.flatten()[entries])
        return to_words, to_video.view_as(video), None


def word_similarity(words: Tensor, video_tokens: Tensor, video_mask: Tensor) -> Tensor:
    """s(x, y^p) of P 3.3 for a flat list of words: the largest dot product with any token of the video.

    Args:
        words: [words, d].
        video_tokens: [videos, m, d].
        video_mask: [videos, m], True for real tokens; every video has at least one.

    Returns:
        [words, videos], float32 or better: autocast would round the scores, and give the two arguments different types.
    """
    kind = torch.promote_types(torch.promote_types(words.dtype, video_tokens.dtype), torch.float32)
    with torch.autocast(words.device.type, enabled=False):
        return _MaxOverVideoTokens.apply(words.to(kind), video_tokens.to(kind), video_mask)  # type: ignore[no-any-return, no-untyped-call]


def token_similarity(video_tokens: Tensor, video_mask: Tensor, text_tokens: Tensor, token_mask: Tensor) -> Tensor:
    """The similarity of every text token of interest to every video, P 3.3.

    Args:
        video_tokens: [videos, m, d].
        video_mask: [videos, m], True for real tokens.
        text_tokens: [texts, n, d].
        token_mask: [texts, n], True for tokens of interest.

    Returns:
        [texts, n, videos], the maximum over the video's tokens; 0 where ``token_mask`` is False.
    """
    found = word_similarity(text_tokens[token_mask], video_tokens, video_mask)  # [words, videos]
    similarity = found.new_zeros(*token_mask.shape, len(video_tokens))
    return similarity.masked_scatter(token_mask.unsqueeze(-1), found)


def word_nce(similarity: Tensor, owner: Tensor, weights: Tensor, texts: int, *, temperature: float = 1.0) -> Tensor:
    """Eq. 4 from the similarities of a flat list of words.

    Args:
        similarity: [words, videos], as :func:`word_similarity` gives it.
        owner: [words], the text that each word is of; text i belongs to video i.
        weights: [words].
        texts: K; texts without a word of interest contribute 0 and still count.
        temperature: tau 2; the paper uses 1.
    """
    each = F.cross_entropy(similarity / temperature, owner, reduction="none")  # [words]: a softmax over the videos for each word
    return (each * weights).sum() / texts  # not each @ weights, which autocast would round


def token_nce(video_tokens: Tensor, video_mask: Tensor, text_tokens: Tensor, token_weights: Tensor, *, temperature: float = 1.0) -> Tensor:
    """The token loss, Eq. 4: each token of interest against all videos of the batch.

    Args:
        video_tokens: [K, m, d].
        video_mask: [K, m], True for real tokens.
        text_tokens: [K, n, d]; text i belongs to video i.
        token_weights: [K, n], the weight of each token's term, used as given; 0 for tokens that are not of interest.
        temperature: tau 2; the paper uses 1.

    Returns:
        A scalar: the weighted sum over the tokens of each text, mean over the texts.
    """
    chosen = token_weights != 0
    similarity = word_similarity(text_tokens[chosen], video_tokens, video_mask)
    return word_nce(similarity, chosen.nonzero()[:, 0], token_weights[chosen], len(text_tokens), temperature=temperature)
