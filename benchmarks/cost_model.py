"""The cost model of a training step: measured, fitted, and tried on configurations that it was not fitted on.

python benchmarks/cost_model.py measure     times every configuration of cost_design.py, a process each, in turns: some 15 minutes
python benchmarks/cost_model.py fit         fits the coefficients to what was measured, writes registry/costs/cpu.toml, prints the errors

Seconds are processor seconds of one thread, the least over rounds of the lower quartile over steps: what else a machine does makes steps
slower, never faster. What a machine with other cores and more threads needs, its own finished cells tell (jobs/price.py).
"""

from __future__ import annotations

import datetime as dt
import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from cost_design import FITTED, HELD_OUT, LATER, NEWEST
from cost_steps import Point, experiment_of, measured, point_of
from scipy.optimize import nnls
from tabulate import tabulate

from taco_bench.jobs.cost import held_of, work_of
from taco_bench.jobs.cost_model import CostModel, memory_amounts
from taco_bench.jobs.sizes import sizes_from

ROOT = Path(__file__).resolve().parent.parent
MEASURED = ROOT / "benchmarks" / "results" / "cost_model_cpu.jsonl"
TABLE = ROOT / "benchmarks" / "results" / "cost_model_cpu.md"
FILE = ROOT / "registry" / "costs" / "cpu.toml"


USES = {"fitted": FITTED, "held out": HELD_OUT, "later": LATER, "newest": NEWEST}
"""Sets of configurations: fitted on; not fitted on; and two that were not even known when the model's kinds of work were chosen."""


@click.group()
def main() -> None:
    """The two commands."""


@main.command()
@click.option("--rounds", default=3, show_default=True)
@click.option(
    "--use", "uses", multiple=True, type=click.Choice(list(USES)), default=list(USES), help="Only these sets; others stay as they are."
)
@click.option("--only", type=int, help="The first so many configurations of each set, to try the script.")
@click.option("--out", type=click.Path(path_type=Path), default=MEASURED, show_default=False)
def measure(rounds: int, uses: Sequence[str], only: int | None, out: Path) -> None:
    """Time configurations."""
    points = [(use, point) for use in uses for point in USES[use][:only]]
    kept = [row for row in _rows(out) if row["use"] not in uses]
    best: list[dict[str, Any]] = []
    for _ in range(rounds):
        for at, (use, point) in enumerate(points):
            found = {"use": use, **measured(point)}
            print(f"{at + 1}/{len(points)} {use}: {found['seconds'] * 1000:.1f} ms, {found['gib']:.2f} GiB  {told(point)}", flush=True)
            best[at : at + 1] = [{**found, **{key: min(row[key] for row in [found, *best[at : at + 1]]) for key in ("seconds", "gib")}}]
        out.write_text("".join(json.dumps(row) + "\n" for row in [*kept, *best]))


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


@main.command()
@click.option("--measured", "path", type=click.Path(path_type=Path, exists=True), default=MEASURED, show_default=False)
@click.option("--file", type=click.Path(path_type=Path), default=FILE, show_default=False)
@click.option("--table", type=click.Path(path_type=Path), default=TABLE, show_default=False)
def fit(path: Path, file: Path, table: Path) -> None:
    """Fit, write the coefficients, print the errors."""
    rows = _rows(path)
    for row in rows:
        experiment, sizes = experiment_of(point_of(row["point"])), sizes_from(row["sizes"])
        row["work"], row["held"] = work_of(experiment, sizes), held_of(experiment, sizes)
    fitted = [row for row in rows if row["use"] == "fitted"]
    seconds = _fit([row["work"].amounts() for row in fitted], [row["seconds"] for row in fitted])
    memory = _fit([memory_amounts(row["held"]) for row in fitted], [row["gib"] * 2**30 for row in fitted])
    model = CostModel(f"{_cpu()}, one thread, torch {rows[0]['torch']}", seconds, memory)
    text = _table(rows, model)
    file.parent.mkdir(exist_ok=True)
    file.write_text(_toml(model, rows, text))
    table.write_text(text + "\n")
    print(text)


