"""Hidden states of captions: computed each time while the text network is trained, once a caption where it is frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

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
        self._fill([caption for caption in dict.fromkeys(captions) if caption not in self._kept])
        return ids.with_values(torch.cat([self._kept[caption] for caption in captions]))

    def _fill(self, captions: Sequence[str]) -> None:
        from taco_bench.data.batches import ragged

        for start in range(0, len(captions), CAPTIONS_AT_A_TIME):
            part = captions[start : start + CAPTIONS_AT_A_TIME]
            ids = ragged([self.captions[caption].ids for caption in part], self.device)
            hidden = self.language.hidden(ids)
            self._kept |= dict(zip(part, torch.split(hidden.values, hidden.lengths.tolist()), strict=True))
