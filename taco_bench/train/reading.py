"""Numbers on their way from a device."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def begin_reading(numbers: Tensor) -> Callable[[], list[float]]:
    """Begin to read numbers [n] from their device.

    Returns:
        Gives them. It waits until they are computed and copied, and not for what was launched since: on a GPU ``tolist()`` would wait for
        all of that too.
    """
    if numbers.device.type != "cuda":
        return numbers.tolist
    copied, copy = torch.cuda.Event(), numbers.to("cpu", non_blocking=True)  # type: ignore[no-untyped-call]  # into pinned memory
    copied.record()

    def read() -> list[float]:
        copied.synchronize()
        return copy.tolist()

    return read
