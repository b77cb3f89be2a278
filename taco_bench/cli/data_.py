"""``taco-bench data``: data sets that can be made here, and the files of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from taco_bench.cli.data_status import status
from taco_bench.errors import UserError


@click.group()
def command() -> None:
    """Make data sets, or say which files of theirs are there."""


@command.command()
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="Folder for the files.  [default: this one]")
@click.pass_obj
def build(obj: dict[str, Any], name: str, out: Path) -> None:
    """Make the files of data set NAME again, bit for bit, in a folder of yours."""
    from taco_bench.cli.console import Terminal
    from taco_bench.plugins import load_plugins

    maker = getattr(load_plugins(obj["third_party"]).get("data", name).factory, "build", None)
    if maker is None:
        raise UserError(f"the data set {name!r} cannot be made here; its files come from elsewhere", hint=f"taco-bench show data {name}")
    with Terminal() as terminal:
        for path in maker(out, terminal):
            terminal.say(str(path))


command.add_command(status)
