"""The paper's figures in a suite's table: which stand there, how surely they were read, and why others do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from taco_bench.suites.expand import Expanded
from taco_bench.suites.published import PublishedTable, published
from taco_bench.suites.schema import Suite


class PaperRow(Protocol):
    """What a row of a table says here; :class:`taco_bench.report.suite_table.SuiteRow` is one."""

    @property
    def name(self) -> str:
        """Of the suite's row."""

    @property
    def label(self) -> str:
        """As printed."""

    @property
    def paper(self) -> dict[str, float]:
        """The paper's figures by column."""

    @property
    def departures(self) -> tuple[str, ...]:
        """Why there are none."""


def figures_of(table: Expanded, name: str) -> dict[str, float]:
    """By column the paper's figures of a row; none where the paper has none."""
    suite, row = table.suite, table.suite.row(name).paper_row
    if suite.paper is None or row is None:
        return {}
    found = published(suite.paper)
    return {column: value for column in suite.columns if (value := found.figure(row, table.reported_as, column)) is not None}


def notes(suite: Suite, reported_as: str, rows: Sequence[PaperRow], *, shown: bool) -> list[str]:
    """Below a table: how surely the paper's figures were read, its known slips, and which rows do not compare and why.

    Args:
        suite: whose rows.
        reported_as: what the paper calls the data set; empty where it has no figures on it.
        rows: results.
        shown: whether the paper's effects are printed, whatever its figures.
    """
    if suite.paper is None or not reported_as:
        return []
    table, beside = published(suite.paper), [row for row in rows if row.paper]
    lines = list(_left_out(table, rows))
    if beside or shown:
        lines += [*_read(table, suite, reported_as, beside), *(f"known slip of {table.source}: {slip}" for slip in table.slips)]
    return lines


def _left_out(table: PublishedTable, rows: Sequence[PaperRow]) -> Iterator[str]:
    alike: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        if row.departures:
            alike.setdefault(row.departures, []).append(row.label)
    for fields, labels in alike.items():
        yield f"not comparable with {table.source}, whose figures are left out: {'; '.join(labels)}: " + "; ".join(fields)


def reading(suite: Suite, reported_as: str, name: str, column: str) -> str:
    """How surely one of the paper's figures was read."""
    assert suite.paper is not None
    return published(suite.paper).confidence_of(str(suite.row(name).paper_row), reported_as, column)


def _read(table: PublishedTable, suite: Suite, data: str, rows: Sequence[PaperRow]) -> Iterator[str]:
    others: dict[str, list[str]] = {}
    for row in rows:
        paper_row = str(suite.row(row.name).paper_row)
        for column in row.paper:
            confidence = table.confidence_of(paper_row, data, column)
            told = [*([confidence] if confidence != table.confidence else []), *table.notes_of(paper_row, data, column)]
            for what in told:
                others.setdefault(what, []).append(f"{row.label} {column}")
    yield f"the paper's figures are those of {table.source}, as read: {table.confidence}"
    for what, figures in others.items():
        yield f"of the paper's figures, {'; '.join(figures)}: {what}"
