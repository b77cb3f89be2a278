"""``taco-bench plugins doctor``: what is wrong with the installed plugins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from taco_bench.loading import Failure, Loaded

SLOW = 1.0
"""Seconds of loading from which a plugin is named: every command pays them."""


@click.command("doctor")
@click.pass_obj
def doctor(obj: dict[str, Any]) -> int:
    """Say what failed to load and why, which names are taken twice or misspelt, what is slow, what prints; exit code 4 if any is wrong."""
    from taco_bench.plugins import FIRST_PARTY, clash, load_plugins, unknown_in_limit

    plugins = load_plugins(obj["third_party"])
    wrong = [*map(_failure, plugins.failures), *("\n".join([*clash(found).lines(), ""]) for found in plugins.conflicts())]
    unknown = unknown_in_limit() if obj["third_party"] else None
    wrong += [f"{unknown.what}\n  try:   mend the name\n"] if unknown else []
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


def _remarks(loaded: Loaded, failed: bool) -> Iterator[str]:
    if not loaded.components and not failed:
        yield f"{loaded}: adds no component\n  try:   register some in a hook of taco_bench.hookspecs\n"
    if loaded.seconds >= SLOW:
        yield f"{loaded}: {loaded.seconds:.1f} s to load\n  try:   import what is heavy inside the functions that use it\n"
    if loaded.printed:
        text = "\n".join("    " + line for line in loaded.printed.splitlines()[:10])
        yield f"{loaded}: printed while it was loaded\n{text}\n  try:   let it print nothing at import\n"
