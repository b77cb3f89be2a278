"""How a component is shown, with its options."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from tabulate import tabulate

from taco_bench.guard import calling
from taco_bench.options import options_of
from taco_bench.plugins import Component
from taco_bench.specs import FIELDS


def lines_of(component: Component) -> Iterator[str]:
    """Where it comes from, what it says of itself, its options and its preset.

    Raises:
        PluginError: its options cannot be read.
    """
    yield f"{component.kind} {component.name}: {component.summary}"
    yield f"from {component.distribution} {component.version}, {component.factory.__module__}\n"
    yield (inspect.getdoc(component.factory) or "").partition("\n\nArgs:")[0]
    with calling(component, "has options that cannot be read"):
        options = options_of(component.factory).values()
    field = FIELDS.get(component.kind, component.kind)
    rows = [
        [f"--set {field}.{o.name}=", o.type_name, "required" if o.default is inspect.Parameter.empty else repr(o.default), o.help]
        for o in options
    ]
    if rows:
        yield "\n" + tabulate(rows, headers=["option", "type", "default", ""], tablefmt="plain", disable_numparse=True)
    preset = component.preset_with({})
    if preset:
        yield f"\nfor experiments on it{', with its options as they are by default' if callable(component.preset) else ''}:"
        yield tabulate([[f"  {key}", value] for key, value in preset.items()], tablefmt="plain", disable_numparse=True)
