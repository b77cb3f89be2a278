"""``taco-bench status``: what a results folder holds, what is being made in it, and what failed."""

from __future__ import annotations

import json
from typing import Any

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.option("--results", default=None, help="Results folder.  [default: TACO_BENCH_RESULTS, else ./results]")
def command(*, as_json: bool, results: str | None) -> None:
    """Say what is there, what workers are making now, and what failed."""
    from taco_bench.cli.looking import looked_at
    from taco_bench.store.overview import overview

    found = overview(looked_at(results))
    click.echo(json.dumps(found, indent=1) if as_json else "\n".join(_lines(found)))


def _lines(found: dict[str, Any]) -> list[str]:
    from taco_bench.stats.reasons import count

    failed = {failure["label"] for failure in found["failed"]}
    holds = f"{count(found['cells'], 'cell')}, {count(found['trainings'], 'training')}, {found['unfinished']} unfinished"
    lines = [f"{found['root']}: {holds}"]
    lines += [f"  not whole, will be made again: {name}" for name in found["broken"]]
    lines += [f"damaged, its tables are read from the cells, `taco-bench reproduce` makes it again: {name}" for name in found["damaged"]]
    lines += [f"table {table['title']}: {table['done']} of {table['cells']} cells" for table in found["tables"]]
    lines += [_lease(lease) for lease in found["running"] if lease["alive"] or lease["label"] not in failed]
    lines += [f"failed: {failure['label']}: {failure['what']}" for failure in found["failed"]]
    return lines


def _lease(lease: dict[str, Any]) -> str:
    if not lease["machine"]:
        return f"a lease that cannot be read, will be taken over: {lease['training']}"
    progress = lease["progress"]
    step = f", {progress['what']} {progress['done']}/{progress['total']}" if progress else ""
    host = "" if lease["here"] else f", on {lease['machine'].split()[0]}: whether it lives cannot be seen from here"
    return f"{'running' if lease['alive'] else 'dead, will be taken over'}: {lease['label']} (process {lease['pid']}{step}{host})"
