"""Steps a second and peak memory of the paper's recipe: BERT-base shape with random weights, K = 128, K' = 8, 48 video and 30 text tokens.

python benchmarks/paper_size.py --device cuda             200 steps in bfloat16
python benchmarks/paper_size.py --device cpu --tiny       the same code, small, in seconds
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from taco_bench.api import Clip
from taco_bench.config import Experiment
from taco_bench.data.features import FeatureStore
from taco_bench.data.prepared import Prepared
from taco_bench.plugins import load_plugins
from taco_bench.resolve import resolve
from taco_bench.text.corpus import Caption
from taco_bench.train.device import describe_device, resolve_device
from taco_bench.train.loop import Training

CLIPS, WIDTH, WARMUP_STEPS = 512, 3072, 10


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--tiny", action="store_true", help="a small model and few steps, to try the script")
    options = parser.parse_args()
    experiment = _experiment(options.device, tiny=options.tiny)
    steps = 3 if options.tiny else options.steps
    with tempfile.TemporaryDirectory() as folder:
        training = Training(experiment, 0, _prepared(experiment, tiny=options.tiny), load_plugins(third_party=False), Path(folder))
        seconds = _time(training, steps)
    cost = training.cost()
    print(json.dumps({
        "hardware": describe_device(experiment),
        "torch": torch.__version__,
        "precision": experiment.train.precision,
        "parameters_million": round(cost["parameters"] / 1e6, 1),
        "steps": steps,
        "steps_per_second": round(steps / seconds, 3),
        "peak_gib": cost["peak_gib"],
    }, indent=1))  # fmt: skip


def _experiment(device: str, *, tiny: bool) -> Experiment:
    size = {"width": 64, "heads": 4, "feedforward": 256} if tiny else {"width": 768, "heads": 12, "feedforward": 3072, "dropout": 0.1}
    layers = {"data": "babyai", "text_encoder": {"type": "tiny", "width": size["width"], "heads": size["heads"]}}
    if not tiny:
        layers["text_encoder"] |= {"layers": 12, "dropout": 0.1, "vocabulary": 30_522}
    train = {"batch_size": 16 if tiny else 128, "device": device, "steps": 30_000, "learning_rate": 1e-4}
    sampler = {"type": "cascade", "hard_negatives": 2 if tiny else 8}
    model = {**size, "max_video_tokens": 48, "max_text_tokens": 30}
    layer = {**layers, "model": model, "train": {**train, "fusion_memory": 1e6}, "sampler": sampler}
    return resolve_device(resolve([layer], load_plugins(third_party=False)))


class _BertShape:
    """A text encoder with the shape of BERT-base and random weights."""

    pooling, frozen = "cls", False

    def __init__(self, experiment: Experiment) -> None:
        self.spec = experiment.text_encoder

    def network(self) -> torch.nn.Module:
        """A new network."""
        from transformers import BertConfig, BertModel

        width, layers, heads = (self.spec[name] for name in ("width", "layers", "heads"))
        return BertModel(BertConfig(hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=4 * width))


def _prepared(experiment: Experiment, *, tiny: bool) -> Prepared:
    """Random features and captions of full length: 48 video tokens, 30 text tokens, a quarter of them of interest."""
    numbers = np.random.default_rng(0)
    clips = 64 if tiny else CLIPS
    offsets = np.arange(clips + 1) * experiment.model.max_video_tokens
    values = numbers.standard_normal((offsets[-1], 64 if tiny else WIDTH), dtype=np.float32)
    features = FeatureStore(values, offsets, {f"clip{i}": i for i in range(clips)})
    captions = {f"caption{i}": _caption(numbers, experiment.model.max_text_tokens) for i in range(clips)}
    train = [Clip(f"clip{i}", "train", (f"caption{i}",)) for i in range(clips)]
    return Prepared({"train": train, "val": [], "test": []}, features, captions, _BertShape(experiment), {})  # type: ignore[arg-type]


def _caption(numbers: np.random.Generator, tokens: int) -> Caption:
    interest = np.zeros(tokens, bool)
    interest[1 : 1 + tokens // 4] = True
    return Caption(numbers.integers(1000, 30_000, tokens), interest, (interest / interest.sum()).astype(np.float32))


def _time(training: Training, steps: int) -> float:
    """Seconds of ``steps`` steps after a warm-up."""
    for step in range(min(WARMUP_STEPS, steps)):
        training.step(step)
    if training.device.type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    for step in range(steps):
        training.step(step)
    if training.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
