"""What a training step costs against K, for cascade, random and all pairs: measured where it fits this machine, modelled everywhere.

python benchmarks/cost_against_k.py     some minutes; writes benchmarks/results/cost_against_k.md and .svg

The paper samples K' hard negatives so that the fusion module does not see all K^2 pairs; this is what that saves, and what is left of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from cost_steps import Point, experiment_of, measured
from tabulate import tabulate

from taco_bench.jobs.cost import Sizes, Work, fusion_work, held_of, work_of
from taco_bench.jobs.cost_model import CostModel, cost_model
from taco_bench.jobs.sizes import distinct_pairs, sizes_from
from taco_bench.kinds.text import NetworkSize

RESULTS = Path(__file__).parent / "results"
COUNTS = (16, 32, 64, 128, 256, 512, 1024)
SAMPLERS = {"cascade": "#0072b2", "random": "#e69f00", "all": "#d55e00", "": "#555555"}
NAMES = {"cascade": "cascade", "random": "random", "all": "all pairs", "": "without L3"}
PAPER = NetworkSize(width=768, layers=12, feedforward=3072, heads=12, parameters=109_482_240, dropout=True)
"""BERT-base uncased."""


@dataclass(frozen=True)
class Row:
    """One K and sampler; ``seconds`` and ``gib`` are None where it was not measured."""

    count: int
    sampler: str
    pairs: float
    modelled: float
    fusion: float
    modelled_gib: float
    seconds: float | None = None
    gib: float | None = None


@click.command()
@click.option("--most-gib", default=4.0, show_default=True, help="Larger configurations are modelled alone.")
@click.option("--most-seconds", default=6.0, show_default=True, help="So are slower ones.")
@click.option("--most-count", default=COUNTS[-1], show_default=True, help="Of K, to try the script.")
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS, show_default=False)
def main(most_gib: float, most_seconds: float, most_count: int, out: Path) -> None:
    """Measure, print, and draw."""
    model = cost_model("cpu")
    assert model is not None
    base = Point(negatives=8)
    sizes = sizes_from(measured(replace(base, batch=16, seconds=0.1))["sizes"])
    rows = []
    for count in (count for count in COUNTS if count <= most_count):
        for sampler in SAMPLERS:
            row = _row(replace(base, batch=count, sampler=sampler), sizes, model)
            if row.modelled_gib <= most_gib and row.modelled <= most_seconds:
                found = measured(replace(base, batch=count, sampler=sampler))
                row = replace(row, seconds=found["seconds"], gib=found["gib"])
            rows.append(row)
    text = "\n".join([model.where, "", _told(base), "", _table(rows), "", _paper(model)])
    print(text)
    out.mkdir(exist_ok=True)
    (out / "cost_against_k.md").write_text(text + "\n")
    _draw(rows, out / "cost_against_k.svg")


def _told(point: Point) -> str:
    return (
        f"K' {point.negatives}, n {point.text[0]}-{point.text[1]}, m {point.video[0]}, d {point.width}, {point.video_layers} video and "
        f"{point.fusion_layers} fusion layers, text {point.text_layers} x {point.text_width}; processor time of one thread."
    )


def _row(point: Point, sizes: Sizes, model: CostModel) -> Row:
    experiment = experiment_of(point)
    pairs = {"": 0.0, "all": float(point.batch**2)}.get(point.sampler, distinct_pairs(point.batch, point.negatives, both=True))
    sizes = replace(sizes, pairs=pairs)
    work = work_of(experiment, sizes)
    gib = model.gib(held_of(experiment, sizes))
    return Row(point.batch, point.sampler, pairs, model.seconds(work), model.seconds(fusion_work(experiment, sizes)), gib)


def _table(rows: list[Row]) -> str:
    without = {row.count: row.seconds for row in rows if not row.sampler}
    body = [
        [
            row.count,
            NAMES[row.sampler],
            f"{row.pairs:.0f}",
            f"{row.modelled * 1000:.0f}",
            "" if row.seconds is None else f"{row.seconds * 1000:.0f}",
            f"{100 * row.fusion / row.modelled:.0f}",
            "" if row.seconds is None or not row.sampler or not (bare := without[row.count]) else f"{100 * (1 - bare / row.seconds):.0f}",
            f"{row.modelled_gib:.2f}",
            "" if row.gib is None else f"{row.gib:.2f}",
        ]
        for row in rows
    ]
    head = ["K", "sampler", "pairs", "ms, model", "ms", "fusion %, model", "fusion %", "GiB, model", "GiB"]
    return str(tabulate(body, head, "github", disable_numparse=True, colalign=("right", "left", *["right"] * 7)))


def _paper(model: CostModel) -> str:
    """The paper's recipe, counted and modelled."""
    text, video = (30, 30), (48, 48)
    size = {"width": 768, "heads": 12, "feedforward": 3072, "dropout": 0.1, "features": 3072, "text_width": 768, "text_layers": 12}
    base = Point(batch=128, negatives=8, text=text, video=video, **size)  # type: ignore[arg-type]
    sizes = Sizes(30.0, 30.0, 48.0, 7.5, 0.0, 3072, PAPER)
    body = []
    for sampler in SAMPLERS:
        point = replace(base, sampler=sampler)
        row = _row(point, sizes, model)
        work = work_of(experiment_of(point), replace(sizes, pairs=row.pairs))
        share = _products(fusion_work(experiment_of(point), replace(sizes, pairs=row.pairs))) / _products(work)
        body.append([NAMES[sampler], f"{row.pairs:.0f}", f"{2 * _products(work) / 1e12:.1f}", f"{100 * share:.0f}", f"{row.modelled:.0f}"])
    head = ["the paper's recipe: K 128, BERT-base, full lengths", "pairs", "TFLOP in products", "fusion % of them", "s a step here, model"]
    return str(tabulate(body, head, "github", disable_numparse=True, colalign=("left", *["right"] * 4)))


def _products(work: Work) -> float:
    return work.products + work.attention


def _draw(rows: list[Row], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "taco-bench"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for sampler, colour in SAMPLERS.items():
        own = [row for row in rows if row.sampler == sampler]
        for axis, line, dots in zip(axes, ("modelled", "modelled_gib"), ("seconds", "gib"), strict=True):
            axis.plot([row.count for row in own], [getattr(row, line) for row in own], "--" if sampler == "random" else "-", color=colour)
            seen = [row for row in own if getattr(row, dots) is not None]
            marker: Mapping[str, Any] = {"marker": "o" if sampler != "random" else "s", "linestyle": "none", "color": colour}
            axis.plot([row.count for row in seen], [getattr(row, dots) for row in seen], label=NAMES[sampler], **marker)
    for axis, label in zip(axes, ("seconds a step", "GiB of a process"), strict=True):
        axis.set(xscale="log", yscale="log", xlabel="K, pairs a step", ylabel=label)
        axis.set_xticks(sorted({row.count for row in rows}), sorted({row.count for row in rows}))
        axis.minorticks_off()
    axes[0].legend(title="dots measured, lines modelled", frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
