"""``taco-bench compare``: two rows, and where one of them wins."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
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
@click.option("--metric", default=None, help="Column that flips and slices are about.  [default: the first of both]")
@click.option("--match", type=click.Choice(["steps", "seconds", "fusion-pairs"]), help="Compare validation scores at this equal cost.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.option("--results", default=None, help="Results folder.  [default: TACO_BENCH_RESULTS, else ./results]")
@click.pass_obj
def command(obj: dict[str, Any], /, a: str, b: str, *, metric: str | None, match: str | None, as_json: bool, results: str | None) -> None:
    """Compare A with B, rows of tables or cells, paired by seed; and say on which queries they part.

    Slices by caption length, nouns, verbs, idf and clip length are corrected for their number (Holm).
    """
    from taco_bench.cli.references import cells_of
    from taco_bench.report.comparison import compare, unpaired
    from taco_bench.resources import results_root
    from taco_bench.store.cells import Store

    store = Store(results_root(results))
    left, right = cells_of(a, store), cells_of(b, store)
    notes = list(dict.fromkeys([*left.notes, *right.notes, *unpaired(left.cells, right.cells)]))
    if match is not None:
        from taco_bench.cli.matched import told

        click.echo(told(left.cells, right.cells, (a, b), match, store, notes, as_json=as_json))
        return
    metric = metric or next(iter(next(iter(left.cells[0]["rows"].values()))))
    slices, unsliced = _slices(left.cells[0], right.cells[0], third_party=obj["third_party"])
    found = compare(left.cells, right.cells, metric, slices, unsliced)
    found = replace(found, warnings=[*notes, *found.warnings])
    click.echo(json.dumps(asdict(found), indent=1) if as_json else _text(found, a, b, metric))


def _slices(left: dict[str, Any], right: dict[str, Any], *, third_party: bool) -> tuple[dict[str, Any], list[str]]:
    """What the queries are like, and why some of it is not known; nothing where the two rows were asked different ones."""
    from pydantic import ValidationError

    from taco_bench.config import Experiment
    from taco_bench.errors import UserError

    if "clip" not in left["queries"] or left["queries"]["clip"] != right["queries"].get("clip"):
        return {}, []
    from taco_bench.jobs.data import DataCache
    from taco_bench.jobs.query_facts import query_slices, without_slices
    from taco_bench.plugins import load_plugins
    from taco_bench.reporting import Silent

    plugins = load_plugins(third_party)
    try:
        experiments = [Experiment.model_validate(cell["experiment"]) for cell in (left, right)]
        experiment = next((e for e in experiments if e.tagger is not None), experiments[0])
        found = dict(query_slices(left, experiment, DataCache(plugins, Silent()).get(experiment), plugins))
    except UserError as error:
        return {}, [f"no slices: {error.what}"]  # the data are not here; the figures are
    except ValidationError:
        return {}, ["no slices: the cells are of another version of taco-bench, with other options"]
    return found, without_slices(found)


def _text(found: Any, a: str, b: str, metric: str) -> str:
    from tabulate import tabulate

    from taco_bench.report.formats import interval_text
    from taco_bench.stats.reasons import count, p_number

    seeds = ", ".join(str(seed) for seed in found.columns[0].differences)
    columns = [
        [
            c.name,
            f"{c.a:.1f}",
            f"{c.b:.1f}",
            f"{c.a - c.b:+.1f}",
            interval_text(c.seeds),
            interval_text(c.queries),
            "" if c.p is None else p_number(c.p),
        ]
        for c in found.columns
        if not c.name.endswith(UNPRINTED)
    ]
    headers = [f"seeds {seeds}", "A", "B", "A - B", "seeds 95 %", "queries 95 %", "p"]
    parts = [f"A {a}\nB {b}", tabulate(columns, headers, disable_numparse=True, colalign=("left", *["right"] * 6))]
    parts += [f"note: {warning}" for warning in [*found.warnings, *filter(None, [found.untested])]]
    if found.flips is not None:
        better = count(found.flips[0], "query", "queries")
        parts.append(f"{metric}: A answers {better} better, B {found.flips[1]}, in the mean over seeds")
    if found.slices:
        rows = [
            [s.name, s.queries, s.clusters, f"{s.mean:+.1f}", interval_text(s.interval), p_number(s.p), p_number(s.p_adjusted)]
            for s in found.slices
        ]
        headers = [f"{metric} by", "queries", "videos", "A - B", "queries 95 %", "p", "p adjusted"]
        parts.append(tabulate(rows, headers, disable_numparse=True, colalign=("left", *["right"] * 6)))
    parts += ["\n".join(found.unsliced)] if found.unsliced else []
    return "\n\n".join(parts)
