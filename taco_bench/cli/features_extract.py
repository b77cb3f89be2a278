"""``taco-bench features extract``: from video files to a feature store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

SOME_BROKEN = 5
"""Exit code where the store was made, but not of all videos."""


@click.command("extract")
@click.option("--encoder", required=True, help="The extractor, such as resnet152, or the stream that it makes, such as r152.")
@click.option("--videos", type=click.Path(path_type=Path), required=True, help="Folder of video files; a file's name is its id.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="STORE", help="The store to make.")
@click.option("--weights", default=None, help="The network's checkpoint; `taco-bench show extractor NAME` says which.")
@click.option("--set", "assignments", multiple=True, metavar="A=B", help="Any other option of the extractor, such as normalize=false.")
@click.option("--workers", type=click.IntRange(min=1), default=None, help="Worker processes.  [default: one a core, or four a GPU]")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True, help="Where to compute.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.pass_obj
def command(obj: dict[str, Any], /, encoder: str, assignments: tuple[str, ...], weights: str | None, *, quiet: bool, **options: Any) -> int:
    """Extract the features of every video in a folder, in as many processes as there are cores.

    Stop it at any moment; the same command goes on where it was, to the same bytes. A video that is broken is named and left out, and
    tried again next time; the exit code is then 5.
    """
    from taco_bench.cli.console import Terminal
    from taco_bench.cli.options import options_of_one
    from taco_bench.data.store.opening import card_of
    from taco_bench.extract.choose import extractor_spec
    from taco_bench.extract.job import extract
    from taco_bench.plugins import load_plugins
    from taco_bench.reporting import Silent

    plugins = load_plugins(obj["third_party"])
    given = {**options_of_one("extractor", assignments), **({} if weights is None else {"weights": weights})}
    spec = extractor_spec(encoder, given, plugins)
    with Terminal() as terminal:
        broken = extract(**options, spec=spec, plugins=plugins, reporter=Silent() if quiet else terminal, third_party=obj["third_party"])
    click.echo(card_of(options["out"]))
    return SOME_BROKEN if broken else 0
