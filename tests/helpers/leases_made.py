"""Leases of others, processes that have ended, and a process that holds a lease."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from taco_bench.store.processes import started_at

FORK = multiprocessing.get_context("fork")
HOLD = """
import sys, time
from pathlib import Path
from taco_bench.store import leases
leases.BEAT = 0.05
with leases.Leases(Path(sys.argv[1])).take("t", "run") as lease:
    print("held", flush=True)
    for line in sys.stdin:
        try:
            lease.check(surely=line == "surely\\n")
            print("mine", flush=True)
        except leases.LeaseLostError:
            print("lost", flush=True)
"""


class Clock:
    """Stands still but when told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def write(folder: Path, **changes: Any) -> dict[str, Any]:
    """A lease of the name t as another process left it."""
    content = {"token": "theirs", "run": "run", "label": "a row", "machine": "elsewhere", "pid": 7, "started": "9", "deaths": 0, "beat": 1}
    content |= {"progress": {}, **changes}
    folder.mkdir(exist_ok=True)
    (folder / "t.json").write_text(json.dumps(content))
    return content


def ended() -> tuple[int, str]:
    """Number and start of a process that has ended."""
    process = FORK.Process(target=time.sleep, args=(60,))
    process.start()
    pid = process.pid
    assert pid is not None
    start = started_at(pid)
    process.kill()
    process.join()
    return pid, start


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found
