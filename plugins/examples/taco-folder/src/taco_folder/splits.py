"""Splits for videos that have none."""

from __future__ import annotations

from taco_bench.api import sha256_of

SPLITS = ("train", "val", "test")


def split_of(video: str, val: float, test: float, seed: int) -> str:
    """The split of a video, a function of its name and the key alone: a video that is added moves no other one.

    Args:
        video: its id.
        val, test: shares of all videos, from 0 to 1.
        seed: the key.
    """
    place = int(sha256_of(f"{seed}/{video}")[:12], 16) / 16**12  # uniform in [0, 1)
    return "test" if place < test else "val" if place < test + val else "train"
