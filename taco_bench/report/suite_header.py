"""What stands above a suite's table: what was measured, how, and in what its rows differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taco_bench.report.recipe import recipe, side_by_side
from taco_bench.report.rows import Cell, pool_sizes, skipped_told
from taco_bench.store.identity import protocol
from taco_bench.suites.expand import Expanded

FACTS_A_LINE = 8


def header_of(table: Expanded, cells: Mapping[str, Sequence[Cell]]) -> list[str]:
    """The lines above a suite's table.

    Args:
        table: the suite on a data set.
        cells: the finished cells of each row.
    """
    suite = table.suite
    lines = [", ".join([f"{suite.title} ({suite.source}), on {table.title.partition('@')[2]}", *table.data_options])]
    if not table.reported_as:
        lines.append("not a data set of the paper: its figures are not shown, its claims are tested here")
    note = suite.data[table.data].note if table.data in suite.data else ""
    made = [(line.label, cells[line.name][0]) for line in table.lines if cells[line.name]]
    return [*lines, *untested(table), *([note] if note else []), *(_facts(table, made, cells) if made else [])]


def untested(table: Expanded) -> list[str]:
    """Which claims can only read NO TARGET, and what the suite's file would have to say."""
    claims, suite = table.suite.without_target, table.suite
    if not claims:
        return []
    if suite.paper is None:
        return [f"the suite names no table of the paper (`paper = ...` in its file): each claim can only read NO TARGET ({len(claims)})"]
    names = "; ".join(claim.name for claim in claims)
    return [f"a row without a row of the paper (`paper_row = ...`): these claims can only read NO TARGET: {names}"]


def _facts(table: Expanded, made: Sequence[tuple[str, Cell]], cells: Mapping[str, Sequence[Cell]]) -> list[str]:
    first = made[0][1]
    pool, task = first["pool"], first["experiment"]["task"]["type"]
    hashes = "; ".join(f"{name} {told}" for name, told in first["splits"].items() if name != pool.get("split"))
    facts = side_by_side([(label, recipe(cell)) for label, cell in made])
    rule, rest = facts[0], facts[1:]
    return [
        f"{pool.get('split')} split ({first['splits'].get(pool.get('split'), '')}), {pool_sizes(first)}{skipped_told(first)}",
        *([f"other splits: {hashes}"] if hashes else []),
        ", ".join([rule, *_tied([cell for line in table.lines for cell in cells[line.name]]), f"protocol {task} version {_version(task)}"]),
        *(", ".join(rest[start : start + FACTS_A_LINE]) for start in range(0, len(rest), FACTS_A_LINE)),
        f"seeds {', '.join(map(str, table.seeds))}",
    ]


def _tied(cells: Sequence[Cell]) -> list[str]:
    ties = [value for cell in cells for column, value in next(iter(cell["rows"].values())).items() if column == "t2v ties"]
    return [f"queries tied at most {max(ties):.1f} %"] if ties else []


def _version(task: str) -> int:
    return int(protocol(task).get("version", 0))
