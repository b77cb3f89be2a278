"""The last step: from the parts to what is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from taco_bench.atomic import replace_file
from taco_bench.extract.parts import Rows


def write(out: Path, videos: Mapping[str, Rows], rate: float) -> None:
    """Interim: a folder of ID.npy."""
    for name, rows in videos.items():
        replace_file(out / f"{name}.npy", partial(_save, rows))


def _save(rows: Rows, temporary: Path) -> None:
    with temporary.open("wb") as file:
        np.save(file, rows, allow_pickle=False)
