"""Ranks by sorting, shortlists by Python loops and ordered assignment by the full search: what counting, topk and prefix maxima replace."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch


def sorted_recalls(scores: npt.NDArray[np.float32], ks: tuple[int, ...] = (1, 5, 10)) -> dict[str, float]:
    """Recall as most public code computes it: sort every row, find where the diagonal's own score went."""
    ordered = np.sort(-scores, axis=1)
    own = -np.diag(scores)[:, None]
    places = np.where(ordered - own == 0)[1]  # a tied query is listed several times
    return {f"R@{k}": 100 * float(np.mean(places < k)) for k in ks}


def argsorted_recalls(scores: npt.NDArray[np.float32], ks: tuple[int, ...] = (1, 5, 10)) -> dict[str, float]:
    """Recall from the full ranking of every query."""
    places = np.argmax(np.argsort(-scores, axis=1) == np.arange(len(scores))[:, None], axis=1)
    return {f"R@{k}": 100 * float(np.mean(places < k)) for k in ks}


def hardest_by_loops(scores: torch.Tensor, count: int) -> tuple[list[list[int]], list[list[int]]]:
    """For each text its hardest videos, for each video its hardest texts, one anchor after the other; an anchor's own is left out."""
    videos, texts = [], []
    for anchor in range(len(scores)):
        for found, row in ((videos, scores[anchor]), (texts, scores[:, anchor])):
            order = row.argsort(descending=True).tolist()
            found.append([other for other in order if other != anchor][:count])
    return videos, texts


def full_search(scores: npt.NDArray[np.float64]) -> list[int]:
    """Dynamic programming over the states background, step 1, background, step 2, ..., background, a second at a time.

    A step lasts one second. It ends in the last step before it ends in background; a step is entered from the background before it is
    entered from the step before; a background goes on before it is entered.
    """
    seconds, steps = scores.shape
    states = 2 * steps + 1
    best = np.full((seconds + 1, states), -np.inf)
    came = np.zeros((seconds + 1, states), int)
    best[0, 0] = 0
    for t in range(1, seconds + 1):
        for state in range(states):
            is_step = state % 2 == 1
            origins = [state - 1, state - 2] if is_step else [state, state - 1]
            gain = scores[t - 1, state // 2] if is_step else 0.0
            for origin in origins:  # the first of them wins a tie
                if origin >= 0 and best[t - 1, origin] + gain > best[t, state]:
                    best[t, state], came[t, state] = best[t - 1, origin] + gain, origin
    state = states - 2 if best[seconds, states - 2] >= best[seconds, states - 1] else states - 1
    found = [0] * steps
    for t in range(seconds, 0, -1):
        if state % 2:
            found[state // 2] = t - 1
        state = came[t, state]
    return found
