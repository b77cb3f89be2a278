"""Two rows side by side: differences by seed, on which queries they part, and where one of them wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taco_bench.errors import UserError
from taco_bench.report.queries import contributions, convention, figure, paired, same_queries, videos
from taco_bench.report.rows import Cell
from taco_bench.stats.evidence import ALPHA
from taco_bench.stats.intervals import cluster_bootstrap, paired_t_interval
from taco_bench.stats.reasons import count
from taco_bench.stats.signflip import seeds_needed, sign_flip_p
from taco_bench.stats.slices import FEWEST_QUERIES, FEWEST_VIDEOS, Slice, slice_differences, too_small

TIE = 1e-9
"""Points by which no two credits differ but by rounding, in a mean over seeds."""


@dataclass(frozen=True)
class Column:
    """One figure of both rows.

    Attributes:
        name: of the column.
        a: mean over the paired seeds.
        b: the same.
        differences: a - b, a seed each.
        p: exact, two-sided: nothing was claimed beforehand; None where so few seeds cannot reach 0.05.
        seeds: 95 % paired-t interval; None below two seeds.
        queries: 95 % over source videos; None where queries were not kept.
    """

    name: str
    a: float
    b: float
    differences: dict[int, float]
    p: float | None
    seeds: tuple[float, float] | None
    queries: tuple[float, float] | None


@dataclass(frozen=True)
class Comparison:
    """Two rows.

    Attributes:
        columns: every figure that both have.
        flips: queries that a answers better, and queries that b does, in the mean over seeds; None where queries cannot be compared.
        slices: differences of the metric by what the queries are like, corrected for their number.
        unsliced: why slices are not there.
        warnings: why the figures, or the queries, do not compare.
        untested: why there is no p; empty where there is one.
    """

    columns: list[Column]
    flips: tuple[int, int] | None
    slices: list[Slice]
    unsliced: list[str]
    warnings: list[str]
    untested: str = ""


def compare(
    a: Sequence[Cell], b: Sequence[Cell], metric: str, slices: Mapping[str, npt.NDArray[np.bool_]], unsliced: Sequence[str] = ()
) -> Comparison:
    """Compare two rows on the seeds that both have.

    Args:
        a: cells of one row.
        b: of the other.
        metric: column that flips and slices are about.
        slices: masks [queries].
        unsliced: why others are not there.

    Raises:
        UserError: they have no seed in common, or not both have the metric.
    """
    common = sorted({cell["seed"] for cell in a} & {cell["seed"] for cell in b})
    if not common:
        raise UserError("the two rows have no seed in common", hint="differences are paired by seed: train both with the same --seeds")
    untested = too_few(len(common))
    a, b = ([cell for cell in cells if cell["seed"] in common] for cells in (a, b))
    warned = _warnings(a, b)
    names = [name for name in next(iter(a[0]["rows"].values())) if name in next(iter(b[0]["rows"].values()))]
    if metric not in names:
        raise UserError(f"not both rows have the column {metric!r}", where="--metric", hint="columns: " + ", ".join(names))
    columns, difference = [_column(name, a, b) for name in names], paired(a, b, metric)
    if difference is None:
        return Comparison(columns, None, [], [], warned or [f"{metric} cannot be compared query by query"], untested)
    found = slice_differences(_mean(a, metric), _mean(b, metric), np.array(videos(a[0])), slices)
    flips = int((difference > TIE).sum()), int((difference < -TIE).sum())
    return Comparison(columns, flips, found, [*unsliced, *_too_small(a[0], slices)], warned, untested)


def unpaired(a: Sequence[Cell], b: Sequence[Cell]) -> list[str]:
    """The seeds that only one of two rows has a cell of."""
    seeds = [{int(cell["seed"]) for cell in cells} for cells in (a, b)]
    alone = {"A": sorted(seeds[0] - seeds[1]), "B": sorted(seeds[1] - seeds[0])}
    return [f"left out, since only {name} has a cell of it: seed {', '.join(map(str, some))}" for name, some in alone.items() if some]


def too_few(seeds: int) -> str:
    """Why so many seeds have no p: not even the best possible one reaches 0.05 in both directions; empty where it does."""
    missing = seeds_needed(2, ALPHA) - seeds
    return f"no p: {count(seeds)} cannot reach {ALPHA} two-sided, {missing} more needed" if missing > 0 else ""


def two_sided(differences: Sequence[float]) -> float | None:
    """The exact two-sided p; None where so few seeds cannot reach 0.05."""
    if too_few(len(differences)):
        return None
    return min(1.0, 2 * min(sign_flip_p(differences), sign_flip_p([-value for value in differences])))


def _too_small(cell: Cell, slices: Mapping[str, npt.NDArray[np.bool_]]) -> list[str]:
    return [
        f"no slice {name}: {count(queries, 'query', 'queries')} of {count(own, 'video')}, fewer than {FEWEST_QUERIES} or {FEWEST_VIDEOS}"
        for name, (queries, own) in too_small(videos(cell), slices).items()
    ]


def _warnings(a: Sequence[Cell], b: Sequence[Cell]) -> list[str]:
    found = [] if same_queries([*a, *b]) else ["they were asked different queries: neither figures nor queries compare"]
    rules = list(dict.fromkeys(convention(cell) for cell in [*a, *b]))
    found += _made_elsewhere(a, b)
    return found + ([f"ties count by different rules: {', '.join(rules)}"] if len(rules) > 1 else [])


def _made_elsewhere(a: Sequence[Cell], b: Sequence[Cell]) -> list[str]:
    """Where the rows, or the seeds of one, were made on several devices: their differences are not those of the configurations alone."""
    places = [list(dict.fromkeys(device(cell) for cell in cells)) for cells in (a, b)]
    if places[0] == places[1] and len(places[0]) == 1:
        return []
    return [f"made on different devices: A {' and '.join(places[0])}; B {' and '.join(places[1])}"]


def device(cell: Cell) -> str:
    """The kind of device that a cell was made on, with its precision."""
    train: dict[str, str] = cell.get("experiment", {}).get("train", {})
    return " in ".join(filter(None, (train.get("device"), train.get("precision"))))


def _column(name: str, a: Sequence[Cell], b: Sequence[Cell]) -> Column:
    other = {cell["seed"]: figure(cell, name) for cell in b}
    differences = {cell["seed"]: figure(cell, name) - other[cell["seed"]] for cell in a}
    values = list(differences.values())
    queries = paired(a, b, name)
    return Column(
        name,
        float(np.mean([figure(cell, name) for cell in a])),
        float(np.mean(list(other.values()))),
        differences,
        two_sided(values),
        paired_t_interval(values) if len(values) > 1 else None,
        cluster_bootstrap(queries, videos(a[0])) if queries is not None and len(set(videos(a[0]))) > 1 else None,
    )


def _mean(cells: Sequence[Cell], metric: str) -> npt.NDArray[np.float64]:
    values = [value for cell in cells if (value := contributions(cell, metric)) is not None]
    return np.asarray(np.mean(values, axis=0))
