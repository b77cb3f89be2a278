"""How components are written: ``cascade``, ``top-idf:0.25``, ``noun,verb``, ``tiles+motion``; and how option layers are merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taco_bench.errors import UserError
from taco_bench.plugins import Plugins

LIST_SEPARATORS = {"tokens": ",", "encoder": "+", "control": ","}
"""Kinds of which an experiment takes several, and what stands between them on the command line."""

NONE = {"tokens": "none", "control": "none"}
"""How an empty list of a kind is written."""

FIELDS = {"token-weights": "token_weights", "text-encoder": "text_encoder", "control": "controls"}
"""Kinds whose field in the configuration is not spelt like the kind."""


def parse_component(kind: str, text: str, plugins: Plugins) -> dict[str, Any]:
    """``name`` or ``name:value``, where the value goes to the component's first option."""
    name, colon, value = text.strip().partition(":")
    if not colon:
        return {"type": name}
    options = list(plugins.options(kind, name))
    if not options:
        raise UserError(f"{kind} {name!r} has no options, so {value!r} cannot be given to it", where=f"--{kind}")
    return {"type": name, options[0]: value}


def parse_field(kind: str, value: Any, plugins: Plugins) -> Any:
    """A component, or the list of components, that a configuration gives for a kind, as specs."""
    separator = LIST_SEPARATORS.get(kind)
    if separator is None:
        return None if value is None else _parse_one(kind, value, plugins)
    if value is None or (isinstance(value, str) and value.strip() == NONE.get(kind)):
        return []
    items = value.split(separator) if isinstance(value, str) else [value] if isinstance(value, Mapping) else value
    if not isinstance(items, (list, tuple)):
        raise _no_component(kind, value)
    specs = [_parse_one(kind, item, plugins) for item in items]
    for spec in specs:
        if "type" not in spec:
            raise _no_component(kind, spec)
    return specs


def _parse_one(kind: str, value: Any, plugins: Plugins) -> dict[str, Any]:
    if isinstance(value, str):
        return parse_component(kind, value, plugins)
    if not isinstance(value, Mapping):
        raise _no_component(kind, value)
    return dict(value)


def _no_component(kind: str, value: Any) -> UserError:
    return UserError(f"{value!r} is no {kind}", where=f"--{kind}", hint='a name, or options with the name as "type"')


def nested(dotted: Mapping[str, Any]) -> dict[str, Any]:
    """``{"a.b": 1}`` as ``{"a": {"b": 1}}``."""
    tree: dict[str, Any] = {}
    for key, value in dotted.items():
        *path, last = key.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return tree


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` laid over ``below``, key by key; a component of another type replaces the one below it whole."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        mergeable = isinstance(value, Mapping) and isinstance(old, Mapping) and _same_type(old, value)
        merged[key] = merge(old, value) if mergeable else value  # type: ignore[arg-type]  # both are mappings then
    return merged


def _same_type(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    """Whether two specs can be of one component; sections have no type and always can."""
    return "type" not in above or "type" not in below or above["type"] == below["type"]
