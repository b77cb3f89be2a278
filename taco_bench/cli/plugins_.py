"""``taco-bench plugins``: what is installed, and why any failed."""

from __future__ import annotations

from typing import Any

import click
from tabulate import tabulate


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show the installed plugins; `plugins doctor` says why any failed."""
    if context.invoked_subcommand is None:
        context.invoke(list_command)


@command.command("list")
@click.pass_obj
def list_command(obj: dict[str, Any]) -> None:
    """List what was loaded, from where, and how long it took."""
    from taco_bench.plugins import load_plugins

    plugins = load_plugins(obj["third_party"])
    rows = [[p.distribution, p.version, p.entry_point, p.module, f"{1000 * p.seconds:.0f} ms"] for p in plugins.loaded]
    click.echo(tabulate(rows, headers=["distribution", "version", "entry point", "module", "loaded in"], tablefmt="plain"))
    if plugins.failures:
        click.echo(f"{len(plugins.failures)} failed; `taco-bench plugins doctor` says why", err=True)


@command.command("doctor")
@click.pass_obj
def doctor(obj: dict[str, Any]) -> int:
    """Say what failed to load, and which names are taken twice; exit code 4 where there is any of it."""
    from taco_bench.plugins import load_plugins

    plugins = load_plugins(obj["third_party"])
    for failure in plugins.failures:
        click.echo(f"{failure.distribution} (entry point {failure.entry_point}): {failure.reason}\n{failure.detail}")
    twice = plugins.conflicts()
    for components in twice:
        owners = " and ".join(f"{c.distribution} {c.version}" for c in components)
        click.echo(f"{components[0].kind} {components[0].name!r} is registered by {owners}; uninstall one of them")
    if not plugins.failures and not twice:
        click.echo(f"all {len(plugins.loaded)} plugins are well")
    return 4 if plugins.failures or twice else 0
