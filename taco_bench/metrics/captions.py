"""Several captions a video: which video each text belongs to, and what a video finds among the captions of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def caption_owners(captions: Sequence[int]) -> npt.NDArray[np.int64]:
    """The video [texts] of each text, where the texts are all captions of the first video, then all of the second, and so on.

    Args:
        captions: [videos], the number of captions of each video, at least 1.
    """
    return np.repeat(np.arange(len(captions)), captions)


def best_caption_scores(scores: npt.ArrayLike, owners: npt.ArrayLike) -> npt.NDArray[np.floating[Any]]:
    """The score of a video with another's captions: that of the best of them (ArrowLuo/CLIP4Clip: metrics.py, for MSVD).

    Args:
        scores: [queries, texts].
        owners: [texts], as :func:`caption_owners` gives them.

    Returns:
        [queries, videos]; the same matrix where each video has one caption.
    """
    first = np.flatnonzero(np.diff(np.asarray(owners), prepend=-1))
    return np.asarray(np.maximum.reduceat(np.asarray(scores), first, axis=1))
