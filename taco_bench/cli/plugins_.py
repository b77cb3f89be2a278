"""``taco-bench plugins``: what is installed, why any failed, and plugins of one's own."""

from __future__ import annotations

import click

from taco_bench.cli.plugins_author import check, new
from taco_bench.cli.plugins_doctor import doctor
from taco_bench.cli.plugins_list import list_plugins, show

EXAMPLES = """\b
Examples:
  taco-bench plugins                            what is installed
  taco-bench plugins new sampler my-sampler     a distribution with a sampler that works, in ./my-sampler
  pip install -e ./my-sampler
  taco-bench plugins check ./my-sampler         its contract, and a small training with it
"""


@click.group(invoke_without_command=True, epilog=EXAMPLES)
@click.pass_context
def command(context: click.Context) -> None:
    """Show the installed plugins, and why any failed; begin one of your own and check it. `taco-bench plugin` is the same."""
    if context.invoked_subcommand is None:
        context.invoke(list_plugins)


for _command in (list_plugins, doctor, show, new, check):
    command.add_command(_command)
