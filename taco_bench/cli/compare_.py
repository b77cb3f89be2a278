"""``taco-bench compare``: two rows, and where one of them wins."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

EXAMPLES = """\b
Examples:
  taco-bench compare paper/table3@babyai:full paper/table3@babyai:l1
  taco-bench compare 96f8 c535 --metric "t2v R@10"
  taco-bench compare paper/table3@babyai:full paper/table3@babyai:l1 --match seconds
"""
UNPRINTED = ("ties", "MeanR")


@click.command(epilog=EXAMPLES)
@click.argument("a")
@click.argument("b")
@click.option("--metric", default="t2v R@1", show_default=True, help="Column that flips and slices are about.")
@click.option("--match", type=click.Choice(["steps", "seconds", "fusion-pairs"]), help="Compare validation scores at this equal cost.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.option("--results", default=None, help="Results folder.  [default: TACO_BENCH_RESULTS, else ./results]")
@click.pass_obj
def command(obj: dict[str, Any], /, a: str, b: str, *, metric: str, match: str | None, as_json: bool, results: str | None) -> None:
    """Compare A with B, rows of tables or cells, paired by seed; and say on which queries they part.

    Slices by caption length, nouns, verbs, idf and clip length are corrected for their number (Holm).
    """
    from taco_bench.cli.references import cells_of
    from taco_bench.report.comparison import compare
    from taco_bench.resources import results_root
    from taco_bench.store.cells import Store

    store = Store(results_root(results))
    left, right = cells_of(a, store), cells_of(b, store)
    if match is not None:
        from taco_bench.cli.matched import told

        click.echo(told(left, right, (a, b), match, store, as_json=as_json))
        return
    found = compare(left, right, metric, _slices(left[0], right[0], third_party=obj["third_party"]))
    click.echo(json.dumps(asdict(found), indent=1) if as_json else _text(found, a, b, metric))


def _slices(left: dict[str, Any], right: dict[str, Any], *, third_party: bool) -> dict[str, Any]:
    """What the queries are like; nothing where the two rows were asked different ones."""
    from pydantic import ValidationError

    from taco_bench.config import Experiment
    from taco_bench.errors import UserError

    if "clip" not in left["queries"] or left["queries"]["clip"] != right["queries"].get("clip"):
        return {}
    from taco_bench.jobs.data import DataCache
    from taco_bench.jobs.query_facts import query_slices
    from taco_bench.plugins import load_plugins
    from taco_bench.reporting import Silent

    plugins = load_plugins(third_party)
    try:
        experiments = [Experiment.model_validate(cell["experiment"]) for cell in (left, right)]
        experiment = next((e for e in experiments if e.tagger is not None), experiments[0])
        return dict(query_slices(left, experiment, DataCache(plugins, Silent()).get(experiment), plugins))
    except UserError as error:
        click.echo(f"no slices: {error.what}", err=True)  # the data are not here; the figures are
    except ValidationError:
        click.echo("no slices: the cells are of another version of taco-bench, with other options", err=True)
    return {}


def _text(found: Any, a: str, b: str, metric: str) -> str:
    from tabulate import tabulate

    seeds = ", ".join(str(seed) for seed in found.columns[0].differences)
    columns = [
        [c.name, f"{c.a:.1f}", f"{c.b:.1f}", f"{c.a - c.b:+.1f}", _interval(c.seeds), _interval(c.queries), f"{c.p:.3f}"]
        for c in found.columns
        if not c.name.endswith(UNPRINTED)
    ]
    headers = [f"seeds {seeds}", "A", "B", "A - B", "seeds 95 %", "queries 95 %", "p"]
    parts = [f"A {a}\nB {b}", tabulate(columns, headers, disable_numparse=True, colalign=("left", *["right"] * 6))]
    parts += [f"note: {warning}" for warning in found.warnings]
    if found.flips is not None:
        parts.append(f"{metric}: A answers {found.flips[0]} queries better, B {found.flips[1]}, in the mean over seeds")
    if found.slices:
        rows = [
            [s.name, s.queries, s.clusters, f"{s.mean:+.1f}", _interval(s.interval), f"{s.p:.3f}", f"{s.p_adjusted:.3f}"]
            for s in found.slices
        ]
        headers = [f"{metric} by", "queries", "videos", "A - B", "queries 95 %", "p", "p adjusted"]
        parts.append(tabulate(rows, headers, disable_numparse=True, colalign=("left", *["right"] * 6)))
    return "\n\n".join(parts)


def _interval(found: tuple[float, float] | None) -> str:
    return "" if found is None else f"[{found[0]:+.1f}, {found[1]:+.1f}]"
