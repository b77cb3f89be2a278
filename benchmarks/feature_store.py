"""How long a store of a million clips takes to be built, to be opened and to be read from.

Each opening is a process of its own that has imported what it needs; the pages of the files are in memory, as after a copy.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from taco_bench.api import Track
from taco_bench.data.store.build import Source, build_store
from taco_bench.reporting import Silent

OPEN = """
import json, resource, sys, time
from pathlib import Path
import numpy as np
from taco_bench.data.store.opened import Store
begin = time.perf_counter()
store = Store(Path(sys.argv[1]))
opened = time.perf_counter()
ids = [f"clip{n:09d}" for n in np.random.default_rng(0).integers(0, len(store), 20000)]
asked = time.perf_counter()
total = sum(float(store.track(id).values[0, 0]) for id in ids)
read = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"open": opened - begin, "read": (read - asked) / len(ids), "mib": peak}))
"""


class Made:
    """Clips that are made as they are read."""

    streams = ("features",)
    cut = "mmpt"

    def __init__(self, clips: int, rows: int, width: int) -> None:
        self.clips, self.values = clips, np.random.default_rng(0).normal(size=(rows, width)).astype(np.float16)

    def ids(self) -> Sequence[str]:
        """The ids."""
        return [f"clip{number:09d}" for number in range(self.clips)]

    def read(self, stream: str, id: str) -> Track:
        """The same rows for each."""
        return Track(self.values, 1.0)

    def files(self) -> Sequence[Path]:
        """None."""
        return []


@click.command()
@click.option("--clips", default=1_000_000, show_default=True)
@click.option("--rows", default=4, show_default=True, help="Rows a clip.")
@click.option("--width", default=64, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=None, help="Where to make it; removed afterwards.")
def main(clips: int, rows: int, width: int, folder: Path | None) -> None:
    place = Path(tempfile.mkdtemp(dir=folder))
    try:
        begin = time.perf_counter()
        card = build_store(place, Source(Made(clips, rows, width), "features", place, "made"), "made", Silent())
        built = time.perf_counter() - begin
        size = sum(path.stat().st_size for path in card.files(place)) / 2**30
        print(f"{clips} clips of {rows} x {width}: {size:.2f} GiB in {len(card.shards)} shards, built in {built:.0f} s")
        for _ in range(3):
            out = subprocess.run([sys.executable, "-c", OPEN, str(place)], capture_output=True, text=True, check=True).stdout
            found = json.loads(out)
            print(f"opened in {found['open'] * 1000:.1f} ms; a clip in {found['read'] * 1e6:.0f} us; peak memory {found['mib']:.0f} MiB")
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
