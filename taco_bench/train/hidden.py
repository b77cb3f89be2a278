"""Hidden states of captions: computed each time while the text network is trained, once a caption where it is frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor

from taco_bench.data.batches import ragged
from taco_bench.model.language import LanguageModule
from taco_bench.model.ragged import Ragged
from taco_bench.text.corpus import Caption

CAPTIONS_AT_A_TIME = 256


class HiddenStates:
    """Hidden states [tokens, hidden] of captions.

    Args:
        language: the module whose network computes them.
        captions: all captions of the data set.
        device: where the answers lie.
    """

    def __init__(self, language: LanguageModule, captions: Mapping[str, Caption], device: torch.device) -> None:
        self.language, self.captions, self.device = language, captions, device
        self._kept: dict[str, Tensor] = {}

    def __call__(self, captions: Sequence[str], ids: Ragged) -> Ragged:
        """Those of ``captions``, whose token ids are ``ids``."""
        if not self.language.frozen:
            return self.language.hidden(ids)
        for caption in captions:
            if caption not in self._kept:
                self._fill(self._group[caption])
        return ids.with_values(torch.cat([self._kept[caption] for caption in captions]))

    @cached_property
    def _group(self) -> dict[str, list[str]]:
        """The captions that are computed together with each: always the same, so that a resumed training has the same states."""
        order = sorted(self.captions)
        groups = [order[start : start + CAPTIONS_AT_A_TIME] for start in range(0, len(order), CAPTIONS_AT_A_TIME)]
        return {caption: group for group in groups for caption in group}

    def _fill(self, group: Sequence[str]) -> None:
        hidden = self.language.hidden(ragged([self.captions[caption].ids for caption in group], self.device))
        self._kept |= dict(zip(group, torch.split(hidden.values, hidden.layout.lengths.tolist()), strict=True))
