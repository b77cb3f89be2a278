"""The table of a suite: its rows over paired seeds, the paper's figures beside them where they compare, verdicts, controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from taco_bench.report.claims import Judged, judge_claims
from taco_bench.report.comparable import departures
from taco_bench.report.controls import at_chance, leaks, stamp
from taco_bench.report.paper import figures_of, notes, reading
from taco_bench.report.rows import SECONDS, Cell, control_rows, result_rows
from taco_bench.report.suite_header import header_of
from taco_bench.stats.reasons import count
from taco_bench.store.cells import Store
from taco_bench.suites.expand import Expanded

NOT_MADE = "not made yet"


@dataclass(frozen=True)
class SuiteRow:
    """One row.

    Attributes:
        name: of the suite, or the control's.
        label: as printed.
        kind: "result" or "control".
        values: by column a figure a seed.
        paper: the paper's figures, where they compare.
        readings: how surely each of them was read.
        departures: the fields of the protocol that differ from the paper's, so that its figures do not compare.
        status: why there are no figures, or too few.
        cells: ids behind the figures.
        seeds: of those cells, in the order of the figures; none of a control that has no seeds.
    """

    name: str
    label: str
    kind: str
    values: dict[str, list[float]]
    paper: dict[str, float] = field(default_factory=dict)
    readings: dict[str, str] = field(default_factory=dict)
    departures: tuple[str, ...] = ()
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
    suite, failed = expanded.suite, {name: " ".join(why.split()) for name, why in (failed or {}).items()}
    cells = {line.name: [cell for job in line.jobs if (cell := store.cell(job.cell)) is not None] for line in expanded.every}
    missing = {line.name: line.not_run or NOT_MADE for line in expanded.every if not cells[line.name]}
    claims = judge_claims(expanded, cells, {**missing, **dict.fromkeys(failed, "")}, failed)
    rows = [_row(expanded, row.name, row.label, cells[row.name], _status(expanded, row.name, cells, missing, failed)) for row in suite.rows]
    rows = _beside_the_paper(expanded, rows, cells)
    table = SuiteTable(expanded.title, list(suite.columns), rows, claims, header_of(expanded, cells), [], suite.metric)
    made = [cell for line in expanded.lines for cell in cells[line.name]]
    for line in expanded.controls:
        found, label = cells[line.name], control_label(line.name)
        table.rows.append(_row(expanded, line.name, label, found, _status(expanded, line.name, cells, missing, failed), "control"))
        table.footer += at_chance(label, found, store, len(expanded.seeds)) if found else []
    if made:
        table.rows += [SuiteRow(row.label, row.label, "control", row.values) for row in control_rows(made)]
        results = [(line.label, cells[line.name]) for line in expanded.lines if cells[line.name]]
        controls = [(control_label(line.name), cells[line.name]) for line in expanded.controls]
        table.footer += stamp(results, controls, store, suite.metric)
        table.footer += [] if any(found for _, found in controls) else ["no trained control stands beside these rows"]
        table.footer += _costs(expanded, cells) + leaks(made)
    table.footer += notes(suite, expanded.reported_as, rows, shown=any(judged.paper_effect is not None for judged in claims))
    if any(len(cells[line.name]) < len(line.jobs) for line in expanded.every):
        table.footer.append(f"what is missing is made by: {expanded.command}")
    return table


def control_label(name: str) -> str:
    """A trained control's row, ``full/shuffled-captions``, as a table prints it."""
    return name.rpartition("/")[2].replace("-", " ")


def _row(expanded: Expanded, name: str, label: str, cells: Sequence[Cell], status: str, kind: str = "result") -> SuiteRow:
    values = result_rows(label, cells)[0].values if cells else {}
    values.pop(SECONDS, None)
    return SuiteRow(name, label, kind, values, status=status, cells=_ids(cells), seeds=tuple(cell["seed"] for cell in cells))


def _ids(cells: Sequence[Cell]) -> tuple[str, ...]:
    return tuple(cell["id"] for cell in cells)


def _beside_the_paper(expanded: Expanded, rows: Sequence[SuiteRow], cells: Mapping[str, Sequence[Cell]]) -> list[SuiteRow]:
    """The rows with the paper's figures where they are of the paper's protocol, and with what departs from it where they are not."""
    departing = departures(expanded.suite, expanded.reported_as, cells)
    return [_compared(expanded, row, departing[row.name]) if row.name in departing else row for row in rows]


def _compared(expanded: Expanded, row: SuiteRow, departing: Sequence[str]) -> SuiteRow:
    if departing:
        return replace(row, departures=tuple(departing))
    paper = figures_of(expanded, row.name)
    readings = {column: reading(expanded.suite, expanded.reported_as, row.name, column) for column in paper}
    return replace(row, paper=paper, readings=readings)


def _status(
    expanded: Expanded, name: str, cells: Mapping[str, Sequence[Cell]], missing: Mapping[str, str], failed: Mapping[str, str]
) -> str:
    """Why a row has no figures, or too few."""
    there, wanted = len(cells[name]), len(expanded.seeds)
    short = f"{there} of {count(wanted)}" if 0 < there < wanted else ""
    if failed.get(name):
        return "FAILED: " + (f"{short} are there: " if short else "") + failed[name]
    return f"NOT RUN: {missing[name]}" if name in missing else short


def _costs(expanded: Expanded, cells: Mapping[str, Sequence[Cell]]) -> list[str]:
    """Training seconds and fusion pairs of each row: what it took to get there."""
    parts = []
    for line in expanded.lines:
        found = [cell["cost"] for cell in cells[line.name]]
        if found:
            seconds = sum(cost["seconds"] for cost in found) / len(found)
            parts.append(f"{line.label} {seconds:.0f} s, {count(round(found[0]['fusion_pairs_per_step']), 'pair')} a step")
    hardware = sorted({cell["hardware"] for line in expanded.lines for cell in cells[line.name]})
    return [f"training of a seed on {'; '.join(hardware)}: " + "; ".join(parts)] if parts else []
