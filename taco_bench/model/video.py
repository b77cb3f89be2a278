"""The video module: a projection of the features, then self-attention over the video tokens (P 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from taco_bench.config import Model
from taco_bench.model.layers import TransformerLayer, initialize
from taco_bench.model.ragged import Ragged


@dataclass(frozen=True)
class VideoFeatures:
    """x_i and its mean: tokens [tokens, d], mean [videos, d]."""

    tokens: Ragged
    mean: Tensor


class VideoModule(nn.Module):
    """From features [tokens, width] to video tokens [tokens, d].

    Args:
        width: of the features.
        config: sizes.
    """

    def __init__(self, width: int, config: Model) -> None:
        super().__init__()
        d = config.width
        self.project = nn.Linear(width, d)
        self.position = nn.Embedding(config.max_video_tokens, d)
        self.norm = nn.LayerNorm(d, eps=1e-12)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(
            TransformerLayer(d, config.heads, config.feedforward, config.dropout) for _ in range(config.video_layers)
        )
        initialize(self, d)
        nn.init.xavier_uniform_(self.project.weight)  # its input has the features' width, not d

    def forward(self, features: Ragged) -> VideoFeatures:
        """Encode clips of at most ``max_video_tokens`` tokens each."""
        x = self.project(features.values) + self.position(features.layout.positions)
        tokens = features.with_values(self.dropout(self.norm(x)))
        for layer in self.layers:
            tokens = layer(tokens)
        return VideoFeatures(tokens, tokens.means())
