"""One configuration's training steps, timed in a process of their own: made-up clips and captions of known lengths, real steps.

python benchmarks/cost_steps.py '{"batch": 32, "negatives": 2}'     prints one JSON object

Used by cost_model.py and cost_against_k.py, which run it so that a peak of memory is one configuration's.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

WARMUP, LEAST_STEPS = 1, 5


@dataclass(frozen=True)
class Point:
    """A configuration; lengths are drawn uniformly from their ranges.

    Attributes:
        sampler: "cascade", "random", "all", or "" for no L3.
        batch: K.
        negatives: K'.
        text, video: least and most tokens.
        share: of a caption's pieces that are of interest; 0 leaves L2 out.
        chunk: clips and captions that are encoded at a time; None: all.
        recompute: whether the fusion module's activations are computed again.
        seconds: least time of the steps.
    """

    sampler: str = "cascade"
    batch: int = 32
    negatives: int = 2
    text: tuple[int, int] = (8, 20)
    video: tuple[int, int] = (16, 16)
    share: float = 0.3
    width: int = 64
    heads: int = 4
    feedforward: int = 256
    video_layers: int = 1
    fusion_layers: int = 2
    text_width: int = 64
    text_layers: int = 2
    frozen: bool = False
    dropout: float = 0.0
    chunk: int | None = None
    recompute: bool = False
    features: int = 64
    threads: int = 1
    seconds: float = 1.5

    @property
    def losses(self) -> list[str]:
        """Those that it trains."""
        return ["l1", *(["l2"] if self.share else []), *(["l3"] if self.sampler else [])]


def point_of(record: dict[str, Any]) -> Point:
    """From JSON."""
    return Point(**{key: tuple(value) if isinstance(value, list) else value for key, value in record.items()})


def measured(point: Point) -> dict[str, Any]:
    """Seconds a step (the lower quartile, of processor time) and GiB of a process, and the sizes of a configuration, from a new process."""
    command = [sys.executable, __file__, json.dumps(asdict(point))]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(json.loads(found.splitlines()[-1]))


def experiment_of(point: Point) -> Any:
    """The experiment, resolved."""
    from taco_bench.plugins import load_plugins
    from taco_bench.resolve import resolve

    keys = ("width", "heads", "feedforward", "dropout", "video_layers", "fusion_layers")
    model = {key: getattr(point, key) for key in keys} | {"max_text_tokens": point.text[1], "max_video_tokens": point.video[1]}
    sampler = {"type": point.sampler, **({} if point.sampler == "all" else {"hard_negatives": point.negatives})}
    train = {"batch_size": point.batch, "threads": point.threads, "device": "cpu", "precision": "float32", "fusion_memory": 1e6}
    train |= {"encoder_chunk": point.chunk, "recompute_fusion": point.recompute}
    layer = {"data": "babyai", "model": model, "train": train, "losses": {"use": point.losses}}
    layer |= {"sampler": sampler} if point.sampler else {}
    layer |= {} if point.share else {"tokens": []}
    return resolve([layer], load_plugins(False))


class Network:
    """A text encoder with a BERT of given size."""

    pooling = "cls"

    def __init__(self, point: Point) -> None:
        self.point, self.frozen = point, point.frozen

    def network(self) -> Any:
        """A new one."""
        from transformers import BertConfig, BertModel

        from taco_bench.api import compute_no_padding

        width, dropout = self.point.text_width, 0.0 if self.frozen else self.point.dropout
        config = BertConfig(
            vocab_size=1000,
            hidden_size=width,
            num_hidden_layers=self.point.text_layers,
            num_attention_heads=max(1, width // 32),
            intermediate_size=4 * width,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
            max_position_embeddings=self.point.text[1],
        )
        return compute_no_padding(BertModel(config, add_pooling_layer=False))


def prepared_of(point: Point) -> Any:
    """Random clips: four batches of them."""
    import numpy as np

    from taco_bench.api import Clip
    from taco_bench.data.features import FeatureStore
    from taco_bench.data.prepared import Prepared
    from taco_bench.text.corpus import Caption

    draw, clips = np.random.default_rng(0), 4 * point.batch
    lengths = draw.integers(point.video[0], point.video[1] + 1, clips)
    offsets = np.concatenate([[0], lengths.cumsum()])
    values = draw.standard_normal((offsets[-1], point.features), dtype=np.float32)

    def caption() -> Caption:
        tokens = int(draw.integers(point.text[0], point.text[1] + 1))
        interest = draw.random(tokens) < point.share
        return Caption(draw.integers(5, 1000, tokens), interest, interest.astype(np.float32) / max(1, interest.sum()))

    captions = {f"caption{at}": caption() for at in range(clips)}
    train = [Clip(f"clip{at}", "train", (f"caption{at}",)) for at in range(clips)]
    features = FeatureStore(values, offsets, {clip.id: at for at, clip in enumerate(train)})
    return Prepared({"train": train, "val": [], "test": []}, features, captions, Network(point), {})  # type: ignore[arg-type]


def main() -> None:
    """Measure the configuration that is given as JSON."""
    import torch

    from taco_bench.jobs.sizes import measured_sizes, record_of
    from taco_bench.plugins import load_plugins
    from taco_bench.train.loop import Training

    point = point_of(json.loads(sys.argv[1]))
    experiment, prepared = experiment_of(point), prepared_of(point)
    with tempfile.TemporaryDirectory() as folder:
        training = Training(experiment, 0, prepared, load_plugins(False), Path(folder))
        times, pairs = _timed(training, point.seconds)
    sizes = measured_sizes(experiment, prepared, training.model, statistics.fmean(pairs))
    print(json.dumps({
        "point": asdict(point), "seconds": statistics.quantiles(times)[0], "steps": len(times),
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "sizes": record_of(sizes), "torch": torch.__version__,
    }))  # fmt: skip


def _timed(training: Any, least: float) -> tuple[list[float], list[int]]:
    """Seconds of processor time and fusion pairs of each step, after a warm-up."""
    times: list[float] = []
    pairs: list[int] = []
    for step in range(100_000):
        started = time.process_time()  # of one thread: whatever waits for a core counts nothing
        found = training.step(step)
        if step >= WARMUP:
            times.append(time.process_time() - started)
            pairs.append(found.fusion_pairs)
        if len(times) >= LEAST_STEPS and sum(times) > least:
            break
    return times, pairs


if __name__ == "__main__":
    main()
