"""The paper's tables as data: ``registry/paper``, every figure with its source and how surely it was read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import Field, model_validator

from taco_bench.config import Section
from taco_bench.errors import ConfigError, UserError, nearest
from taco_bench.plugins import Component
from taco_bench.resources import registry_root
from taco_bench.suites.files import newer_schema, read_toml, structure_problems, toml_names

SCHEMA = 1
OF_THE_MODEL = "model"
"""Stands for a data set where figures, such as a number of parameters, are the model's own."""

Fact = str | bool | int
Text = Annotated[str, Field(min_length=1)]


class PublishedRow(Section):
    """One row of a table: facts in words, and figures by data set in the order of the table's columns."""

    name: Text
    facts: dict[str, Fact] = Field(default_factory=dict)
    figures: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    protocol: dict[str, Any] = Field(default_factory=dict, description="what holds for this row alone, over the table's")


class Cells(Section):
    """Something to know about some of a table's figures; what is left out means all."""

    rows: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    confidence: str = ""
    note: str = ""

    def cover(self, row: str, data: str, column: str) -> bool:
        """Whether a figure is among them."""
        return all(not some or one in some for some, one in ((self.rows, row), (self.data, data), (self.columns, column)))


class TableFile(Section):
    """The keys of a table's file."""

    version: Annotated[int, Field(ge=1)] = Field(alias="schema")
    number: int
    title: Text
    source: Text
    confidence: Text = Field(description="how surely the figures were read, where no cells say otherwise")
    slips: tuple[Text, ...] = Field((), description="slips of the paper in this table")
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="by data set")
    units: dict[str, Text] = Field(default_factory=dict, description="by column")
    protocol: dict[str, dict[str, Any]] = Field(default_factory=dict, description="by data set: what was fixed, under our dotted names")
    rows: tuple[PublishedRow, ...] = Field(alias="row")
    cells: tuple[Cells, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> TableFile:
        if len(set(self.row_names)) < len(self.rows):
            raise ValueError("two rows have one name")
        for columns in self.columns.values():
            if unknown := set(columns) - set(self.units):
                raise ValueError(f"the columns {sorted(unknown)} have no unit")
        for row in self.rows:
            for data, figures in row.figures.items():
                if len(figures) != len(self.columns.get(data, ())):
                    raise ValueError(f"row {row.name!r} has {len(figures)} figures on {data}, which has {len(self.columns.get(data, ()))}")
        return self

    @property
    def row_names(self) -> list[str]:
        """The names of the rows, in order."""
        return [row.name for row in self.rows]


class PublishedTable(TableFile):
    """One table of the paper."""

    name: str

    def row(self, name: str) -> PublishedRow | None:
        """The row of a name."""
        return next((row for row in self.rows if row.name == name), None)

    def figure(self, row: str, data: str, column: str) -> float | None:
        """One figure; none where the paper has none."""
        found, columns = self.row(row), self.columns.get(data, ())
        if found is None or data not in found.figures or column not in columns:
            return None
        return found.figures[data][columns.index(column)]

    def reports_on(self, data: str) -> bool:
        """Whether it has figures on a data set."""
        return data != OF_THE_MODEL and data in self.columns

    def confidence_of(self, row: str, data: str, column: str) -> str:
        """How surely a figure was read."""
        special = [cells.confidence for cells in self.cells if cells.confidence and cells.cover(row, data, column)]
        return special[-1] if special else self.confidence

    def notes_of(self, row: str, data: str, column: str) -> list[str]:
        """What is to be known about a figure."""
        return [cells.note for cells in self.cells if cells.note and cells.cover(row, data, column)]

    def protocol_of(self, row: str, data: str) -> dict[str, Any]:
        """What the paper fixed for a row's figures, under dotted names that our cells have too. What it does not state is not there."""
        found = self.row(row)
        return {**self.protocol.get(data, {}), **(found.protocol if found else {})}


def published_names() -> list[str]:
    """The tables of the paper that are there, such as ``table3``."""
    return toml_names("paper")


def reported_as(component: Component, spec: Mapping[str, Any]) -> str:
    """What the paper's tables call a data set; empty where none of them has figures on it.

    Args:
        component: the data set.
        spec: with its options, which may decide it.
    """
    declared = component.reported_as
    options = {key: value for key, value in spec.items() if key != "type"}
    name = declared(**options) if callable(declared) else declared or component.name
    return name if any(published(table).reports_on(name) for table in published_names()) else ""


@cache
def published(name: str) -> PublishedTable:
    """A table of the paper.

    Raises:
        UserError: there is no such table.
    """
    folder = registry_root() / "paper"
    if name not in published_names():
        raise UserError(f"the paper has no {name!r}", where=str(folder), hint=nearest(name, published_names()))
    path = folder / f"{name}.toml"
    document = read_toml(path)
    parts: dict[str, type[Section]] = {"row": PublishedRow, "cells": Cells}
    problems = newer_schema(document, SCHEMA, path) or list(structure_problems(TableFile, document, path, parts))
    if problems:
        raise ConfigError(problems)
    return PublishedTable.model_validate({**document, "name": name})
