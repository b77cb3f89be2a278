"""Text networks of transformers without padding.

Of a BERT layer's products all but attention's are made token by token. So the texts of a batch go through as one row, one after the
other, and only inside attention are they laid out as rows of a common length.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor, nn

from taco_bench.model.ragged import Layout, Ragged

NAME: Final = "taco_bench_without_padding"
"""Of the attention, among those that transformers knows."""


def compute_no_padding(network: nn.Module) -> nn.Module:
    """Have a BERT take its texts as one row (:func:`hidden_states`); any other network stays as it is. Returns the network.

    Called as before, with padded token ids and their mask, it computes what it did.
    """
    config = getattr(network, "config", None)
    if getattr(config, "model_type", None) != "bert":  # others count positions in their own ways
        return network
    from transformers import AttentionInterface, AttentionMaskInterface, BertModel
    from transformers.masking_utils import sdpa_mask

    if not isinstance(network, BertModel) or network.config.is_decoder:  # a module around one; a text whose tokens do not see what follows
        return network

    AttentionInterface.register(NAME, _attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    network.set_attn_implementation(NAME)
    network.takes_rows = True
    bert: nn.Module = network  # the checks above have typed it away
    return bert


def hidden_states(network: nn.Module, ids: Ragged) -> Tensor:
    """The last hidden states [tokens, hidden] of token ids [tokens]."""
    layout = ids.layout
    config: Any = network.config
    # of its own: a module around it may show the attributes of what is in it
    if not (vars(network).get("takes_rows") and config._attn_implementation == NAME):
        states: Tensor = network(input_ids=ids.padded(), attention_mask=layout.mask.long()).last_hidden_state  # [texts, longest, hidden]
        return layout.unpad(states)
    row: Tensor = network(input_ids=ids.values[None], position_ids=layout.positions[None], layout=layout).last_hidden_state
    return row.squeeze(0)


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    layout: Layout | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Attention within each text; query, key and value are [1, heads, tokens, d / heads], the result [1, tokens, heads, d / heads].

    Without a layout they are [texts, heads, longest, d / heads] with a mask, as transformers' own.
    """
    if layout is not None:
        together = torch.stack([part.squeeze(0).transpose(0, 1) for part in (query, key, value)], dim=1)  # [tokens, 3, heads, d / heads]
        query, key, value = layout.pad(together).permute(2, 0, 3, 1, 4)  # each [texts, heads, longest, d / heads]
        attention_mask = layout.open
    attended = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=attention_mask, dropout_p=dropout, scale=scaling
    ).transpose(1, 2)
    return attended if layout is None else layout.unpad(attended)[None], None
