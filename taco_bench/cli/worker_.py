"""``taco-bench worker``: one worker of a grid; launchers start it."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
import time
from pathlib import Path

import click

SECONDS_TO_SAVE = 60.0


@click.command()
@click.argument("grid", type=click.Path())
@click.option("--results", required=True, help="Results folder.")
@click.pass_context
def command(context: click.Context, grid: str, results: str) -> None:
    """Take cells of a GRID file that nobody else makes, until none is left. It ends with its standard input."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and what they start does too
    threading.Thread(target=_end_with_input, daemon=True).start()
    from taco_bench.jobs.grid import load_grid
    from taco_bench.jobs.worker import Worker
    from taco_bench.plugins import load_plugins
    from taco_bench.reporting import Silent
    from taco_bench.store.cells import Store

    found = load_grid(Path(grid))
    try:
        Worker(found, Store(Path(results)), load_plugins(found.third_party), Silent()).run()
    except KeyboardInterrupt:
        context.exit(130)  # whoever interrupted it says so


def _end_with_input() -> None:
    """Whoever started the worker holds the other end of its input: when that process ends, in whatever way, the worker saves and ends."""
    if sys.stdin is None or not stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        return
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(SECONDS_TO_SAVE)
    os._exit(1)
