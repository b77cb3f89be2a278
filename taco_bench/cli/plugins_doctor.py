"""``taco-bench plugins doctor``: what is wrong with the installed plugins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from taco_bench.loading import Failure, Loaded
    from taco_bench.plugins import Plugins

SLOW = 1.0
"""Seconds of loading from which a plugin is named: every command pays them."""


@click.command("doctor")
@click.pass_obj
def doctor(obj: dict[str, Any]) -> int:
    """Say what failed to load and why, which names are taken twice, what is slow and what prints; exit code 4 where any cannot be used."""
    from taco_bench.plugins import FIRST_PARTY, load_plugins

    plugins = load_plugins(obj["third_party"])
    wrong = [*map(_failure, plugins.failures), *_taken_twice(plugins)]
    others = [loaded for loaded in plugins.loaded if loaded.distribution != FIRST_PARTY]
    remarks = [line for loaded in others for line in _remarks(loaded, failed=False)]
    remarks += [line for failure in plugins.failures for line in _remarks(failure, failed=True)]
    for text in [*wrong, *remarks]:
        click.echo(text)
    if not wrong:
        click.echo(f"all {len(plugins.loaded)} plugins are well" + (", but for the remarks above" if remarks else ""))
    return 4 if wrong else 0


def _failure(failure: Failure) -> str:
    lines = [f"{failure}: failed {failure.doing}", f"  {failure.reason}"]
    lines += [f"  where: {failure.where}"] if failure.where else []
    return "\n".join([*lines, f"  try:   {failure.hint}", *("    " + line for line in failure.detail.splitlines()), ""])


def _taken_twice(plugins: Plugins) -> Iterator[str]:
    for components in plugins.conflicts():
        owners = " and ".join(f"{c.distribution} {c.version}" for c in components)
        name = f"{components[0].kind} {components[0].name!r}"
        yield f"{name} is registered by {owners}\n  try:   uninstall one of them, or set TACO_BENCH_PLUGINS to the plugins to load\n"


def _remarks(loaded: Loaded, failed: bool) -> Iterator[str]:
    if not loaded.components and not failed:
        yield f"{loaded}: adds no component\n  try:   register some in a hook of taco_bench.hookspecs\n"
    if loaded.seconds >= SLOW:
        yield f"{loaded}: {loaded.seconds:.1f} s to load\n  try:   import what is heavy inside the functions that use it\n"
    if loaded.printed:
        text = "\n".join("    " + line for line in loaded.printed.splitlines()[:10])
        yield f"{loaded}: printed while it was loaded\n{text}\n  try:   let it print nothing at import\n"
