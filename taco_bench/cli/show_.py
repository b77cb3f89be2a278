"""``taco-bench show``: a component's options, or those of a run."""

from __future__ import annotations

import inspect
from typing import Any

import click
from tabulate import tabulate

from taco_bench.errors import UserError, nearest

SECTIONS = "options"


@click.command()
@click.argument("kind")
@click.argument("name", required=False)
@click.pass_obj
def command(obj: dict[str, Any], kind: str, name: str | None) -> None:
    """Show component NAME of a KIND with its options, such as `show sampler cascade`; or `show options`: those of a run."""
    from taco_bench.plugins import HOOKS

    if kind == SECTIONS:
        _show_sections()
    elif kind not in HOOKS:
        raise UserError(f"unknown kind of component {kind!r}", hint=nearest(kind, [*HOOKS, SECTIONS]))
    elif name is None:
        raise UserError(f"which {kind}?", hint=f"taco-bench list {kind}")
    else:
        _show_component(kind, name, third_party=obj["third_party"])


def _show_sections() -> None:
    from taco_bench import config
    from taco_bench.options import describe_type

    rows = [
        [f"{section}.{key}", describe_type(field.annotation), field.default, field.description]
        for section, model in config.SECTIONS.items()
        for key, field in model.model_fields.items()
    ]
    click.echo(tabulate(rows, headers=["--set", "type", "default", ""], tablefmt="plain", disable_numparse=True))
    click.echo("\nA data set has defaults of its own, such as `taco-bench show data babyai` shows.")


def _show_component(kind: str, name: str, *, third_party: bool) -> None:
    from taco_bench.plugins import load_plugins
    from taco_bench.specs import FIELDS

    plugins = load_plugins(third_party)
    component = plugins.get(kind, name)
    click.echo(f"{kind} {name}: {component.summary}\nfrom {component.distribution} {component.version}, {component.factory.__module__}\n")
    click.echo((inspect.getdoc(component.factory) or "").partition("\n\nArgs:")[0])
    options = plugins.options(kind, name).values()
    field = FIELDS.get(kind, kind)
    rows = [
        [f"--set {field}.{o.name}=", o.type_name, "required" if o.default is inspect.Parameter.empty else repr(o.default), o.help]
        for o in options
    ]
    if rows:
        click.echo("\n" + tabulate(rows, headers=["option", "type", "default", ""], tablefmt="plain", disable_numparse=True))
    preset = component.preset_with({})
    if preset:
        click.echo(f"\nfor experiments on it{', with its options as they are by default' if callable(component.preset) else ''}:")
        click.echo(tabulate([[f"  {key}", value] for key, value in preset.items()], tablefmt="plain", disable_numparse=True))
