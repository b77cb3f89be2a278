"""What a training step asks of a GPU: operations, and reads that make the CPU wait; counted on the CPU.

python benchmarks/launches.py --save         the paper's structure (K = 128, K' = 8, 48 / 30 tokens, twelve text layers, bfloat16), d = 64
python benchmarks/launches.py --ragged       clips of 24 to 48 and captions of 8 to 20 tokens, not all at full length
python benchmarks/launches.py --small        K = 16 and two text layers, in seconds

An operation is what torch dispatches, forward, backward and the optimizer's step, without views; they are as many at any width. A GPU
launches one kernel or a few for most. Some differ there: dropout is one operation in place of three (bernoulli_, div_, mul), attention
with dropout one in place of a dozen (bmm, _safe_softmax, ...), and autocast casts other activations, but the same weights. Reads are
the same: see tests/helpers/dispatched.py.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from measure import arguments, report, table

# isort: split
# measure has put the tests' folder on the path
from helpers.dispatched import Dispatched, dispatched
from synthetic import experiment, prepared
from torch.utils._python_dispatch import TorchDispatchMode

from taco_bench.config import Experiment
from taco_bench.model import chunk
from taco_bench.plugins import load_plugins
from taco_bench.train.loop import Training

WIDTH, FEATURES = 64, 128
MOST = 15


def main() -> None:
    parser = arguments(__doc__, rounds=1, small="K = 16, two text layers")
    parser.add_argument("--ragged", action="store_true", help="clips and captions of different length")
    options = parser.parse_args()
    layers, count = (2, 16) if options.small else (12, 128)
    setup = _in_16_bits(experiment(WIDTH, text_layers=layers, batch_size=count, device="cpu", threads=options.threads))
    chunk.TOKENS_AT_A_TIME["cpu"] = chunk.TOKENS_AT_A_TIME["cuda"]
    found, casts = _counted(setup, ragged=options.ragged)
    with report(__file__, save=options.save) as say:
        total = found.operations.total()
        say(f"K = {count}, {layers} text layers, d = {WIDTH}: {total:,} operations and {found.reads.total()} reads a step\n")
        say(table([[name, f"{times:,}", f"{100 * times / total:.1f}"] for name, times in _most(found)], ["", "a step", "%"]))
        say("\nOf _to_copy: " + ", ".join(f"{times} {kind}" for kind, times in casts.most_common()) + "\n")
        say(table([[f"{place}: {name}", times] for (place, name), times in sorted(found.reads.items())], ["reads", "a step"]))


def _in_16_bits(setup: Experiment) -> Experiment:
    """In bfloat16 as on a GPU; no training on a CPU gets it, as it is slow there."""
    return setup.model_copy(update={"train": setup.train.model_copy(update={"precision": "bfloat16"})})


def _most(found: Dispatched) -> list[tuple[str, int]]:
    most = found.operations.most_common(MOST)
    return [*most, ("all others", found.operations.total() - sum(times for _, times in most))]


def _counted(setup: Experiment, *, ragged: bool) -> tuple[Dispatched, Counter[str]]:
    """What the second step asks for, and what its casts are of."""
    data = prepared(setup, 2 * setup.train.batch_size, FEATURES, full=not ragged)
    with tempfile.TemporaryDirectory() as folder:
        training = Training(setup, 0, data, load_plugins(third_party=False), Path(folder))
        training.step(0)
        with dispatched() as found, _Casts(training.parameters) as casts:
            training.step(1)
    return found, casts.kinds


class _Casts(TorchDispatchMode):
    """Counts casts by what they are of."""

    def __init__(self, weights: Sequence[torch.Tensor]) -> None:
        super().__init__()
        self.places, self.shapes = {weight.data_ptr() for weight in weights}, {weight.shape for weight in weights}
        self.kinds: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None) -> Any:
        if func is torch.ops.aten._to_copy.default:
            self.kinds[self._kind(args[0])] += 1
        return func(*args, **(kwargs or {}))

    def _kind(self, source: torch.Tensor) -> str:
        if source.data_ptr() in self.places:
            return "casts of weights to 16 bits"
        backward = torch._C._current_graph_task_id() != -1
        if backward and source.dtype == torch.bfloat16 and source.shape in self.shapes:
            return "casts of their gradients back"
        return "others in the backward pass" if backward else "others in the forward pass"


if __name__ == "__main__":
    main()
