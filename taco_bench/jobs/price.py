"""What cells will cost, from what cells like them have cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean
from typing import Any

from taco_bench.config import Experiment
from taco_bench.jobs.plan import Job
from taco_bench.store.cells import UNFINISHED, Store


@dataclass(frozen=True)
class Price:
    """What one cell takes.

    Attributes:
        training: seconds; 0 where the training is there.
        evaluation: seconds.
        disk: bytes.
    """

    training: float
    evaluation: float
    disk: float

    @property
    def seconds(self) -> float:
        """Training and evaluation."""
        return self.training + self.evaluation


@dataclass
class _Sample:
    step_seconds: list[float] = field(default_factory=list)
    evaluation: list[float] = field(default_factory=list)
    disk: list[float] = field(default_factory=list)

    @cached_property
    def means(self) -> tuple[float, float, float]:
        """Seconds a step, seconds of an evaluation, bytes; asked for once all are in."""
        return fmean(self.step_seconds), fmean(self.evaluation), fmean(self.disk)


class Prices:
    """Prices by likeness: of the same experiment with other seeds, else of the same losses on the same data, else of the same data.

    Args:
        store: for sizes on disk.
        cells: measured ones; not looked at before a price is asked for.
    """

    def __init__(self, store: Store, cells: Iterable[Mapping[str, Any]]) -> None:
        self._store, self._cells = store, cells
        self._known: dict[int, tuple[Experiment, list[tuple[str, ...]]]] = {}

    @cached_property
    def _samples(self) -> dict[tuple[str, ...], _Sample]:
        found: dict[tuple[str, ...], _Sample] = {}
        for cell in self._cells:
            disk = _size(self._store, cell["id"], cell["training"])
            for key in _keys(cell["experiment"]):
                sample = found.setdefault(key, _Sample())
                sample.step_seconds.append(cell["cost"]["seconds"] / max(1, cell["cost"]["steps"]))
                sample.evaluation.append(cell["cost"]["evaluation_seconds"])
                sample.disk.append(disk)
        return found

    def _keys_of(self, experiment: Experiment) -> list[tuple[str, ...]]:
        """As :func:`_keys`; the seeds of a row share their experiment."""
        if id(experiment) not in self._known:
            self._known[id(experiment)] = experiment, _keys(experiment.model_dump(mode="json"))  # kept, so that the id stays its own
        return self._known[id(experiment)][1]

    def of(self, job: Job, *, trained: bool) -> Price | None:
        """The price of a cell; None where nothing like it has been measured.

        Args:
            job: the cell.
            trained: whether its training is there, or counted already.
        """
        for key in self._keys_of(job.experiment):
            if key in self._samples:
                step, evaluation, disk = self._samples[key].means
                return Price(0.0 if trained else step * job.experiment.train.steps, evaluation, disk)
        return None


def _keys(experiment: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """From the closest likeness to the loosest."""
    data, losses = str(experiment["data"]), str(experiment["losses"]["use"])
    exact = str([experiment[key] for key in ("encoder", "text_encoder", "tokens", "sampler", "model", "losses", "evaluation", "task")])
    return [("exact", data, exact), ("losses", data, losses), ("data", data)]


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
    """The sum of those that are known."""
    known = [price for price in prices if price is not None]
    return Price(sum(p.training for p in known), sum(p.evaluation for p in known), sum(p.disk for p in known))
