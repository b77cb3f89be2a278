"""Stand-in features for data sets with annotated steps, planted from the annotations themselves.

They let the whole path from annotations over features to a task run on a machine without the features. What is measured on them says
that the path is right, and nothing about any model or paper: a stand-in, no evidence.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from taco_bench.api import Step, numpy_stream

STREAM = "planted"
WIDTH = 44
"""That of the encoder `planted`, which reads the stream."""

Signal = Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
"""How far a step's code lifts its frames above noise of standard deviation 1; 0: noise alone; None: no stand-in."""

Floats = npt.NDArray[np.float32]


@cache
def step_code(label: str) -> Floats:
    """The direction [44] that stands for a class: random, of length 1, the same in every video."""
    code = numpy_stream(0, f"planted-steps/code/{label}").standard_normal(WIDTH)
    return np.asarray(code / np.linalg.norm(code), np.float32)


def planted_frames(video: str, steps: Iterable[Step], length: int, signal: float) -> Floats:
    """One row a second: noise of standard deviation 1, and ``signal`` times the code of each step that the second belongs to.

    Args:
        video: gives the noise its own stream.
        steps: in whole seconds.
        length: of the video, in seconds.
        signal: at least 0.

    Returns:
        float32 [length, 44].
    """
    frames = numpy_stream(0, f"planted-steps/noise/{video}").standard_normal((length, WIDTH), dtype=np.float32)
    shown = np.zeros_like(frames)
    for step in steps:
        shown[step.start : step.end] += step_code(step.label or step.text)
    return frames + np.float32(signal) * shown
