"""Makes the pages under docs/reference/ from the code: ``python docs/generate.py``. A test fails where they are stale."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import click

from taco_bench import config, hookspecs
from taco_bench.cli import options as shared
from taco_bench.cli.main import VERBS, main
from taco_bench.errors import EXIT_CODES
from taco_bench.options import describe_type
from taco_bench.plugins import HOOKS, Plugins, load_plugins
from taco_bench.resources import registry_file
from taco_bench.specs import FIELDS
from taco_bench.testing import CONTRACTS

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Made by docs/generate.py from the code; change the code and run it again. -->\n\n"
WIDTH = 110
PUBLIC = ("taco_bench", "taco_bench.api", "taco_bench.losses", "taco_bench.metrics", "taco_bench.testing")
TASKS = ("retrieval", "step-localization", "action-segmentation")


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines) + "\n"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def code(value: object) -> str:
    """As code; nothing for nothing."""
    return f"`{value}`" if str(value) else ""


def text_of(target: Any) -> str:
    """A docstring without its sections, so that it can stand in a page."""
    return re.split(r"\n\n(?:Args|Attributes|Raises|Returns):", inspect.getdoc(target) or "")[0].replace("``", "`")


def hooks() -> str:
    """Every hook with what it adds, and the arguments of ``register``."""
    rows = [[code(hook), code(kind), text_of(getattr(hookspecs, hook))] for kind, hook in HOOKS.items()]
    call = hookspecs.Register.__call__
    lines = "\n".join(f"    {argument}," for argument in _arguments(call))
    arguments = inspect.getdoc(call) or ""
    return (
        "# Hooks\n\n"
        "A plugin implements one or more of these functions under the decorator `taco_bench.hookimpl`. Each gets `register`,\n"
        "and calls it once for every component that it adds.\n\n"
        + table(["hook", "kind", "what it adds"], rows)
        + f"\n## register\n\n```text\nregister(\n{lines}\n)\n\n{arguments}\n```\n"
    )


def _arguments(call: Callable[..., Any]) -> list[str]:
    """The arguments of a call as they would be written; ``*`` before those that are keyword-only."""
    written = []
    for name, parameter in inspect.signature(call).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in written:
            written.append("*")
        if name != "self":
            default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
            written.append(f"{name}: {parameter.annotation}{default}")
    return written


def options() -> str:
    """Options that verbs share, and all that ``--set`` takes."""
    groups = {
        "Of an experiment": shared.EXPERIMENT,
        "Of workers": shared.LAUNCH,
        "Of the work": shared.WORK[len(shared.LAUNCH) :],
        "Of the output": shared.OUTPUT,
    }
    title = "# Options\n\n`run`, `plan` and `reproduce` share the options of an experiment. A repeated option makes a grid;"
    parts = [title + " a comma belongs\nto the value.\n"]
    for title, group in groups.items():
        rows = [[" ".join(code(name) for name in option.opts), option.help] for option in _declared(group)]
        parts.append(f"## {title}\n\n{table(['option', 'meaning'], rows)}")
    for section, model in config.SECTIONS.items():
        rows = [
            [code(f"{section}.{key}"), describe_type(field.annotation), code(field.default), field.description]
            for key, field in model.model_fields.items()
        ]
        parts.append(f"## --set {section}.*\n\n{text_of(model)}\n\n{table(['option', 'type', 'default', 'meaning'], rows)}")
    parts.append("A data set has defaults of its own: `taco-bench show data babyai`. A component's options: [components](components.md).\n")
    return "\n".join(parts)


def _declared(group: Sequence[Callable[..., Any]]) -> list[click.Option]:
    def bare() -> None: ...

    for option in reversed(group):
        bare = option(bare)
    return list(reversed(bare.__click_params__))  # type: ignore[attr-defined]


def verbs() -> str:
    """The help of every verb."""
    names = main.context_settings["help_option_names"]  # as a user sees it: click keeps what the first context of a command had
    context = click.Context(main, info_name="taco-bench", terminal_width=WIDTH, max_content_width=WIDTH, help_option_names=names)
    parts = [f"# Verbs\n\n```text\n{main.get_help(context)}\n```\n"]
    for name in VERBS:
        parts += _help(main.get_command(context, name), name, context)
    return "\n".join(parts)


def _help(command: click.Command | None, name: str, parent: click.Context) -> list[str]:
    assert command is not None, name
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH)
    parts = [f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            parts += _help(command.get_command(context, inner), inner, context)
    return parts


def exit_codes() -> str:
    """What each exit code means."""
    return "# Exit codes\n\n" + table(["code", "meaning"], [[code(number), meaning] for number, meaning in EXIT_CODES.items()])


def components(plugins: Plugins | None = None) -> str:
    """Every component of taco-bench's own, with its options."""
    plugins = plugins or load_plugins(third_party=False)
    parts = ["# Components\n\nWhat taco-bench brings itself; `taco-bench list` shows what other distributions add.\n"]
    for kind in HOOKS:
        parts.append(f"## {kind}\n")
        parts += [_component(kind, name, plugins) for name in plugins.names(kind)]
    return "\n".join(parts)


