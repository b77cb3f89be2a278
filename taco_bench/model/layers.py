"""One transformer layer as in BERT (post-norm, gelu), in parts, so that the fusion module can compute each part only where needed."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from taco_bench.model.ragged import Layout, Ragged


class TransformerLayer(nn.Module):
    """Self-attention and feed-forward: 12 d^2 multiplications a token with a feed-forward width of 4 d."""

    def __init__(self, width: int, heads: int, feedforward: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)  # 3 d^2
        self.output = nn.Linear(width, width)  # d^2
        self.attention_norm = nn.LayerNorm(width, eps=1e-12)
        self.expand = nn.Linear(width, feedforward)  # 4 d^2
        self.contract = nn.Linear(feedforward, width)  # 4 d^2
        self.output_norm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Ragged) -> Ragged:
        """[tokens, d] to [tokens, d]; each row attends to itself."""
        layout = tokens.layout
        q, k, v = layout.pad(self.query_key_value(tokens.values)).chunk(3, dim=-1)  # each [rows, longest, d]
        return tokens.with_values(self.finish(layout.unpad(self.attend(q, k, v, layout)), tokens.values))

    def attend(self, q: Tensor, k: Tensor, v: Tensor, layout: Layout) -> Tensor:
        """Multi-head attention of q [rows, queries, d] over k, v [rows, longest, d], each row's own tokens."""
        out = F.scaled_dot_product_attention(
            self._split(q), self._split(k), self._split(v), attn_mask=layout.open, dropout_p=self.dropout.p if self.training else 0.0
        )
        joined: Tensor = out.transpose(1, 2).flatten(2)  # [rows, queries, d]
        return joined

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.heads, -1).transpose(1, 2)  # [rows, heads, length, d / heads]

    def finish(self, attended: Tensor, tokens: Tensor) -> Tensor:
        """What follows attention, token by token: output projection, feed-forward, both with residual and norm; [..., d]."""
        tokens = self.attention_norm(tokens + self.dropout(self.output(attended)))
        result: Tensor = self.output_norm(tokens + self.dropout(self.contract(F.gelu(self.expand(tokens)))))
        return result


def initialize(module: nn.Module, width: int) -> None:
    """Initialise all linear and embedding layers below ``module``: normal, with the variance that a layer ``width`` wide keeps.

    The paper does not state its initialisation. BERT's 0.02, made for a width of 768, makes layers of small models start near 0.
    """
    std = width**-0.5
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=std)
        if isinstance(part, nn.Linear):
            nn.init.zeros_(part.bias)
