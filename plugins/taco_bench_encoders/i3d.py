"""I3D as MS-TCN ships it."""

from __future__ import annotations

from taco_bench_encoders.extracted import Extracted


class I3D(Extracted):
    """I3D trained on Kinetics, RGB and flow in one row, 15 rows a second; no encoder of the paper.

    Args:
        normalize: bring each row to length 1.
    """

    stream = "i3d"

    def __init__(self, normalize: bool = False) -> None:
        super().__init__(2048, normalize)