def _component(kind: str, name: str, plugins: Plugins) -> str:
    component = plugins.get(kind, name)
    field = FIELDS.get(kind, kind)
    rows = [
        [code(f"{field}.{o.name}"), o.type_name, "required" if o.default is inspect.Parameter.empty else code(repr(o.default)), o.help]
        for o in plugins.options(kind, name).values()
    ]
    shown = "\n" + table(["option", "type", "default", "meaning"], rows) if rows else ""
    return f"### {kind} {name}\n\n{component.summary[:1].upper()}{component.summary[1:]}.\n{shown}"


def protocols() -> str:
    """The protocol card of every task."""
    parts = [
        "# Protocol cards\n\nWhat the paper says about each free choice, and what is done here. NOT STATED: the whole paper was searched.\n"
    ]
    for task in TASKS:
        card: Mapping[str, Any] = tomllib.loads(registry_file(f"protocols/{task}.toml").read_text(encoding="utf-8"))
        rows = [
            [c["point"], c["paper"], c["ours"], ", ".join(map(code, filter(None, c.get("option", "").split(", ")))), c["source"]]
            for c in card["choice"]
        ]
        parts.append(f"## {task}, version {card['version']}\n\n{table(['point', 'paper', 'here', 'option', 'source'], rows)}")
    return "\n".join(parts)


def contracts() -> str:
    """Every check of every contract."""
    title = "# Contracts\n\nWhat the core relies on, kind by kind: the checks of `taco_bench.testing`. A subclass that names its"
    parts = [title + " component\nruns them all.\n"]
    for kind, contract in CONTRACTS.items():
        checks = sorted(
            (found for name, found in inspect.getmembers(contract, inspect.isfunction) if name.startswith("test_")),
            key=lambda found: (found.__module__, found.__code__.co_firstlineno),
        )
        rows = [[found.__name__.removeprefix("test_").replace("_", " "), " ".join(text_of(found).split())] for found in checks]
        parts.append(f"## {kind}: {contract.__name__}\n\n{text_of(contract)}\n\n{table(['check', 'why'], rows)}")
    return "\n".join(parts)


def public_names() -> str:
    """The names and signatures that others may rely on."""
    parts = ["# Public names\n\nThe promise is in [what you can rely on](../stability.md). A test compares this list with the code.\n"]
    for module in PUBLIC:
        found = importlib.import_module(module)
        rows = [[code(name), _kind(getattr(found, name, None))] for name in sorted(found.__all__)]
        parts.append(f"## {module}\n\n{table(['name', 'call'], rows)}")
    return "\n".join(parts)


def _kind(target: Any) -> str:
    if inspect.isfunction(target):
        return code(f"{target.__name__}({', '.join(_arguments(target))}) -> {inspect.signature(target).return_annotation}")
    if inspect.isclass(target) and is_dataclass(target):
        return "fields " + ", ".join(code(each.name) for each in fields(target))
    if inspect.isclass(target):
        public = [name for name in {**inspect.get_annotations(target), **vars(target)} if not name.startswith("_")]
        return " ".join(filter(None, ["protocol" if getattr(target, "_is_protocol", False) else "class", ", ".join(map(code, public))]))
    return type(target).__name__ if target is not None else "for type checkers"


PAGES: dict[str, Callable[[], str]] = {
    "hooks": hooks,
    "options": options,
    "verbs": verbs,
    "exit-codes": exit_codes,
    "components": components,
    "protocols": protocols,
    "contracts": contracts,
    "public-names": public_names,
}


def page(name: str) -> str:
    """One page as it must stand in the folder."""
    return MADE + PAGES[name]().rstrip() + "\n"


def stale() -> list[str]:
    """The pages that are not as the code would have them."""
    return [name for name in PAGES if not _path(name).is_file() or _path(name).read_text(encoding="utf-8") != page(name)]


def _path(name: str) -> Path:
    return FOLDER / f"{name}.md"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit("".join(f"docs/reference/{name}.md is stale: python docs/generate.py\n" for name in stale()) or 0)
    for each in PAGES:
        _path(each).write_text(page(each), encoding="utf-8")
