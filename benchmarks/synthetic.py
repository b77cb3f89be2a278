"""Data of any size in memory, for benchmarks: random features and captions. No figure of merit can come of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from transformers import BertConfig, BertModel

from taco_bench.api import Clip, compute_no_padding
from taco_bench.config import Experiment
from taco_bench.data.features import FeatureStore
from taco_bench.data.prepared import Prepared
from taco_bench.plugins import load_plugins
from taco_bench.resolve import resolve
from taco_bench.text.corpus import Caption
from taco_bench.train.device import resolve_device

FIRST_WORD = 1000


def experiment(width: int, *, text_layers: int, **train: Any) -> Experiment:
    """The paper's model but for its width and the text encoder's layers: 48 video and 30 text tokens, heads of 64, K' = 8."""
    heads = max(1, width // 64)
    vocabulary = 30_522 if width >= 768 else 3_000
    layer = {
        "data": "babyai",
        "text_encoder": {"type": "tiny", "width": width, "heads": heads, "layers": text_layers, "dropout": 0.1, "vocabulary": vocabulary},
        "model": {"width": width, "heads": heads, "feedforward": 4 * width, "dropout": 0.1, "max_video_tokens": 48, "max_text_tokens": 30},
        "train": {"steps": 30_000, "learning_rate": 1e-4, "fusion_memory": 1e6, **train},
        "sampler": {"type": "cascade", "hard_negatives": min(8, train["batch_size"] - 1)},
    }
    return resolve_device(resolve([layer], load_plugins(third_party=False)))


class _BertShape:
    """A text encoder with the shape of BERT and random weights."""

    pooling, frozen = "cls", False

    def __init__(self, experiment: Experiment) -> None:
        self.spec = experiment.text_encoder

    def network(self) -> torch.nn.Module:
        """A new network."""
        width, layers, heads, words = (self.spec[name] for name in ("width", "layers", "heads", "vocabulary"))
        shape = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": 4 * width}
        return compute_no_padding(BertModel(BertConfig(vocab_size=words, **shape), add_pooling_layer=False))


def prepared(experiment: Experiment, clips: int, feature_width: int, *, full: bool = False) -> Prepared:
    """Clips of 24 to 48 tokens with a caption of 8 to 20 pieces each, a quarter of them of interest.

    Args:
        experiment: for the sizes.
        clips: of the training and the test split.
        feature_width: of the features.
        full: all clips and captions as long as the model takes them.
    """
    numbers = np.random.default_rng(0)
    most = (experiment.model.max_video_tokens, experiment.model.max_text_tokens)
    lengths = np.full(clips, most[0]) if full else numbers.integers(most[0] // 2, most[0] + 1, clips)
    offsets = np.concatenate([[0], lengths.cumsum()])
    features = FeatureStore(
        numbers.standard_normal((offsets[-1], feature_width), dtype=np.float32), offsets, {f"clip{i}": i for i in range(clips)}
    )
    vocabulary = experiment.text_encoder["vocabulary"]
    pieces = np.full(clips, most[1]) if full else numbers.integers(8, 21, clips)
    captions = {f"caption{i}": _caption(numbers, count, vocabulary) for i, count in enumerate(pieces)}
    splits = {split: [Clip(f"clip{i}", split, (f"caption{i}",)) for i in range(clips)] for split in ("train", "test")}
    return Prepared({**splits, "val": []}, features, captions, _BertShape(experiment), {})  # type: ignore[arg-type]


def _caption(numbers: np.random.Generator, pieces: int, vocabulary: int) -> Caption:
    interest = np.zeros(pieces, bool)
    interest[1 : 1 + pieces // 4] = True
    return Caption(numbers.integers(FIRST_WORD, vocabulary, pieces), interest, (interest / interest.sum()).astype(np.float32))
