"""What a suite file holds; ``registry/suites/paper/table3.toml`` explains the format in its header."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from taco_bench.config import PositiveReal, Section
from taco_bench.specs import nested
from taco_bench.suites.published import published

SCHEMA = 1
LOWER_IS_BETTER = ("MedR", "MeanR")
"""Last words of columns in which claims cannot be made."""


def raw_options(given: Any) -> Any:
    """Raw options by section, from dotted keys, tables, or both; ``-`` and ``_`` in keys are one.

    Raises:
        ValueError: two keys contradict each other.
    """
    if not isinstance(given, Mapping):
        return given
    flat: dict[str, Any] = {}
    for key, value in _flat(given, ""):
        if key in flat:
            raise ValueError(f"{key} is given twice")
        flat[key] = value
    for key in flat:
        above = next((other for other in flat if key.startswith(other + ".")), None)
        if above is not None:
            raise ValueError(f"{above} and {key} contradict each other; write {above}.type = {flat[above]!r} for the first")
    return nested(flat)


def _flat(tree: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in tree.items():
        path = prefix + str(key).replace("-", "_")
        found += _flat(value, path + ".") if isinstance(value, Mapping) and value else [(path, value)]
    return found


Options = Annotated[dict[str, Any], BeforeValidator(raw_options)]
"""Raw options as :func:`taco_bench.resolve.resolve` takes them: one layer."""

Text = Annotated[str, Field(min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$")]


class Row(Section):
    """One configuration of a suite."""

    name: Slug = Field(description="unique in the suite")
    label: Text = Field(description="as the table prints it")
    paper_row: str | None = Field(None, description="row of the paper's table")
    feature: str | None = Field(None, description="the paper's video feature; each data set maps it to an encoder")
    not_run: str = Field("", description="why the row cannot be run yet")
    options: Options = Field(default_factory=dict, description="raw options; with those of the suite they are complete")


class Claim(Section):
    """One row is better than another by the suite's metric."""

    name: Text
    better: str
    worse: str
    primary: bool = Field(False, description="tested first and undiluted")
    source: Text = Field(description="where the paper says so")


class OnData(Section):
    """What a suite does differently on one data set."""

    options: Options = Field(default_factory=dict, description="raw options")
    features: dict[str, str] = Field(default_factory=dict, description="the paper's features to encoders of this data set")
    task: str | None = Field(default=None, description="in the place of the suite's")
    columns: tuple[str, ...] | None = Field(default=None, description="in the place of the suite's")
    metric: str | None = Field(default=None, description="in the place of the suite's; one of the columns")
    note: str = Field(default="", description="printed with the table")


class SuiteFile(Section):
    """The keys of a suite file."""

    version: Annotated[int, Field(ge=1)] = Field(alias="schema")
    title: Text
    source: Text
    paper: str | None = Field(None, description="the paper's table; none: every claim is NO TARGET")
    task: Text
    columns: tuple[str, ...] = Field(min_length=1)
    metric: Text = Field(description="column of the claims")
    control: Text = Field(description="row that is trained once more on shuffled captions")
    options: Options = Field(default_factory=dict, description="raw options of all rows")
    smallest_effect: dict[str, PositiveReal] = Field(description="points of the metric by data set, and a default")
    data: dict[str, OnData] = Field(default_factory=dict)
    rows: tuple[Row, ...] = Field(alias="row", min_length=1)
    claims: tuple[Claim, ...] = Field((), alias="claim")

    @field_validator("smallest_effect")
    @classmethod
    def _has_a_default(cls, effects: dict[str, float]) -> dict[str, float]:
        if "default" not in effects:
            raise ValueError("it has no default")
        return effects


class Suite(SuiteFile):
    """A named grid of cells that makes a table."""

    name: str
    path: Path

    def row(self, name: str) -> Row:
        """The row of a name."""
        return next(row for row in self.rows if row.name == name)

    def on(self, data: str) -> Suite:
        """The suite as it is on a data set, whose task, columns and metric may be its own."""
        own = self._on(data)
        given = {"task": own.task, "columns": own.columns, "metric": own.metric}
        return self.model_copy(update={key: value for key, value in given.items() if value is not None})

    @property
    def primary(self) -> Claim | None:
        """The claim that is tested first; none where the suite claims nothing."""
        return next((claim for claim in self.claims if claim.primary), None)

    def encoder(self, row: Row, data: str) -> str | None:
        """The encoder that stands for the row's feature on a data set; none: the data set's own."""
        return self._on(data).features.get(row.feature) if row.feature else None

    def not_run(self, row: Row, data: str) -> str:
        """Why a row cannot be run on a data set; empty where it can."""
        if row.not_run or row.feature is None or self.encoder(row, data):
            return row.not_run
        return f"{data} has no encoder that stands for {row.feature}"

    def layers(self, row: Row, data: str) -> list[dict[str, Any]]:
        """Raw options of a row on a data set, later ones over earlier ones; the data set itself is not among them."""
        encoder = self.encoder(row, data)
        feature = {"encoder": encoder} if encoder else {}
        return [*self.shared_layers(data), feature, row.options]

    def shared_layers(self, data: str) -> list[dict[str, Any]]:
        """Those that all rows have."""
        return [{"task": self.task}, self.options, self._on(data).options]

    @property
    def without_target(self) -> list[Claim]:
        """The claims that can only read NO TARGET: the paper's table, or a row of theirs in it, is not named."""
        rows = {row.name for row in self.rows if self.paper is not None and row.paper_row}
        return [claim for claim in self.claims if not {claim.better, claim.worse} <= rows]

    def paper_effect(self, claim: Claim, data: str) -> float | None:
        """The effect of a claim in the paper, in points; none where the paper has no such figures.

        Args:
            claim: of the suite.
            data: what the paper calls the data set.
        """
        if self.paper is None:
            return None
        table = published(self.paper)
        rows = [self.row(name).paper_row for name in (claim.better, claim.worse)]
        better, worse = (None if row is None else table.figure(row, data, self.metric) for row in rows)
        return None if better is None or worse is None else round(better - worse, 6)

    def smallest(self, claim: Claim, data: str, reported_as: str | None = None) -> float:
        """The smallest effect of interest: the paper's own where it has one on this data set, else the suite's.

        Args:
            claim: of the suite.
            data: name of the data set.
            reported_as: what the paper calls it, where that is not its name.
        """
        paper = self.paper_effect(claim, data if reported_as is None else reported_as)
        return paper if paper and paper > 0 else self.smallest_effect.get(data, self.smallest_effect["default"])

    def _on(self, data: str) -> OnData:
        return self.data.get(data, OnData())
