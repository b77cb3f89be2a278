"""``taco-bench version``: the versions that matter."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import click

from taco_bench import __version__

LIBRARIES = ("torch", "transformers", "mmengine", "pluggy", "spacy", "numpy")


@click.command()
def command() -> None:
    """Print the versions that matter."""
    click.echo(f"taco-bench {__version__}")
    click.echo(f"python {platform.python_version()}")
    for name in LIBRARIES:
        click.echo(f"{name} {_version(name)}")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
