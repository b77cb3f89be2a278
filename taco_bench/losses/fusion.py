"""L3, the fusion ("later") loss: Eq. 5 over the sampled negatives."""

from __future__ import annotations

import torch
from torch import Tensor


def fusion_nce(positive: Tensor, negative: Tensor, mask: Tensor | None = None) -> Tensor:
    """The fusion loss, Eq. 5, of one direction: each anchor's own pair against its K' sampled ones. No temperature.

    Args:
        positive: [A], the logit w . z of each anchor's own pair.
        negative: [A, K'], the logits of its negatives.
        mask: [A, K'], False for negatives that do not count; None: all do.

    Returns:
        A scalar, the mean over the anchors; the caller averages the two directions.
    """
    if mask is not None:
        negative = negative.masked_fill(~mask, -torch.inf)
    logits = torch.cat([positive.unsqueeze(1), negative], dim=1)  # [A, 1 + K']
    return (logits.logsumexp(dim=1) - positive).mean()
