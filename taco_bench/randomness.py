"""The one place where random numbers begin: every stream is a function of (seed, purpose, step).

No generator state is ever saved. A resumed training draws what the undisturbed one would have drawn, and two experiments that differ
in one component draw the same numbers for everything else.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch


def stream_key(seed: int, purpose: str, step: int = 0) -> int:
    """A 63-bit number that names one stream, such as ``stream_key(0, "dropout", 17)``."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{step}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def numpy_stream(seed: int, purpose: str, step: int = 0) -> np.random.Generator:
    """A numpy generator at the start of one stream."""
    import numpy as np

    return np.random.default_rng(stream_key(seed, purpose, step))


def torch_stream(seed: int, purpose: str, step: int = 0) -> torch.Generator:
    """A torch generator on the CPU at the start of one stream."""
    import torch

    return torch.Generator().manual_seed(stream_key(seed, purpose, step))


def seed_global(seed: int, purpose: str, step: int = 0) -> None:
    """Put torch's global generators, which dropout and initialisation draw from, at the start of one stream, on every device."""
    import torch

    torch.manual_seed(stream_key(seed, purpose, step))
