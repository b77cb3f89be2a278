"""What nobody expected, told all the same: what happened, where, and which file has the traceback."""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path

from taco_bench.errors import UserError


def lines_of(error: Exception) -> list[str]:
    """The message for an exception that should have been a :class:`~taco_bench.errors.UserError`; saves its traceback."""
    from taco_bench.guard import innermost

    saved = _save(error)
    seen = f"the traceback is in {saved}" if saved else "TACO_BENCH_TRACE=1 prints the traceback"
    return [
        f"taco-bench did not expect this: {type(error).__name__}: {error}".splitlines()[0],
        f"  where: {innermost(error)}",
        f"  try:   report it ({seen}); what was made so far is kept, and the same command goes on from there",
    ]


def _save(error: Exception) -> Path | None:
    """The file with the traceback, in the cache; None where nothing can be written."""
    from taco_bench.atomic import replace_text
    from taco_bench.resources import cache_root

    path = cache_root() / "faults" / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        replace_text(path, "".join(traceback.format_exception(error)))
    except UserError:
        return None
    return path
