"""Peak memory of one training step: K = 128 in one pass, and K = 1,024 in chunks (``train.encoder_chunk``, ``train.recompute_fusion``).

python benchmarks/large_batch.py --save           d = 64, K' = 8, two text layers, one video layer; minutes
python benchmarks/large_batch.py --small          K = 16 and 64, to try the script

Everything that the step allocates counts, the first step's optimizer state too; the weights and the batch's source do not.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from measure import arguments, report, table, torch_memory
from synthetic import experiment, prepared

from taco_bench.plugins import load_plugins
from taco_bench.train.loop import Training


def main() -> None:
    parser = arguments(__doc__, rounds=1, small="K = 16 and 64, d = 32")
    parser.add_argument("--width", type=int, default=64)
    options = parser.parse_args()
    few, many, chunk, width = (16, 64, 8, 32) if options.small else (128, 1024, 64, options.width)
    saving = {"encoder_chunk": chunk, "recompute_fusion": True}
    ways: list[tuple[str, int, dict[str, Any]]] = [
        ("one pass", few, {}),
        ("fusion recomputed", few, {"recompute_fusion": True}),
        (f"fusion recomputed, encoders {chunk} at a time", few, saving),
        (f"fusion recomputed, encoders {chunk} at a time", many, saving),
    ]
    with report(__file__, save=options.save) as say:
        say(f"d = {width}, K' = 8, one step with its gradients and its update\n")
        found = [(name, count, *_step(width, count, options.threads, train)) for name, count, train in ways]
        first = found[0][2]
        body = [
            [name, count, f"{peak / 2**20:.0f}", f"{peak / first:.2f}", f"{seconds:.1f}", f"{1e3 * seconds / count:.0f}"]
            for name, count, peak, seconds in found
        ]
        say(table(body, ["", "K", "peak MiB", "of the first row", "CPU s", "CPU ms a clip"]))


def _step(width: int, count: int, threads: int, train: dict[str, Any]) -> tuple[int, float]:
    """Peak bytes of one step, and CPU seconds of the next."""
    setup = experiment(width, text_layers=2, batch_size=count, device="cpu", threads=threads, **train)
    with tempfile.TemporaryDirectory() as folder:
        training = Training(setup, 0, prepared(setup, 2 * count, 512), load_plugins(third_party=False), Path(folder))
        torch.set_num_threads(threads)
        peak = torch_memory(lambda: training.step(0)).peak
        started = time.process_time()
        training.step(1)
        return peak, time.process_time() - started


if __name__ == "__main__":
    main()
