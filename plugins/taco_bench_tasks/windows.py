"""What tasks that look at single frames need of an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from taco_bench.api import UserError

if TYPE_CHECKING:
    from taco_bench.api import Experiment


def window_problems(experiment: Experiment, window: int, strides: Mapping[str, int]) -> list[UserError]:
    """Windows that the video module cannot take, and strides that leave rows out.

    Args:
        experiment: whose model it is.
        window: rows of a window.
        strides: by the option's name, rows from one window to the next.
    """
    most = experiment.model.max_video_tokens
    found = []
    if window > most:
        what = f"windows of {window} rows, but the model takes at most {most} video tokens"
        hint = f"--set task.window={most}, or train with --set model.max_video_tokens={window}"
        found.append(UserError(what, where="task.window", hint=hint))
    for name, stride in strides.items():
        if stride > window:
            what = f"windows of {window} rows every {stride} rows leave rows out"
            found.append(UserError(what, where=f"task.{name}", hint=f"--set task.{name}={max(1, window // 2)}"))
    return found