def _fit(amounts: Sequence[dict[str, float]], found: Sequence[float]) -> dict[str, float]:
    """Coefficients, none below 0, that make the squared relative errors least."""
    kinds = list(amounts[0])
    matrix = np.array([[each[kind] for kind in kinds] for each in amounts]) / np.array(found)[:, None]
    scale = matrix.max(axis=0)
    scale[scale == 0] = 1
    answer, _ = nnls(matrix / scale, np.ones(len(found)))
    return {kind: float(value) for kind, value in zip(kinds, answer / scale, strict=True)}


def _errors(rows: Sequence[dict[str, Any]], model: CostModel) -> list[tuple[dict[str, Any], float, float]]:
    """Each row with predicted over measured seconds and memory, less 1."""
    return [(row, model.seconds(row["work"]) / row["seconds"] - 1, model.gib(row["held"]) / row["gib"] - 1) for row in rows]


def _table(rows: Sequence[dict[str, Any]], model: CostModel) -> str:
    body = [
        [row["use"], told(point_of(row["point"])), row["seconds"] * 1000, f"{100 * time:+.0f}", row["gib"], f"{100 * space:+.0f}"]
        for row, time, space in _errors(rows, model)
    ]
    head = ["", "configuration", "ms a step", "model, %", "GiB", "model, %"]
    lines = [f"{model.where}", "", tabulate(body, head, "github", floatfmt=("", "", ".1f", "", ".2f", "")), ""]
    for use in dict.fromkeys(row["use"] for row in rows):
        errors = np.abs([[time, space] for row, time, space in _errors(rows, model) if row["use"] == use])
        for name, part in (("seconds", errors[:, 0]), ("memory", errors[:, 1])):
            lines.append(
                f"- {use}, {name}: median error {100 * np.median(part):.0f} %, largest {100 * part.max():.0f} %, "
                f"within 20 %: {(part <= 0.2).sum()} of {len(part)}"
            )
    return "\n".join(lines)


def told(point: Point) -> str:
    """A configuration in words."""
    fusion = {"": "no L3", "all": "all pairs"}.get(point.sampler, f"{point.sampler} K' {point.negatives}")
    parts = [
        f"K {point.batch}, {fusion}, n {point.text[0]}-{point.text[1]}, m {point.video[0]}-{point.video[1]}",
        f"words {100 * point.share:.0f} %",
        f"d {point.width}, ff {point.feedforward}, layers {point.video_layers}+{point.fusion_layers}",
        f"text {point.text_layers} x {point.text_width}{' frozen' if point.frozen else ''}, features {point.features}",
    ]
    parts += [f"dropout {point.dropout}"] if point.dropout else []
    parts += [f"encoders {point.chunk} at a time"] if point.chunk else []
    return ", ".join([*parts, *(["fusion recomputed"] if point.recompute else [])])


def _toml(model: CostModel, rows: Sequence[dict[str, Any]], text: str) -> str:
    def section(name: str, values: dict[str, float]) -> str:
        return f"[{name}]\n" + "".join(f"{kind} = {value:.6g}\n" for kind, value in values.items())

    errors = "\n".join("# " + line for line in text.splitlines() if line.startswith("- "))
    head = "# What a unit of each kind of work of a training step takes: taco_bench/jobs/cost.py counts the units. Made by\n"
    head += f"# benchmarks/cost_model.py fit, from {len(rows)} configurations measured; errors:\n{errors}\n"
    about = f'where = "{model.where}"\ndate = {dt.datetime.now(dt.UTC).date()}\n'
    return f"{head}{about}\n{section('seconds', model.second)}\n# bytes\n{section('memory', model.byte)}"


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if platform.system() == "Linux" else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    main()
