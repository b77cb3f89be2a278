"""``taco-bench features``: stores of video features."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from taco_bench.cli.features_extract import command as extract


@click.group()
def command() -> None:
    """Extract, build and check stores of video features."""


command.add_command(extract)


@command.command()
@click.option("--from", "source", type=click.Path(path_type=Path), required=True, help="Feature files in any form that a reader reads.")
@click.option("--stream", required=True, help="Name of the stream, such as r152; NAME/STREAM takes one of several in the files.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the store.")
@click.option("--reader", default="", help="Reader, or READER:VALUE for its first option.  [default: whichever recognises the files]")
@click.option(
    "--on-bad",
    type=click.Choice(["error", "skip"]),
    default="error",
    show_default=True,
    help="Malformed items: stop, or leave out and count.",
)
@click.pass_obj
def build(obj: dict[str, Any], source: Path, stream: str, out: Path, reader: str, on_bad: Literal["error", "skip"]) -> None:
    """Turn feature files into a store: memory-mapped float16 shards with an index and a fingerprint."""
    from taco_bench.cli.console import Terminal
    from taco_bench.data.store.build import Source, build_store
    from taco_bench.data.store.choose import choose_reader, pick_stream
    from taco_bench.data.store.opening import card_of
    from taco_bench.plugins import load_plugins

    chosen = choose_reader(source, reader, load_plugins(obj["third_party"]), "--from")
    name, inside = pick_stream(chosen.files, stream, source)
    with Terminal() as terminal:
        terminal.say(f"reader {chosen.name}{': ' + chosen.why if chosen.why else ''}; its streams: {', '.join(chosen.files.streams)}")
        build_store(out, Source(chosen.files, inside, source, chosen.name), name, terminal, on_bad)
    click.echo(card_of(out))


@command.command()
@click.argument("store", type=click.Path(path_type=Path))
def check(store: Path) -> None:
    """Compare every file of STORE with its size and hash; names what is missing, truncated or corrupt (exit code 3)."""
    from taco_bench.cli.console import Terminal
    from taco_bench.data.store.check import check_store
    from taco_bench.data.store.opening import card_of

    with Terminal() as terminal:
        check_store(store, terminal)
    click.echo(f"{card_of(store)}\nwhole: every file has its size and hash")
