"""Where the time of a whole training step goes, by torch's profiler.

python benchmarks/training_step.py --save         d = 768, K = 16, K' = 8, a text encoder of BERT's width and four of its layers; minutes
python benchmarks/training_step.py --small        d = 32, to try the script

Matrix products: what torch calls mm, addmm, bmm and scaled dot product attention. The rest of the model: element by element (norms,
gelu, dropout, residuals), gathering and padding. Loading, sampling and logging are timed by the wall clock in the same steps: the batch
(features, token ids, tags; captions are tagged once, before training), the sampler, and what is told after a step. K is small so that a
step is short: all shares but the optimizer's, which does not grow with K and so is largest here, stay as they are at K = 128.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from measure import arguments, report, table, without_chatter
from synthetic import experiment, prepared

from taco_bench.plugins import load_plugins
from taco_bench.train.loop import Training

PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm", "aten::addmm_", "scaled_dot_product", "mkldnn_linear")
OPTIMIZER = ("adam",)


def main() -> None:
    parser = arguments(__doc__, rounds=3, small="d = 32, K = 8")
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--batch-size", type=int, default=16)
    options = parser.parse_args()
    width, count = (32, 8) if options.small else (options.width, options.batch_size)
    setup = experiment(width, text_layers=4, batch_size=count, device="cpu", threads=options.threads)
    with tempfile.TemporaryDirectory() as folder:
        training = Training(setup, 0, prepared(setup, 8 * count, 3072), load_plugins(third_party=False), Path(folder))
        measured = _measured(training, options.rounds)
    with report(__file__, save=options.save) as say:
        say(f"d = {width}, K = {count}, K' = {min(8, count - 1)}, four text layers, {options.rounds} steps\n")
        say(_shares(*measured))


def _measured(training: Training, steps: int) -> tuple[float, dict[str, float], Any]:
    """Seconds of the steps, of the parts around the model, and the profile."""
    parts: Counter[str] = Counter()
    training.step(0)
    with _timed(training.batches, "at", parts, "batch: features, token ids, tags"), _timed(training.sampler, "sample", parts, "sampler"):
        started = time.perf_counter()
        with without_chatter(), torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as trace:
            for step in range(1, steps + 1):
                done = training.step(step)
                with _clock(parts, "logging"):
                    "  ".join(f"{name.upper()} {loss:.3f}" for name, loss in done.losses.items())
        seconds = time.perf_counter() - started
    return seconds, dict(parts), trace


@contextmanager
def _clock(parts: Counter[str], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    parts[name] += time.perf_counter() - started  # type: ignore[assignment]  # a Counter adds reals as well


@contextmanager
def _timed(owner: Any, method: str, parts: Counter[str], name: str) -> Iterator[None]:
    original: Callable[..., Any] = getattr(owner, method)

    def timed(*args: Any, **kwargs: Any) -> Any:
        with _clock(parts, name):
            return original(*args, **kwargs)

    setattr(owner, method, timed)
    yield
    delattr(owner, method)


def _shares(seconds: float, around: dict[str, float], trace: Any) -> str:
    by_operation = {event.key: event.self_cpu_time_total / 1e6 for event in trace.key_averages()}
    products = {key: value for key, value in by_operation.items() if any(name in key for name in PRODUCTS)}
    optimizer = sum(value for key, value in by_operation.items() if any(name in key for name in OPTIMIZER))
    whole = max(seconds, sum(by_operation.values()))
    rest = whole - sum(products.values()) - optimizer - sum(around.values())
    body = [["matrix products", sum(products.values())], ["optimizer (Adam)", optimizer], ["element by element, gathering, Python", rest]]
    body += [[name, value] for name, value in around.items()]
    others = sorted((item for item in by_operation.items() if item[0] not in products), key=lambda item: -item[1])[:8]
    lines = table([[name, f"{100 * value / whole:.2f}"] for name, value in body], ["", "% of the time"])
    told = ", ".join(f"{key.removeprefix('aten::')} {100 * value / whole:.1f}" for key, value in others)
    around_share = 100 * sum(around.values()) / whole
    return f"{lines}\n\nLoading, sampling and logging together {around_share:.2f} %. Largest of the rest, %: {told}.\n{whole:.2f} s in all."


if __name__ == "__main__":
    main()
