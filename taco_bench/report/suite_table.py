"""The table of a suite: its rows over paired seeds, the paper's figures beside them where they compare, verdicts, controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import getitem
from typing import Any

from taco_bench.report.claims import Judged, judge_claims
from taco_bench.report.controls import at_chance, leaks, stamp
from taco_bench.report.rows import SECONDS, Cell, control_rows, result_rows
from taco_bench.report.run_table import PAPER_DATA
from taco_bench.store.cells import Store
from taco_bench.store.identity import protocol
from taco_bench.suites.expand import Expanded
from taco_bench.suites.published import published


@dataclass(frozen=True)
class SuiteRow:
    """One row.

    Attributes:
        name: of the suite, or the control's.
        label: as printed.
        kind: "result" or "control".
        values: by column a figure a seed.
        paper: the paper's figures, where they compare.
        status: why there are no figures, or too few.
        cells: ids behind the figures.
        seeds: of those cells, in the order of the figures; none of a control that has no seeds.
    """

    name: str
    label: str
    kind: str
    values: dict[str, list[float]]
    paper: dict[str, float] = field(default_factory=dict)
    status: str = ""
    cells: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()


@dataclass
class SuiteTable:
    """What a suite's table shows."""

    title: str
    columns: list[str]
    rows: list[SuiteRow]
    claims: list[Judged]
    header: list[str]
    footer: list[str]
    metric: str


def suite_table(expanded: Expanded, store: Store, failed: Mapping[str, str] | None = None) -> SuiteTable:
    """The table of a suite from the store.

    Args:
        expanded: the suite on a data set.
        store: with its cells; rows without them say why.
        failed: by row, why its cells could not be made.
    """
    suite, failed = expanded.suite, failed or {}
    cells = {line.name: [cell for job in line.jobs if (cell := store.cell(job.cell)) is not None] for line in expanded.every}
    missing = {
        line.name: line.not_run or f"not made yet: taco-bench reproduce {expanded.command}"
        for line in expanded.every
        if not cells[line.name]
    }
    claims = judge_claims(suite, expanded.data, cells, {**missing, **dict.fromkeys(failed, "")}, failed)
    rows = [_row(expanded, name, label, cells[name], missing, failed) for name, label in ((r.name, r.label) for r in suite.rows)]
    table = SuiteTable(expanded.title, list(suite.columns), rows, claims, [], [], suite.metric)
    made = [cell for line in expanded.lines for cell in cells[line.name]]
    table.header = _header(expanded, cells)
    for line in expanded.controls:
        label = line.name.rpartition("/")[2].replace("-", " ")
        found = cells[line.name]
        values = result_rows(label, found)[0].values if found else {}
        table.rows.append(SuiteRow(line.name, label, "control", values, {}, _status(line.name, missing, failed), *_behind(found)))
        table.footer += at_chance(label, found, store, len(expanded.seeds)) if found else []
    if made:
        table.rows += [SuiteRow(row.label, row.label, "control", row.values) for row in control_rows(made)]
        results = [(line.label, cells[line.name]) for line in expanded.lines if cells[line.name]]
        controls = [(line.name.rpartition("/")[2].replace("-", " "), cells[line.name]) for line in expanded.controls]
        table.footer += stamp(results, controls, store, suite.metric)
        table.footer += [] if any(found for _, found in controls) else ["no trained control stands beside these rows"]
        table.footer += _costs(expanded, cells) + leaks(made)
    return table


def _row(
    expanded: Expanded, name: str, label: str, cells: Sequence[Cell], missing: Mapping[str, str], failed: Mapping[str, str]
) -> SuiteRow:
    values = result_rows(label, cells)[0].values if cells else {}
    values.pop(SECONDS, None)
    short = f"{len(cells)} of {len(expanded.seeds)} seeds" if 0 < len(cells) < len(expanded.seeds) else ""
    status = _status(name, missing, failed) or short
    return SuiteRow(name, label, "result", values, _paper(expanded, name), status, *_behind(cells))


