"""What step localization gives without looking: evenly spaced steps, random increasing seconds, and step texts that change places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from taco_bench.api import numpy_stream
from taco_bench.metrics import ordered_assignment
from taco_bench_tasks.localization_pool import Pool
from taco_bench_tasks.localization_videos import Video

Integers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

RANDOM_PLACEMENTS = 200
"""Draws of random increasing seconds, for the spread of one; the expected value needs none."""
REORDERINGS = 50
"""Random orders of each video's step texts; a draw of chance takes one of them for each video."""
DRAWS = 10_000


def uniform_placement(seconds: int, steps: int) -> Integers:
    """[steps], the middle of each of ``steps`` equal parts of the video, rounded to a second, halves to even, as the official code does.

    Source: DmZhukov/CrossTask: train.py. Where a step has less than two seconds, two may fall on one.
    """
    middles: Integers = np.rint(seconds / steps * (np.arange(steps) + 0.5)).astype(np.int64)
    return np.minimum(middles, seconds - 1)


def order_alone(seconds: int, steps: int) -> Floats:
    """[seconds, steps], how likely each step is on each second when all increasing placements are equally likely.

    Of C(T, K) placements those with step k on second t have k steps before and K - 1 - k after it.
    """
    t, k = np.arange(seconds)[:, None], np.arange(steps)
    return np.exp(_log_choose(t, k) + _log_choose(seconds - 1 - t, steps - 1 - k) - _log_choose(np.array(seconds), np.array(steps)))


def _log_choose(n: npt.NDArray[np.int64], k: npt.NDArray[np.int64]) -> Floats:
    """The natural logarithm of C(n, k); -inf where k > n."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, int(n.max()) + 1)))])
    chosen = logs[n] - logs[np.minimum(k, n)] - logs[np.maximum(n - k, 0)]
    return np.where(k <= n, chosen, -np.inf)


def random_placements(seconds: int, steps: int, count: int, draw: np.random.Generator) -> Integers:
    """[count, steps] increasing seconds, every placement equally likely."""
    return np.sort(np.argsort(draw.random((count, seconds)), axis=1)[:, :steps], axis=1)


def order_spread(pool: Pool) -> float:
    """The standard deviation of the recall of one random increasing placement of everything."""
    recalls = np.zeros(RANDOM_PLACEMENTS)
    weights, start = pool.weights["recall"], 0
    for at, video in enumerate(pool.videos):
        seconds, steps = video.truth.shape
        placed = random_placements(seconds, steps, RANDOM_PLACEMENTS, numpy_stream(0, "step-localization/order-alone", at))
        hits = video.truth[placed, np.arange(len(video.texts))][:, video.shown]  # [draws, queries of the video]
        recalls += hits @ weights[start : start + hits.shape[1]] / len(weights)
        start += hits.shape[1]
    return float(recalls.std())


def reordered_hits(scores: Floats, video: Video, at: int) -> npt.NDArray[np.bool_]:
    """[reorderings, steps], what is hit when the scores of the video's steps change places at random.

    Args:
        scores: [seconds, steps], of the ordered assignment.
        video: whose.
        at: its number, of the stream: the same orders for every training.
    """
    draw = numpy_stream(0, "step-localization/reordered", at)
    orders = np.stack([draw.permutation(scores.shape[1]) for _ in range(REORDERINGS)])
    placed = ordered_assignment(np.swapaxes(scores.T[orders], 1, 2))  # from [reorderings, seconds, steps]
    return np.asarray(video.truth[placed, np.arange(scores.shape[1])])


def chance_draws(pool: Pool, hits: Sequence[npt.NDArray[np.bool_]]) -> dict[str, Floats]:
    """By column [draws]: the recall when each video has one of its reorderings, drawn anew for each draw.

    Args:
        pool: the queries.
        hits: of each video [reorderings, steps], from :func:`reordered_hits`.
    """
    picked = numpy_stream(0, "step-localization/chance").integers(0, REORDERINGS, (DRAWS, len(hits)))
    found = {}
    for column, weights in pool.weights.items():
        parts = np.split(weights / len(weights), np.cumsum(pool.total)[:-1])
        sums = np.stack([hit[:, video.shown] @ part for hit, video, part in zip(hits, pool.videos, parts, strict=True)])  # [videos, orders]
        found[column] = sums[np.arange(len(hits)), picked].sum(axis=1)
    return found
