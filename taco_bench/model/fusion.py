"""The fusion module: self-attention over the tokens of a text and a video together, and a score for the pair (P 3.1, Eq. 5).

A text or a video comes in many pairs of a batch, and only the [CLS] output of a pair is read. So the first layer's projections are
computed once a token instead of once a pair, and the last layer computes queries, output and feed-forward for [CLS] alone: with two
layers 11 d^2 instead of 24 d^2 multiplications a token of a pair. No padding is computed but inside attention itself. All of it is exact.

Pairs go through in chunks of a bounded number of tokens. What a chunk's gradients need is kept, or computed again when it is their turn
(Chen et al. 2016, arXiv:1604.06174): then no more than one chunk's is ever held.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from taco_bench.config import Model
from taco_bench.model.chunk import TOKENS_AT_A_TIME
from taco_bench.model.layers import TransformerLayer, initialize
from taco_bench.model.ragged import Layout, Ragged


class FusionModule(nn.Module):
    """Scores pairs of texts and videos.

    Text positions are 0 .. n_max - 1 and video positions from n_max on, whatever the real lengths; the input has no dropout.

    Args:
        config: sizes.

    Attributes:
        recompute: whether a chunk's activations are computed again for its gradients instead of kept; the same bits either way, dropout
            included.
    """

    recompute = False

    def __init__(self, config: Model) -> None:
        super().__init__()
        d = config.width
        self.video_position = config.max_text_tokens
        self.position = nn.Embedding(config.positions, d)
        self.kind = nn.Embedding(2, d)
        self.norm = nn.LayerNorm(d, eps=1e-12)
        self.layers = nn.ModuleList(
            TransformerLayer(d, config.heads, config.feedforward, config.dropout) for _ in range(config.fusion_layers)
        )
        self.score = nn.Linear(d, 1)  # w with its bias
        initialize(self, d)

    def forward(self, text: Ragged, video: Ragged, text_of: Tensor, video_of: Tensor) -> Tensor:
        """The logits w . z of pairs.

        Args:
            text: tokens of the texts, [CLS] first in each.
            video: tokens of the videos.
            text_of: [pairs], the text of each pair.
            video_of: [pairs], the video of each pair.

        Returns:
            [pairs].
        """
        tokens = torch.cat([self._embed(text, 0, 0), self._embed(video, self.video_position, 1)])  # [all tokens, d]
        first = self._layers[0].query_key_value(tokens)  # [all tokens, 3 d], shared by all pairs
        lengths = text.layout.lengths[text_of] + video.layout.lengths[video_of]
        order = lengths.argsort(descending=True, stable=True)  # pairs of like length together
        t, v, lengths = text_of[order], video_of[order], lengths[order]
        numbers: list[int] = lengths.tolist()  # on the host: the one read from the device
        scores = []
        for part in self._chunks(numbers, tokens.device.type):
            layout = Layout(lengths[part], numbers[part.start], sum(numbers[part]))
            scores.append(self._chunk_scores(tokens, first, _rows_of_pairs(text.layout, video.layout, t[part], v[part], layout), layout))
        return torch.cat(scores).index_select(0, order.argsort())  # back in the order in which the pairs were given

    @property
    def _layers(self) -> list[TransformerLayer]:
        return list(self.layers)  # type: ignore[arg-type]  # a ModuleList has no element type

    def _embed(self, tokens: Ragged, first_position: int, kind: int) -> Tensor:
        place = self.position(first_position + tokens.layout.positions)
        return self.norm(tokens.values + place + self.kind.weight[kind])  # type: ignore[no-any-return]

    @staticmethod
    def _chunks(lengths: list[int], device: str) -> Iterator[slice]:
        """Slices of pairs, ordered by falling length, of a bounded number of tokens each."""
        start = 0
        while start < len(lengths):
            many = max(1, TOKENS_AT_A_TIME[device] // max(1, lengths[start]))
            yield slice(start, start + many)
            start += many

    def _chunk_scores(self, tokens: Tensor, first: Tensor, rows: Tensor, layout: Layout) -> Tensor:
        if not (self.recompute and torch.is_grad_enabled()):
            return self._score(tokens, first, rows, layout)
        return checkpoint(self._score, tokens, first, rows, layout, use_reentrant=False)  # type: ignore[no-any-return]

    def _score(self, tokens: Tensor, first: Tensor, rows: Tensor, layout: Layout) -> Tensor:
        """Logits [pairs] of pairs that lie as ``layout`` says and whose tokens are ``tokens[rows]``."""
        x = F.embedding(rows, tokens)  # [tokens of pairs, d]
        q, k, v = F.embedding(layout.pad(rows), first).chunk(3, dim=-1)  # [pairs, longest, d]
        for layer, following in itertools.pairwise(self._layers):
            x = layer.finish(layout.unpad(layer.attend(q, k, v, layout)), x)
            q, k, v = self._next_projections(following, x, layout)
        last = self._layers[-1]
        cls = last.finish(last.attend(q[:, :1], k, v, layout).squeeze(1), x.index_select(0, layout.starts))  # [pairs, d]
        with torch.autocast(cls.device.type, enabled=False):  # 16 bits would make ties among the scores
            return self.score(cls.to(self.score.weight.dtype)).squeeze(1)  # type: ignore[no-any-return]

    def _next_projections(self, layer: TransformerLayer, x: Tensor, layout: Layout) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values [pairs, longest, d] of a later layer; of the last layer the queries of [CLS] alone."""
        if layer is not self._layers[-1]:
            q, k, v = layout.pad(layer.query_key_value(x)).chunk(3, dim=-1)
            return q, k, v
        d = x.shape[1]
        weight, bias = layer.query_key_value.weight, layer.query_key_value.bias
        k, v = layout.pad(F.linear(x, weight[d:], bias[d:])).chunk(2, dim=-1)
        return F.linear(x.index_select(0, layout.starts), weight[:d], bias[:d]).unsqueeze(1), k, v


def _rows_of_pairs(text: Layout, video: Layout, text_of: Tensor, video_of: Tensor, pairs: Layout) -> Tensor:
    """[tokens of pairs], where each pair's tokens lie among those of all texts and, after them, all videos; a pair's text first."""
    length = text.lengths[text_of]
    in_text = pairs.positions + pairs.repeat(text.starts[text_of])
    in_video = pairs.positions + pairs.repeat(text.tokens + video.starts[video_of] - length)
    return torch.where(pairs.positions < pairs.repeat(length), in_text, in_video)
