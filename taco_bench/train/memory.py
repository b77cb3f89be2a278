"""Memory that the C library keeps though it is free."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

EVERY_STEPS = 20
"""Steps between two returns: each costs a few hundredths of a second."""


def return_free_memory() -> None:
    """Give freed memory back to the system: arrays of changing shapes leave holes that glibc keeps, gigabytes of them in the end."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None
