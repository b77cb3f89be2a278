"""The best ordered assignment of steps to seconds, as CrossTask's official code finds it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Integers: TypeAlias = npt.NDArray[np.int64]


def ordered_assignment(scores: npt.ArrayLike) -> Integers:
    """Place each step on exactly one second, strictly in order, so that the sum of the scores is the highest.

    The result of DmZhukov/CrossTask, dp.pyx, with ``exactly_one`` and ``bg_cost`` 0, whose states are a background before, between and
    after the steps: by running maxima of the prefixes in O(seconds x steps). Ties go as in that search: the last step takes the last
    second if that is as good as the best, else the earliest of the best (it ends in a step before it ends in background); a
    predecessor is reached through background before it is the second directly before, and is then the earliest of the best.

    Args:
        scores: [..., seconds, steps], higher is better; leading axes are problems of their own. An impossible place is -inf.

    Returns:
        [..., steps], the second of each step, strictly increasing.

    Raises:
        ValueError: fewer seconds than steps, no step, a NaN, or a score of +inf.
    """
    s = np.asarray(scores, np.float64)
    if s.ndim < 2 or not s.shape[-1]:
        raise ValueError(f"scores must be [seconds, steps] with a step at least, got shape {s.shape}")
    seconds, steps = s.shape[-2:]
    if seconds < steps:
        raise ValueError(f"{steps} steps cannot lie on {seconds} seconds, one each")
    if s.size and not s.max() < np.inf:  # so is a NaN
        raise ValueError("scores must be numbers below infinity")
    return _assign(s, seconds - steps + 1, steps)


def _assign(s: npt.NDArray[np.float64], room: int, steps: int) -> Integers:
    """Step k lies on one of the seconds k .. k + room - 1, so in place i = second - k places need only not decrease."""
    place = np.arange(room)
    best = np.zeros((*s.shape[:-2], room))  # [..., room], the best sum of the steps so far, the last of them at or before each place
    origin = []  # a step each: the earliest place where that best is reached
    for k in range(steps):
        total = s[..., k : k + room, k] + best
        best = np.maximum.accumulate(total, axis=-1)
        rises = np.concatenate([np.ones_like(total[..., :1], bool), total[..., 1:] > best[..., :-1]], axis=-1)
        origin.append(np.maximum.accumulate(np.where(rises, place, 0), axis=-1))
    found = np.empty((*s.shape[:-2], steps), np.int64)
    at = np.where(total[..., -1] == best[..., -1], room - 1, origin[-1][..., -1])
    for k in reversed(range(steps)):
        found[..., k] = at + k
        at = np.take_along_axis(origin[k - 1], at[..., None], -1)[..., 0] if k else at
    return found
