"""``taco-bench plugins list`` and ``show``: what plugins offer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from tabulate import tabulate

from taco_bench.errors import PluginError, UserError, nearest

if TYPE_CHECKING:
    from taco_bench.plugins import Component, Plugins

HEADERS = ["distribution", "version", "entry point", "module", "components", "loaded in"]


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with what failed.")
@click.pass_obj
def list_plugins(obj: dict[str, Any], *, as_json: bool) -> None:
    """List what was loaded, from where, what it adds, and how long it took."""
    from taco_bench.plugins import load_plugins

    plugins = load_plugins(obj["third_party"])
    if as_json:
        click.echo(json.dumps(_as_json(plugins), indent=1))
        return
    rows = [
        [p.distribution, p.version, p.entry_point, p.module, _counts(p.components), f"{1000 * p.seconds:.0f} ms"] for p in plugins.loaded
    ]
    click.echo(tabulate(rows, headers=HEADERS, tablefmt="plain", disable_numparse=True))
    if plugins.failures:
        click.echo(f"{len(plugins.failures)} failed; `taco-bench plugins doctor` says why", err=True)


@click.command("show")
@click.argument("name")
@click.pass_obj
def show(obj: dict[str, Any], name: str) -> None:
    """Show the components of distribution NAME, with their options."""
    from taco_bench.cli.component import lines_of
    from taco_bench.plugins import load_plugins

    plugins = load_plugins(obj["third_party"])
    for component in components_of(name, plugins):
        click.echo("\n".join([*lines_of(component), ""]))


def components_of(name: str, plugins: Plugins) -> Sequence[Component]:
    """All components of a distribution.

    Raises:
        PluginError: it failed to load.
        UserError: there is no such distribution among the plugins, or it adds nothing.
    """
    failed = [failure for failure in plugins.failures if failure.distribution == name]
    if failed:
        what = f"{failed[0]} failed {failed[0].doing}: {failed[0].reason}"
        raise PluginError(what, where=failed[0].where, hint="`taco-bench plugins doctor` says more")
    found = [component for loaded in plugins.loaded if loaded.distribution == name for component in loaded.components]
    known = {loaded.distribution for loaded in plugins.loaded}
    if not found and name in known:
        raise PluginError(f"{name} adds no component", hint="register some in a hook of taco_bench.hookspecs, marked with @hookimpl")
    if not found:
        raise UserError(f"no plugin is installed from a distribution {name!r}", hint=nearest(name, known) + plugins.but_left_out())
    return found


def _counts(components: Sequence[Component]) -> str:
    """How many of each kind: "3 sampler"."""
    return ", ".join(f"{number} {kind}" for kind, number in Counter(component.kind for component in components).items())


def _as_json(plugins: Plugins) -> dict[str, Any]:
    fields = ("distribution", "version", "entry_point", "module", "seconds", "printed")
    loaded = [
        {name: getattr(p, name) for name in fields} | {"components": [{"kind": c.kind, "name": c.name} for c in p.components]}
        for p in plugins.loaded
    ]
    told = (*fields, "doing", "reason", "where", "hint")
    return {"loaded": loaded, "failed": [{name: getattr(failure, name) for name in told} for failure in plugins.failures]}
