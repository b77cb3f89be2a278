"""The paper's recipe on a GPU, all in one command: steps a second, TFLOP/s, peak memory, beside the plain module and torch.compile.

python benchmarks/gpu.py --save                   BERT-base, d = 768, K = 128, K' = 8, 48 / 30 tokens, features 3,072 wide, bfloat16
python benchmarks/gpu.py --small --device cpu     the same code, small, in seconds on a CPU

Rows: the plain module (every pair expanded and padded, all similarities at once, everything else ours); ours; ours with the fusion module
recomputed; ours with torch.compile on what follows attention, token by token, and on the text network. All run the same steps on the
same data, each batch made ahead as in a training. TFLOP/s over the needed operations says how fast the mathematics gets done, over the
executed ones how busy the device is. Launches: kernels that the CPU launches in a step; on a CPU torch's operations (see launches.py).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from measure import arguments, report, table, without_chatter

# isort: split
# measure has put the tests' folder on the path
from helpers.dispatched import dispatched
from operations import executed, needed
from plain.fusion import plain_fusion
from plain.token_loss import dense_similarity
from synthetic import experiment, prepared
from torch.profiler import ProfilerActivity, profile

from taco_bench.config import Experiment
from taco_bench.model import taco
from taco_bench.plugins import load_plugins
from taco_bench.train.loop import Training

WIDTH, FEATURES, PAPER_STEPS = 768, 3072, 30_000
HEAD = [
    "",
    "steps/s",
    "ms a step",
    "TFLOP needed",
    "TFLOP executed",
    "TFLOP/s needed",
    "TFLOP/s executed",
    "launches",
    "peak GiB",
    "paper's steps, min",
]


def main() -> None:
    parser = arguments(__doc__, rounds=50, small="d = 64, K = 16, two text layers, 2 steps")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--ragged", action="store_true", help="clips of 24 to 48 and captions of 8 to 20 tokens, not all at full length")
    parser.add_argument(
        "--compile", action=argparse.BooleanOptionalAction, default=None, help="the row with torch.compile; on a GPU unless told otherwise"
    )
    options = parser.parse_args()
    small, steps = options.small, 2 if options.small else options.rounds
    setup = experiment(64 if small else WIDTH, text_layers=2 if small else 12, batch_size=16 if small else 128, device=options.device)
    again = setup.model_copy(update={"train": setup.train.model_copy(update={"recompute_fusion": True})})
    ways: list[tuple[str, Experiment, Callable[[Training], Any]]] = [
        ("plain", setup, _plain),
        ("ours", setup, _as_it_is),
        ("ours, fusion recomputed", again, _as_it_is),
    ]
    if options.compile if options.compile is not None else options.device == "cuda":
        ways.append(("ours, compiled", setup, _compiled))
    with report(__file__, save=options.save) as say:
        say(
            f"{setup.train.precision} on {setup.train.device}, K = {setup.train.batch_size}, d = {setup.model.width}, {steps} steps a row\n"
        )
        say(table([[name, *_measured(one, way, steps, ragged=options.ragged)] for name, one, way in ways], HEAD))


def _measured(setup: Experiment, way: Callable[[Training], Any], steps: int, *, ragged: bool) -> list[str]:
    width = 128 if setup.model.width < WIDTH else FEATURES
    data = prepared(setup, 4 * setup.train.batch_size, width, full=not ragged)
    with tempfile.TemporaryDirectory() as folder:
        training = Training(setup, 0, data, load_plugins(third_party=False), Path(folder))
        with way(training), training.ahead:
            pairs = _pairs_of(training, lambda: training.step(0))
            done = executed(lambda: training.step(1))
            launched = _launches(training, 2)
            for step in range(3, 5):  # warm-up: kernels are chosen, and compiled for lengths that vary
                training.step(step)
            seconds, peak = _timed(training, range(5, 5 + steps))
    wanted = needed(setup, training.batches.at(0), width, pairs) / 1e12
    each = seconds / steps
    figures = [1 / each, 1e3 * each, wanted, done / 1e12, wanted / each, done / 1e12 / each, launched, peak, PAPER_STEPS * each / 60]
    return [f"{figure:,}" if isinstance(figure, int) else f"{figure:.3g}" for figure in figures]


def _launches(training: Training, step: int) -> int:
    """Kernels that a step launches; on a CPU operations."""
    if training.device.type == "cpu":
        with dispatched() as found:
            training.step(step)
        return found.operations.total()
    with without_chatter(), profile(activities=[ProfilerActivity.CUDA]) as trace:
        training.step(step)
        torch.cuda.synchronize()
    events = trace.profiler.kineto_results.events()  # type: ignore[union-attr]
    return sum("LaunchKernel" in event.name() for event in events)  # cudaLaunchKernel, cuLaunchKernelEx, ...


def _timed(training: Training, steps: range) -> tuple[float, float]:
    """Seconds of the steps, and the peak in GiB: the device's, or the process's so far on a CPU."""
    gpu = training.device.type == "cuda"
    if gpu:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    for step in steps:
        training.step(step)
    if gpu:
        torch.cuda.synchronize()
    peak = torch.cuda.max_memory_allocated() / 2**30 if gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return time.perf_counter() - started, peak


def _pairs_of(training: Training, run: Callable[[], object]) -> tuple[torch.Tensor, torch.Tensor]:
    """The pairs that go through fusion in ``run``."""
    kept: list[tuple[torch.Tensor, torch.Tensor]] = []
    fuse = training.model.fuse
    training.model.fuse = lambda text, video, t, v: kept.append((t, v)) or fuse(text, video, t, v)  # type: ignore[method-assign,func-returns-value]
    run()
    training.model.fuse = fuse  # type: ignore[method-assign]
    return kept[0]


@contextmanager
def _as_it_is(training: Training) -> Iterator[None]:
    yield


@contextmanager
def _plain(training: Training) -> Iterator[None]:
    """The plain module and the dense similarities in place of ours."""
    fusion, sizes = training.model.fusion, training.experiment.model
    plain = partial(plain_fusion, fusion, lengths=(sizes.max_text_tokens, sizes.max_video_tokens))
    ours = taco.word_similarity
    training.model.fuse = lambda text, video, t, v: plain(text.tokens, video.tokens, t, v)  # type: ignore[method-assign]
    taco.word_similarity = lambda w, x, mask: dense_similarity(w.float(), x.float(), mask)
    try:
        yield
    finally:
        taco.word_similarity = ours


@contextmanager
def _compiled(training: Training) -> Iterator[None]:
    """torch.compile where whole chains of small operations become one kernel."""
    model = training.model
    for layer in [*model.video.layers, *model.fusion.layers]:  # type: ignore[union-attr]
        layer.finish = torch.compile(layer.finish, dynamic=True)
    model.language.network.compile(dynamic=True)
    yield


if __name__ == "__main__":
    main()
