"""``taco-bench list``: the components that there are."""

from __future__ import annotations

import json
from typing import Any

import click

from taco_bench.errors import UserError, nearest


@click.command()
@click.argument("kind", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def command(obj: dict[str, Any], kind: str | None, *, as_json: bool) -> None:
    """List the components of every KIND, or of one: data, encoder, sampler, tokens, ...; or the suites."""
    from taco_bench.plugins import FIRST_PARTY, HOOKS, load_plugins

    if kind in ("suite", "suites"):
        _list_suites(as_json=as_json)
        return
    if kind is not None and kind not in HOOKS:
        raise UserError(f"unknown kind of component {kind!r}", hint=nearest(kind, [*HOOKS, "suites"]))
    plugins = load_plugins(obj["third_party"])
    components = [component for component in plugins.all() if kind in (None, component.kind)]
    if as_json:
        fields = ("kind", "name", "summary", "distribution", "version")
        click.echo(json.dumps([{name: getattr(component, name) for name in fields} for component in components], indent=1))
        return
    for heading in HOOKS:
        rows = [component for component in components if component.kind == heading]
        if rows:
            click.echo(f"{heading}:")
        for component in rows:
            origin = "" if component.distribution == FIRST_PARTY else f"  [{component.distribution} {component.version}]"
            click.echo(f"  {component.name:<14} {component.summary}{origin}")
    if plugins.failures:
        count = len(plugins.failures)
        click.echo(f"{count} plugin{'s' * (count > 1)} failed to load; `taco-bench plugins doctor` says why", err=True)


def _list_suites(*, as_json: bool) -> None:
    from taco_bench.suites.load import load_suite, suite_names

    found = [load_suite(name) for name in suite_names()]
    if as_json:
        fields = ("name", "title", "source")
        click.echo(json.dumps([{field: getattr(suite, field) for field in fields} for suite in found], indent=1))
        return
    for suite in found:
        click.echo(f"  {suite.name:<20} {suite.title} ({suite.source}), {len(suite.rows)} rows")
