"""``taco-bench worker``: one worker of a grid; launchers start it."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click

SECONDS_TO_SAVE = 60.0


@click.command()
@click.argument("grid", type=click.Path())
@click.option("--results", required=True, help="Results folder.")
@click.option("--stand-by", is_flag=True, help="Import what the grid needs, then begin with the first byte on standard input.")
@click.pass_context
def command(context: click.Context, grid: str, results: str, stand_by: bool) -> None:
    """Take cells of a GRID file that nobody else makes, until none is left. It ends with its standard input."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and what they start does too
    try:
        if not stand_by or _begins(Path(grid)):
            threading.Thread(target=_end_with_input, daemon=True).start()
            _work(Path(grid), Path(results))
    except KeyboardInterrupt:
        context.exit(130)  # whoever interrupted it says so


def _work(path: Path, results: Path) -> None:
    from taco_bench.jobs.grid import load_grid
    from taco_bench.jobs.worker import Worker
    from taco_bench.plugins import load_plugins
    from taco_bench.reporting import Silent
    from taco_bench.store.cells import Store

    grid = load_grid(path)
    Worker(grid, Store(results), load_plugins(grid.third_party), Silent()).run()


def _begins(path: Path) -> bool:
    """Import what takes long, and wait; whether the work begins, or whoever started this process has ended."""
    from taco_bench.jobs.grid import load_grid
    from taco_bench.plugins import load_plugins

    grid = load_grid(path)  # which may still lose jobs until the work begins
    plugins = load_plugins(grid.third_party)
    components = {(kind, str(spec["type"])) for job in grid.jobs for kind, spec in job.experiment.components()}
    for module in ("taco_bench.jobs.worker", *(name for component in sorted(components) for name in plugins.get(*component).imports)):
        with suppress(Exception):  # whoever needs it says what is wrong
            import_module(module)
    return bool(os.read(sys.stdin.fileno(), 1))


def _end_with_input() -> None:
    """Whoever started the worker holds the other end of its input: when that process ends, in whatever way, the worker saves and ends."""
    if sys.stdin is None or not stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        return
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(SECONDS_TO_SAVE)
    os._exit(1)