def _behind(cells: Sequence[Cell]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Ids and seeds."""
    return tuple(cell["id"] for cell in cells), tuple(cell["seed"] for cell in cells)


def _status(name: str, missing: Mapping[str, str], failed: Mapping[str, str]) -> str:
    if failed.get(name):
        return f"FAILED: {failed[name]}"
    return f"NOT RUN: {missing[name]}" if name in missing else ""


def _paper(expanded: Expanded, name: str) -> dict[str, float]:
    """The paper's figures of a row on this data set; none on data that are not the paper's."""
    suite, row = expanded.suite, expanded.suite.row(name).paper_row
    if suite.paper is None or row is None:
        return {}
    table = published(suite.paper)
    return {column: value for column in suite.columns if (value := table.figure(row, expanded.data, column)) is not None}


def _header(expanded: Expanded, cells: Mapping[str, Sequence[Cell]]) -> list[str]:
    suite = expanded.suite
    lines = [f"{suite.title} ({suite.source}), on {expanded.title.partition('@')[2]}"]
    if expanded.data not in PAPER_DATA:
        lines.append("not a data set of the paper: its figures are not shown, its claims are tested here")
    note = suite.data[expanded.data].note if expanded.data in suite.data else ""
    lines += [note] if note else []
    return lines + _facts(expanded, cells) if any(cells[line.name] for line in expanded.lines) else lines


def _facts(expanded: Expanded, cells: Mapping[str, Sequence[Cell]]) -> list[str]:
    """What a reader must know of the rows; of what is not the same for all of them, which row has what."""
    made = [(line.label, cell) for line in expanded.lines for cell in cells[line.name]]
    first = made[0][1]
    pool, experiment = first["pool"], first["experiment"]

    def of(*path: str) -> str:
        values = {label: str(reduce(getitem, path, cell["experiment"])) for label, cell in made}
        usual = next(iter(values.values()))
        others = ", ".join(f"{label} {value}" for label, value in values.items() if value != usual)
        return f"{usual} ({others})" if others else usual

    starts = {label: start for label, cell in made if (start := cell["experiment"]["train"].get("init"))}
    ties = [value for _, cell in made for column, value in next(iter(cell["rows"].values())).items() if column == "t2v ties"]
    taggers = sorted({cell["tagger"] for _, cell in made if cell["tagger"]})
    sizes = ", ".join(f"{value} {key}" for key, value in pool.items() if key not in ("split", "fusion pairs"))
    selection = "val" if experiment["train"]["checkpoint"] == "best" else "none"
    return [
        f"{pool.get('split')} split ({first['splits'].get(pool.get('split'), '')}), {sizes}",
        f"tie rule {of('evaluation', 'metric_convention')}" + (f", queries tied at most {max(ties):.1f} %" if ties else ""),
        f"d = {of('model', 'width')}, K = {of('train', 'batch_size')}, steps {of('train', 'steps')}",
        *([f"starts from: {'; '.join(f'{label} from {start}' for label, start in starts.items())}"] if starts else []),
        f"checkpoint {of('train', 'checkpoint')} (selection split: {selection})",
        f"text encoder {of('text_encoder', 'type')}" + (f", parts of speech by {'; '.join(taggers)}" if taggers else ""),
        f"seeds {', '.join(map(str, expanded.seeds))}, protocol {experiment['task']['type']} version {_version(experiment)}",
    ]


def _version(experiment: Mapping[str, Any]) -> int:
    return int(protocol(experiment["task"]["type"]).get("version", 0))


def _costs(expanded: Expanded, cells: Mapping[str, Sequence[Cell]]) -> list[str]:
    """Training seconds and fusion pairs of each row: what it took to get there."""
    parts = []
    for line in expanded.lines:
        found = [cell["cost"] for cell in cells[line.name]]
        if found:
            seconds = sum(cost["seconds"] for cost in found) / len(found)
            parts.append(f"{line.label} {seconds:.0f} s, {found[0]['fusion_pairs_per_step']:.0f} pairs a step")
    hardware = sorted({cell["hardware"] for line in expanded.lines for cell in cells[line.name]})
    return [f"training of a seed on {'; '.join(hardware)}: " + "; ".join(parts)] if parts else []
