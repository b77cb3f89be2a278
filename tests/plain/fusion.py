"""The fusion module as a script would write it: every pair expanded and padded, every token carried through all layers."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from taco_bench.model.fusion import FusionModule
from taco_bench.model.layers import TransformerLayer
from taco_bench.model.ragged import Ragged


def plain_layer(layer: TransformerLayer, x: Tensor, mask: Tensor) -> Tensor:
    """An ordinary post-norm transformer layer on [pairs, length, d], of which ``mask`` [pairs, length] is real."""
    pairs, length, d = x.shape
    q, k, v = (part.view(pairs, length, layer.heads, -1).transpose(1, 2) for part in layer.query_key_value(x).split(d, dim=2))
    drop = layer.dropout.p if layer.training else 0.0
    attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :], dropout_p=drop)
    x = layer.attention_norm(x + layer.dropout(layer.output(attended.transpose(1, 2).reshape(pairs, length, d))))
    return layer.output_norm(x + layer.dropout(layer.contract(F.gelu(layer.expand(x)))))


def plain_fusion(
    module: FusionModule, text: Ragged, video: Ragged, text_of: Tensor, video_of: Tensor, lengths: tuple[int, int] | None = None
) -> Tensor:
    """Logits [pairs] with the weights of ``module``.

    Args:
        module: whose weights.
        text: tokens of the texts, [CLS] first.
        video: tokens of the videos.
        text_of: [pairs].
        video_of: [pairs].
        lengths: what texts and videos are padded to; None: their longest.
    """
    n, m = lengths or (text.layout.longest, video.layout.longest)
    texts = module.norm(_padded(text, n) + module.position.weight[:n] + module.kind.weight[0])  # [texts, n, d]
    places = module.position.weight[module.video_position :][:m]
    videos = module.norm(_padded(video, m) + places + module.kind.weight[1])  # [videos, m, d]
    x = torch.cat([texts[text_of], videos[video_of]], dim=1)  # [pairs, n + m, d]
    mask = torch.cat([_mask(text, n)[text_of], _mask(video, m)[video_of]], dim=1)
    for layer in module.layers:
        x = plain_layer(layer, x, mask)  # type: ignore[arg-type]
    return module.score(x[:, 0]).squeeze(1)  # type: ignore[no-any-return]


def _padded(rows: Ragged, length: int) -> Tensor:
    return F.pad(rows.padded(), (0, 0, 0, length - rows.layout.longest))


def _mask(rows: Ragged, length: int) -> Tensor:
    return torch.arange(length, device=rows.layout.lengths.device) < rows.layout.lengths.unsqueeze(1)
