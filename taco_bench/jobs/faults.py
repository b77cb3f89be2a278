"""Errors that nobody expected, as failures of the cell in whose making they were raised."""

from __future__ import annotations

import os
import sys
import traceback

from taco_bench.config import Experiment
from taco_bench.errors import DataError, TrainingError, UserError
from taco_bench.guard import innermost
from taco_bench.plugins import FIRST_PARTY, Plugins


def fault(error: Exception) -> TrainingError:
    """What a cell failed of, for people."""
    hint = "TACO_BENCH_TRACE=1 prints the traceback"
    found = TrainingError(f"{type(error).__name__}: {error}", where=innermost(error), hint=hint)
    found.__cause__ = error
    return found


def suspected(error: UserError, experiment: Experiment, plugins: Plugins) -> UserError:
    """An error in data or training with the components that are not ours among what may have caused it: the numbers may be theirs."""
    found = [plugins.get(kind, spec["type"]) for kind, spec in experiment.components()]
    others = [f"{c.kind} {c.name!r} of {c.distribution} {c.version}" for c in found if c.distribution != FIRST_PARTY]
    if others and isinstance(error, (DataError, TrainingError)):
        error.hint = "; ".join(filter(None, [error.hint, f"or it comes from {' or '.join(others)}"]))
    return error


def trace(error: Exception) -> None:
    """Print the traceback to stderr, where TACO_BENCH_TRACE asks for it; workers share it with whoever started them."""
    if os.environ.get("TACO_BENCH_TRACE") == "1":
        traceback.print_exception(error, file=sys.stderr)
