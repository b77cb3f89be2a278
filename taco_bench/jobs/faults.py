"""Errors that nobody expected, as failures of the cell in whose making they were raised."""

from __future__ import annotations

import os
import sys
import traceback

from taco_bench.errors import TrainingError
from taco_bench.guard import innermost


def fault(error: Exception) -> TrainingError:
    """What a cell failed of, for people."""
    hint = "TACO_BENCH_TRACE=1 prints the traceback"
    found = TrainingError(f"{type(error).__name__}: {error}", where=innermost(error), hint=hint)
    found.__cause__ = error
    return found


def trace(error: Exception) -> None:
    """Print the traceback to stderr, where TACO_BENCH_TRACE asks for it; workers share it with whoever started them."""
    if os.environ.get("TACO_BENCH_TRACE") == "1":
        traceback.print_exception(error, file=sys.stderr)
