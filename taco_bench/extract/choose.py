"""Which extractor is meant, and where it computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taco_bench.errors import ConfigError, UserError, nearest
from taco_bench.jobs.devices import has_driver
from taco_bench.options import check_options
from taco_bench.plugins import Plugins
from taco_bench.specs import parse_component

KIND = "extractor"


def extractor_spec(text: str, options: Mapping[str, Any], plugins: Plugins) -> dict[str, Any]:
    """The extractor that is named, with all its options.

    Args:
        text: its name, or the stream that it makes; ``name:value`` gives its first option.
        options: others.
        plugins: the components that there are.

    Raises:
        UserError: there is none of that name; or several make the stream.
        ConfigError: options that it does not have, or wrong values.
    """
    name, colon, value = text.strip().partition(":")
    given = parse_component(KIND, _named(name, plugins) + colon + value, plugins)
    component = plugins.get(KIND, given.pop("type"))
    values, problems = check_options(f"{KIND} {component.name}", component.factory, {**given, **options})
    if problems:
        raise ConfigError(problems)
    return {"type": component.name, **values}


def _named(name: str, plugins: Plugins) -> str:
    """The name of an extractor, from that or from its stream."""
    streams: dict[str, list[str]] = {}
    for known in plugins.names(KIND):
        streams.setdefault(getattr(plugins.get(KIND, known).factory, "stream", ""), []).append(known)
    made_by = streams.get(name, [])
    if name in plugins.names(KIND) or len(made_by) == 1:
        return name if name in plugins.names(KIND) else made_by[0]
    if made_by:
        raise UserError(f"several extractors make the stream {name!r}", where="--encoder", hint="name one: " + ", ".join(made_by))
    raise UserError(f"no extractor {name!r}", where="--encoder", hint=nearest(name, {*plugins.names(KIND), *filter(None, streams)}))


def devices(device: str) -> list[str]:
    """The devices to share out among workers: every GPU, or the CPU.

    Args:
        device: "auto", "cpu" or "cuda".

    Raises:
        UserError: a GPU is asked for where there is none.
    """
    gpus = 0
    if device != "cpu" and has_driver():
        import torch

        gpus = torch.cuda.device_count()
    if device == "cuda" and not gpus:
        raise UserError("torch finds no GPU", where="--device cuda", hint="--device cpu, or a CUDA build of torch with a driver")
    return [f"cuda:{number}" for number in range(gpus)] or ["cpu"]
