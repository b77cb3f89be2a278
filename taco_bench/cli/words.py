"""Options as words of the command line again: for the commands that are named to a user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import click

from taco_bench.cli.options import CONTROL, EXPERIMENT, with_options


def words_of(options: Mapping[str, Any], *leave_out: str) -> tuple[str, ...]:
    """What was given and changes what is made, as words.

    Args:
        options: as click gives them.
        leave_out: names of options that are not told.
    """
    return tuple(word for option in _known() if option.name not in leave_out for word in _words(option, options.get(str(option.name))))


def _words(option: click.Option, value: Any) -> Iterator[str]:
    name = option.opts[0]
    if option.is_flag:
        yield from [name] if value else []
    elif value is not None:
        yield from (word for item in (value if option.multiple else [value]) for word in (name, str(item)))


@cache
def _known() -> tuple[click.Option, ...]:
    command = click.command()(with_options(EXPERIMENT, CONTROL)(lambda: None))
    return tuple(option for option in command.params if isinstance(option, click.Option))
