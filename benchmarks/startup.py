"""How long ``taco-bench`` takes to start, without third parties' plugins and with many.

Every command is a whole process, started in turn with and without the plugins, which pip installs into a folder of their own. ``run`` is
started with a sampler that does not exist, so that it ends as soon as all plugins are loaded and the configuration has been looked at.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from helpers.installed_projects import sampler
from helpers.wheels import Project, pip_install

COMMANDS = {"--help": ["--help"], "list": ["list"], "run": ["run", "--sampler", "there-is-no-such-sampler"]}


@click.command()
@click.option("--plugins", default=50, show_default=True, help="Distributions with a sampler each.")
@click.option("--repeats", default=15, show_default=True, help="Starts of each command with and without them.")
def main(plugins: int, repeats: int) -> None:
    """Print a line for each command: medians, and the median difference of starts that followed one another."""
    with tempfile.TemporaryDirectory() as folder:
        projects = [Project(f"taco-dummy-{number}", sampler(f"dummy-{number}")) for number in range(plugins)]
        site = pip_install(projects, Path(folder, "site"), Path(folder, "wheels"))
        for name, arguments in COMMANDS.items():
            pairs = [(_seconds(arguments, []), _seconds(arguments, [site])) for _ in range(repeats + 1)][1:]  # the first compiles
            without, beside = zip(*pairs, strict=True)
            later = statistics.median(b - a for a, b in pairs)
            print(
                f"{name:<7} {statistics.median(without):.3f} s, with {plugins} plugins {statistics.median(beside):.3f} s: "
                f"{later:+.3f} s ({repeats} pairs; best {min(without):.3f} and {min(beside):.3f} s; {os.cpu_count()} cores)"
            )


def _seconds(arguments: list[str], sites: list[Path]) -> float:
    path = os.pathsep.join([*map(str, sites), *filter(None, [os.environ.get("PYTHONPATH")])])
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "taco_bench", *arguments], env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False
    )
    assert done.returncode == (2 if arguments[0] == "run" else 0), done.stderr
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
