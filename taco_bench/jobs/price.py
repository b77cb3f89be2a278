"""What cells will cost: the cost model, times what finished cells took in comparison with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean, median
from typing import Any

from pydantic import ValidationError

from taco_bench.config import Experiment
from taco_bench.jobs.cost import Work, held_of, parameters_of, work_of
from taco_bench.jobs.cost_model import CostModel, cost_model
from taco_bench.jobs.plan import Job
from taco_bench.jobs.sizes import PlannedSizes
from taco_bench.plugins import Plugins
from taco_bench.store.cells import UNFINISHED, Store

NEAR = 3
"""Keys of a likeness (:func:`_keys`) under which an evaluation takes as long and a cell as much room."""
BYTES = 4
"""A parameter in a file of weights."""


@dataclass(frozen=True)
class Price:
    """What one cell takes.

    Attributes:
        training: seconds; 0 where the training is there.
        evaluation: seconds; None where no cell like it says.
        disk: bytes.
        gib: most memory of a worker; None where no model of this kind of device says.
        elsewhere: the hardware of the model, where no finished cell says how fast this one is.
    """

    training: float
    evaluation: float | None
    disk: float
    gib: float | None = None
    elsewhere: str = ""

    @property
    def seconds(self) -> float:
        """Training and evaluation, as far as they are known."""
        return self.training + (self.evaluation or 0.0)


@dataclass
class _Sample:
    """Cells that are alike: how much longer than the model their steps took, what they held beyond it, and the rest as it was."""

    slowness: list[float] = field(default_factory=list)
    beyond: list[float] = field(default_factory=list)
    evaluation: list[float] = field(default_factory=list)
    disk: list[float] = field(default_factory=list)

    @cached_property
    def medians(self) -> tuple[float | None, float]:
        """Slowness, GiB beyond the model; asked for once all are in."""
        return (median(self.slowness) if self.slowness else None), max(0.0, median(self.beyond)) if self.beyond else 0.0

    @cached_property
    def means(self) -> tuple[float, float]:
        """Seconds of an evaluation, bytes."""
        return fmean(self.evaluation), fmean(self.disk)


class Prices:
    """Prices from the cost model, as much slower or faster as finished cells were on the same kind of device with as many threads: of the
    same experiment with other seeds, else of the same losses on the same data, else of the same data, else any.

    An evaluation costs what it did in the nearest of these that is of the same data.

    Args:
        store: for sizes on disk.
        cells: measured ones; not looked at before a price is asked for.
        plugins: for the components.
    """

    def __init__(self, store: Store, cells: Iterable[Mapping[str, Any]], plugins: Plugins) -> None:
        self._store, self._cells, self._plugins = store, cells, plugins
        self._known: dict[int, tuple[Experiment, _Planned | None]] = {}

    @cached_property
    def _measured(self) -> list[tuple[Experiment, Mapping[str, Any]]]:
        return list(_readable(self._cells))

    @cached_property
    def _sizes(self) -> PlannedSizes:
        return PlannedSizes(self._plugins, ((experiment, cell["cost"].get("sizes")) for experiment, cell in self._measured))

    @cached_property
    def _samples(self) -> dict[tuple[str, ...], _Sample]:
        found: dict[tuple[str, ...], _Sample] = {}
        for experiment, cell in self._measured:
            cost, planned = cell["cost"], self._plan(experiment)
            disk = _size(self._store, cell["id"], cell["training"])
            for key in _keys(experiment):
                sample = found.setdefault(key, _Sample())
                sample.evaluation.append(cost["evaluation_seconds"])
                sample.disk.append(disk)
                if planned and cost["steps"] and cost["seconds"]:
                    sample.slowness.append(cost["seconds"] / cost["steps"] / planned.seconds)
                if planned and planned.gib and "peak_gib" in cost:
                    sample.beyond.append(cost["peak_gib"] - planned.gib)
        return found

    def _plan(self, experiment: Experiment) -> _Planned | None:
        """What the model says of an experiment; the seeds of a row share theirs."""
        if id(experiment) not in self._known:
            self._known[id(experiment)] = experiment, self._planned(experiment)  # kept, so that the id stays its own
        return self._known[id(experiment)][1]

    def _planned(self, experiment: Experiment) -> _Planned | None:
        sizes = self._sizes.of(experiment)
        own, model = cost_model(experiment.train.device), cost_model("cpu")
        if sizes is None or model is None:
            return None
        parameters = sum(parameters_of(experiment, sizes).values())
        return _Planned(
            _keys(experiment), work_of(experiment, sizes), held_of(experiment, sizes), parameters, own or model, own is not None
        )

    def of(self, job: Job, *, trained: bool) -> Price | None:
        """The price of a cell; None where neither the model nor a finished cell says.

        Args:
            job: the cell.
            trained: whether its training is there, or counted already.
        """
        planned = self._plan(job.experiment)
        if planned is None:
            return None
        like = [self._samples[key] for key in planned.keys if key in self._samples]
        near = next((self._samples[key] for key in planned.keys[:NEAR] if key in self._samples), None)
        slowness = next((sample.medians[0] for sample in like if sample.medians[0] is not None), None)
        if slowness is None and not planned.own:
            return None  # another kind of device's figures say how costs compare, not what they are
        step = planned.seconds * (1.0 if slowness is None else slowness)
        evaluation, disk = near.means if near else (None, float(BYTES * planned.parameters))
        gib = planned.gib + (like[0].medians[1] if like else 0.0) if planned.gib else None
        training = 0.0 if trained else step * job.experiment.train.steps
        return Price(training, evaluation, disk, gib, planned.model.where if slowness is None else "")


@dataclass(frozen=True)
class _Planned:
    """What the model says of one experiment; ``own``: whether it is a model of its kind of device."""

    keys: list[tuple[str, ...]]
    work: Work
    held: Work
    parameters: int
    model: CostModel
    own: bool

    @cached_property
    def seconds(self) -> float:
        return self.model.seconds(self.work)

    @cached_property
    def gib(self) -> float | None:
        return self.model.gib(self.held) if self.own else None


def _readable(cells: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Experiment, Mapping[str, Any]]]:
    """Cells with their experiments; those whose options are no longer known say nothing."""
    for cell in cells:
        try:
            yield Experiment.model_validate(cell["experiment"]), cell
        except ValidationError:
            continue


def _keys(experiment: Experiment) -> list[tuple[str, ...]]:
    """From the closest likeness to the loosest, which is the kind of device."""
    on = (experiment.train.device, str(experiment.train.threads))
    data, losses = str(experiment.data), str(experiment.losses.use)
    parts = ("encoder", "text_encoder", "tokens", "sampler", "model", "losses", "evaluation", "task")
    exact = str([getattr(experiment, part) for part in parts])
    fused = str("fusion" in experiment.evaluation.scores)  # what an evaluation's time depends on most
    return [(*on, data, "exact", exact), (*on, data, "losses", losses), (*on, data, "fused", fused), (*on, data), on]


def _size(store: Store, cell: str, training: str) -> float:
    folder = store.training_folder(training)
    files = [
        store.cell_file(cell),
        store.cell_file(cell).with_suffix(".npz"),
        store.weights(training),
        store.seen(training),
        *(folder / name for name in UNFINISHED),
    ]
    return float(sum(path.stat().st_size for path in files if path.is_file()))


def total(prices: Sequence[Price | None]) -> Price:
    """The sum of those that are known; memory is the most of any."""
    known = [price for price in prices if price is not None]
    evaluations = [p.evaluation for p in known if p.evaluation is not None]
    gib = max((p.gib for p in known if p.gib is not None), default=None)
    elsewhere = next((p.elsewhere for p in known if p.elsewhere), "")
    return Price(sum(p.training for p in known), sum(evaluations) if evaluations else None, sum(p.disk for p in known), gib, elsewhere)
