"""Two rows at equal cost: what each had reached by the time the cheaper of the two was done.

Trainings that validate record a curve. The score of a training within a cost is its best so far, so more of the same training never
scores lower: a row that differs from another in nothing but that it is slower cannot win.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from taco_bench.errors import UserError
from taco_bench.report.comparison import two_sided
from taco_bench.report.rows import Cell
from taco_bench.stats.intervals import paired_t_interval
from taco_bench.store.cells import Store

COSTS = {"steps": 0, "seconds": 1, "fusion-pairs": 2}
"""Each kind of cost and its place in a point of a curve (:data:`taco_bench.train.loop.Point`)."""
SCORE = 3


@dataclass(frozen=True)
class Pair:
    """The two trainings of a seed.

    Attributes:
        seed: of both.
        cost: what both may take: the smaller of their totals.
        steps: of each, up to the last validation within the cost.
        scores: of each, the best validation score within the cost, in percent.
    """

    seed: int
    cost: float
    steps: tuple[int, int]
    scores: tuple[float, float]

    @property
    def difference(self) -> float:
        """The first minus the second."""
        return self.scores[0] - self.scores[1]


@dataclass(frozen=True)
class Matched:
    """Two rows at equal cost.

    Attributes:
        match: the kind of cost.
        pairs: by seed.
        mean: of the differences, in points.
        interval: 95 %, paired t over seeds; None below two.
        p: exact sign-flip test, two-sided: nothing was claimed beforehand; None where so few seeds cannot reach 0.05.
        warnings: why the costs or the scores do not quite compare.
    """

    match: str
    pairs: list[Pair]
    mean: float
    interval: tuple[float, float] | None
    p: float | None
    warnings: list[str]


def matched(a: Sequence[Cell], b: Sequence[Cell], match: str, store: Store) -> Matched:
    """Compare two rows at equal cost, seed by seed.

    Args:
        a: cells of one row.
        b: of the other.
        match: one of :data:`COSTS`.
        store: with the records of their trainings.

    Raises:
        UserError: no seed in common; or a training has no curve, or none within the cost: names it and the option.
    """
    others = {cell["seed"]: cell for cell in b}
    both = [(cell, others[cell["seed"]]) for cell in sorted(a, key=lambda cell: int(cell["seed"])) if cell["seed"] in others]
    if not both:
        raise UserError("the two rows have no seed in common", hint="differences are paired by seed: train both with the same --seeds")
    pairs = [_pair(left, right, match, store) for left, right in both]
    values = [pair.difference for pair in pairs]
    interval = paired_t_interval(values) if len(values) > 1 else None
    return Matched(match, pairs, sum(values) / len(values), interval, two_sided(values), _warnings(both, match))


def _pair(a: Cell, b: Cell, match: str, store: Store) -> Pair:
    records = [_record(name, cell, store) for name, cell in (("A", a), ("B", b))]
    cost = float(min(record["spent"][COSTS[match]] for record in records))
    reached = [_within(name, cell, record["curve"], match, cost) for name, cell, record in zip("AB", (a, b), records, strict=True)]
    steps = (int(reached[0][-1][0]), int(reached[1][-1][0]))
    scores = (max(point[SCORE] for point in reached[0]), max(point[SCORE] for point in reached[1]))
    return Pair(int(a["seed"]), cost, steps, scores)


def _record(name: str, cell: Cell, store: Store) -> dict[str, Any]:
    record = store.training(cell["training"])
    if record is None:
        what = f"the training of {name}, seed {cell['seed']}, is not in this results folder"
        raise UserError(what, where=str(store.training_folder(cell["training"])), hint="make both rows here")
    if not record.get("curve"):
        what = f"the training of {name}, seed {cell['seed']}, has no curve: it was trained without validations"
        hint = "train both rows with --set train.validate_every=N, such as a twentieth of the steps"
        raise UserError(what, where=f"cell {cell['id']}", hint=hint)
    return record


def _within(name: str, cell: Cell, curve: list[list[float]], match: str, cost: float) -> list[list[float]]:
    """The validations whose cost is not above the common one."""
    found = [point for point in curve if point[COSTS[match]] <= cost]
    if not found:
        what = f"{name}, seed {cell['seed']}, has no validation within {cost:g} {match.replace('-', ' ')}, which is all that the other took"
        hint = "a smaller train.validate_every, or another --match: rows without L3 take no fusion pairs"
        raise UserError(what, where=f"cell {cell['id']}", hint=hint)
    return found


def _warnings(both: Sequence[tuple[Cell, Cell]], match: str) -> list[str]:
    cells = [cell for pair in both for cell in pair]
    found = []
    if match == "seconds" and len({cell["hardware"] for cell in cells}) > 1:
        found.append("the seconds were measured on different hardware: " + ", ".join(sorted({cell["hardware"] for cell in cells})))
    if len({cell["splits"].get("val") for cell in cells}) > 1:
        found.append("the validation splits differ: the scores do not compare")
    if len({cell["experiment"]["train"]["validate_every"] for cell in cells}) > 1:
        found.append("the rows were validated at different steps: the best of more validations is higher by chance alone")
    return found
