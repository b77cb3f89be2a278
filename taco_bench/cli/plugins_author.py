"""``taco-bench plugins new`` and ``check``: for those who write one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from taco_bench.errors import UserError, nearest


@click.command("new")
@click.argument("kind")
@click.argument("name")
@click.option("--into", type=click.Path(path_type=Path), default=Path(), help="Folder to make NAME/ in.  [default: this one]")
@click.pass_obj
def new(obj: dict[str, Any], kind: str, name: str, into: Path) -> None:
    """Write a distribution NAME with a component of KIND that works, its test by contract, README, CI and tox files."""
    from taco_bench.authoring.new import new_plugin
    from taco_bench.authoring.use import command
    from taco_bench.plugins import HOOKS, load_plugins

    if kind not in HOOKS:
        raise UserError(f"unknown kind of component {kind!r}", where="KIND", hint=nearest(kind, HOOKS))
    folder = new_plugin(kind, name, into, load_plugins(obj["third_party"]))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        click.echo(f"  {path}")
    click.echo(f"\nthe component is in {folder / 'src' / name.replace('-', '_') / '__init__.py'}; it works as it is. Next:\n")
    source = folder if folder.is_absolute() else f"./{folder}"
    click.echo(f"  pip install -e '{source}[test]'")
    click.echo(f"  taco-bench plugins check '{source}'\n  taco-bench {' '.join(command(kind, name))}")


@click.command("check")
@click.argument("target", metavar="[PATH|NAME]", default=".")
@click.option("--set", "assignments", multiple=True, metavar="A.B=C", help="An option for contract and training, such as data.root=FOLDER.")
@click.pass_obj
def check(obj: dict[str, Any], target: str, assignments: tuple[str, ...]) -> int:
    """Run the contract of each component of an installed plugin, and a training of a few steps with it; exit code 4 where any fails.

    PATH is a plugin's folder (this one where nothing is named), NAME its distribution. What is checked is what is installed, which must
    be PATH's; where PATH has tests that inherit the contract, it is run as they have it.
    """
    from taco_bench.authoring.check import need_pytest, run_contract, run_training
    from taco_bench.authoring.locate import distribution_of, sources_of
    from taco_bench.cli.plugins_list import components_of
    from taco_bench.plugins import load_plugins

    need_pytest()
    distribution, plugins = distribution_of(target), load_plugins(obj["third_party"])
    sources = sources_of(target, distribution)
    components = components_of(distribution.metadata["Name"], plugins)
    click.echo(f"{distribution.metadata['Name']} {distribution.version}, from {', '.join(map(str, sources))}")
    failed, tests = 0, sorted(Path(target).glob("tests/**/test_*.py"))
    for component in components:
        click.echo(f"{component.kind} {component.name}")
        for finding in (run_contract(component, assignments, tests), run_training(component, assignments, plugins)):
            click.echo(f"  {finding.part}: {finding.summary}")
            click.echo("".join(f"    {line}\n" for line in finding.faults), nl=False)
            failed += bool(finding.faults)
    if failed:
        click.echo("\nnot well; what a component of each kind receives and returns is in taco_bench/api.py", err=True)
    return 4 if failed else 0
