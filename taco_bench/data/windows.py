"""Windows over videos that are longer than what a model takes at once, and the mean where they overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def window_starts(frames: int, window: int, stride: int) -> list[int]:
    """Where each window over ``frames`` rows begins: every ``stride`` rows, the last one flush with the end so that none is short.

    Args:
        frames: rows of the video; with no more than ``window`` of them there is one window, of all rows.
        window: rows of a window.
        stride: rows from one window's begin to the next; at most ``window``, else rows would be left out.

    Raises:
        ValueError: a stride that leaves rows out, or no rows.
    """
    if frames < 1 or not 1 <= stride <= window:
        raise ValueError(f"windows of {window} rows every {stride} rows cannot cover {frames} rows")
    last = max(0, frames - window)
    return [*range(0, last, stride), last]


def window_rows(frames: int, window: int, stride: int) -> npt.NDArray[np.int64]:
    """The rows [windows, rows] of the windows of :func:`window_starts`."""
    import numpy as np

    starts = np.asarray(window_starts(frames, window, stride))
    return starts[:, None] + np.arange(min(frames, window))


def overlap_mean(values: npt.NDArray[np.floating[Any]], rows: npt.NDArray[np.int64], frames: int) -> npt.NDArray[np.float32]:
    """The mean of what the windows say of each frame.

    Args:
        values: [windows, rows, ...], one a row of a window.
        rows: [windows, rows], the frame of each, from :func:`window_rows`.
        frames: of the video.

    Returns:
        [frames, ...], float32.
    """
    import numpy as np

    sums = np.zeros((frames, *values.shape[2:]), np.float64)
    for window, place in zip(values, rows, strict=True):  # the rows of one window are all different
        sums[place] += window
    counts = np.bincount(rows.reshape(-1), minlength=frames).astype(np.float64)
    return (sums / counts.reshape(-1, *[1] * (values.ndim - 2))).astype(np.float32)
