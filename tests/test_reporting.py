"""What a progress line says of the time that is left."""

from __future__ import annotations

import pytest

from taco_bench.reporting import left


@pytest.mark.parametrize(
    ("done", "total", "seconds", "told"),
    [
        (0, 10, 5.0, ""),
        (10, 10, 5.0, ""),
        (5, 10, 5.0, ", about 5 s left"),
        (1, 3, 44.6, ", about 89 s left"),
        (10, 40, 60.0, ", about 3 min left"),
        (10, 1000, 60.0, ", about 1.6 h left"),
    ],
)
def test_left(done: int, total: int, seconds: float, told: str) -> None:
    assert left(done, total, seconds) == told
