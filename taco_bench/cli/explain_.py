"""``taco-bench explain``: where a cell comes from."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import click

EXAMPLES = """\b
Examples:
  taco-bench explain paper/table3@babyai:full:0
  taco-bench explain 96f8 --config > again.json
"""


@click.command(epilog=EXAMPLES)
@click.argument("cell")
@click.option("--config", is_flag=True, help="The configuration alone, without trained controls, for `taco-bench run --config`.")
@click.option("--json", "as_json", is_flag=True, help="The whole record of each seed, as a list.")
@click.option("--results", default=None, help="Results folder.  [default: TACO_BENCH_RESULTS, else ./results]")
def command(cell: str, *, config: bool, as_json: bool, results: str | None) -> None:
    """Say where CELL comes from: configuration, seed, data, pool, ties, versions, cost, and the command that makes it again.

    CELL is a row of a table, such as paper/table3@babyai:full, one seed of it, paper/table3@babyai:full:0, or the beginning of an id.
    """
    from taco_bench.cli.references import cells_of
    from taco_bench.resources import results_root
    from taco_bench.store.cells import Store

    store = Store(results_root(results))
    found = cells_of(cell, store)
    if config or as_json:
        click.echo("".join(f"note: {note}\n" for note in found.notes), err=True, nl=False)  # the records alone are one document
        click.echo(json.dumps(_configuration(found.cells[0]) if config else found.cells, indent=1, ensure_ascii=False))
        return
    click.echo("".join(f"note: {note}\n\n" for note in found.notes), nl=False)
    for record in found.cells:
        click.echo("\n".join([*_lines(record, store), *_again(record, store, results)]) + "\n")


def _configuration(cell: dict[str, Any]) -> dict[str, Any]:
    """The experiment without its trained controls, which are cells of their own; those that are evaluated are part of this one.

    What it starts from is named by its id: a row of a suite may be another training tomorrow.
    """
    evaluated = (cell["parts"] or {}).get("cell", {}).get("controls")
    controls = cell["experiment"]["controls"]
    kept = controls if evaluated is None else [spec for spec in controls if f"control {spec['type']}" in evaluated]
    starts = [{**cell["experiment"]["train"], "init": name} for name, _ in _chain(cell)[:1]]
    return {**cell["experiment"], "controls": kept, **({"train": starts[0]} if starts else {})}


def _chain(cell: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Id and parts of each training that the cell's goes back to, the nearest first."""
    from taco_bench.store.identity import chain_of, id_of

    return [(id_of(parts), parts) for parts in chain_of((cell["parts"] or {}).get("training", {}))]


def _links(cell: dict[str, Any], store: Any) -> dict[str, str]:
    """What each training of the chain was trained on, by its id."""
    found = {}
    for name, parts in _chain(cell):
        options = parts["configuration"]
        data = ", ".join(f"{key} {value}" for key, value in options["data"].items() if key != "type" and value not in (None, ""))
        losses = "+".join(loss.upper() for loss in options["losses"]["use"])
        there = "" if store.training(name) is not None else "; it is not in this folder"
        steps = f"{options['train']['steps']} steps of {losses}"
        found[name] = f"{options['data']['type']}{f' ({data})' if data else ''}, {steps}, seed {parts['seed']}{there}"
    return found


def _again(cell: dict[str, Any], store: Any, results: str | None) -> Iterator[str]:
    where = f" --results {shlex.quote(results)}" if results else ""
    yield "again:"
    for start, _ in _chain(cell)[:1]:
        yield f"  mkdir -p elsewhere/trainings && cp -r {shlex.quote(str(store.training_folder(start)))} elsewhere/trainings/"
    yield f"  taco-bench explain {cell['id']}{where} --config > {cell['id']}.json"
    yield f"  taco-bench run --config {cell['id']}.json --seed {cell['seed']} --results elsewhere"


def _lines(cell: dict[str, Any], store: Any) -> Iterator[str]:
    from taco_bench.report.controls import intervals

    first = next(iter(cell["rows"].values()))
    yield f"cell {cell['id']}, training {cell['training']}, seed {cell['seed']}"
    yield f"file: {store.cell_file(cell['id'])} (ranks of every query, arrays in the .npz beside it)"
    yield from _part("figures", {name: f"{value:.2f}" for name, value in first.items()})
    yield from _part("starts from, the nearest first", _links(cell, store))
    yield from _part("pool", cell["pool"])
    chance = {name: f"{low:.2f} to {high:.2f}" for name, (_, low, high) in intervals([cell], store).items()}
    yield from _part("chance (99.9 % interval of a permuted gallery)", chance)
    yield from _part("configuration", dict(_flat(cell["experiment"])))
    yield from _part("splits (hash of the clips' ids)", cell["splits"])
    yield from _part("data (SHA-256 of each file)", cell["data"])
    yield from _part("parts of speech by", {"": cell["tagger"]} if cell["tagger"] else {})
    yield from _part("source", {**(cell["parts"] or {}).get("training", {}).get("components", {}), **cell["sources"]})
    yield from _part("protocol", {"version": (cell["parts"] or {}).get("cell", {}).get("protocol", "not recorded")})
    yield from _part("skipped, for want of features", {"": ", ".join(cell["skipped"])} if cell["skipped"] else {})
    yield from _part("splits share", dict(enumerate(cell["leaks"], 1)))
    yield from _part("versions", cell["versions"])
    yield from _part("cost", {**cell["cost"], "on": cell["hardware"]})


def _part(title: str, entries: Mapping[Any, Any]) -> Iterator[str]:
    if entries:
        yield f"{title}:"
        width = max(len(str(key)) for key in entries)
        yield from (f"  {key!s:<{width}}  {value}" for key, value in entries.items())


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for at, item in enumerate(value):
                yield from _flat(item, f"{prefix}{key}.{at}.")
        else:
            yield prefix + key, value
