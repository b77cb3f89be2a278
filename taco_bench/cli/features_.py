"""``taco-bench features``: feature stores."""

from __future__ import annotations

import click

from taco_bench.cli.features_extract import command as extract


@click.group()
def command() -> None:
    """Make feature stores."""


command.add_command(extract)
