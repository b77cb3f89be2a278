"""The language module: a BERT-like network whose tokens are brought to the width of the video tokens (P 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from taco_bench.model.layers import initialize
from taco_bench.model.ragged import Ragged
from taco_bench.model.without_padding import hidden_states


@dataclass(frozen=True)
class TextFeatures:
    """y_i and its sentence feature: tokens [tokens, d], [CLS] first in each row; sentence [texts, d]."""

    tokens: Ragged
    sentence: Tensor


class LanguageModule(nn.Module):
    """From token ids to text tokens [tokens, d].

    Args:
        network: with the call of ``transformers.BertModel``.
        width: d.
        pooling: "cls", the paper's, or "mean" over all tokens of the sentence, specials included.
        frozen: the network keeps its weights and runs without dropout.
    """

    def __init__(self, network: nn.Module, width: int, *, pooling: Literal["cls", "mean"] = "cls", frozen: bool = False) -> None:
        super().__init__()
        hidden: int = network.config.hidden_size  # type: ignore[union-attr, assignment]
        self.network, self.pooling, self.frozen = network, pooling, frozen
        self.project: nn.Module = nn.Identity() if hidden == width else nn.Linear(hidden, width)
        initialize(self.project, width)
        if frozen:
            network.requires_grad_(False)

    def train(self, mode: bool = True) -> LanguageModule:
        """A frozen network stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.network.eval()
        return self

    def hidden(self, ids: Ragged) -> Ragged:
        """The network's last hidden states [tokens, hidden] of token ids [tokens]."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            return ids.with_values(hidden_states(self.network, ids))

    def forward(self, hidden: Ragged) -> TextFeatures:
        """Text features from hidden states."""
        tokens = hidden.with_values(self.project(hidden.values))
        sentence = tokens.means() if self.pooling == "mean" else tokens.firsts()
        return TextFeatures(tokens, sentence)
