"""A tiny data set, experiment and set of components in memory: no files, no tagger, no weights from a hub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from taco_bench.api import Clip, compute_no_padding
from taco_bench.config import SCORE_OF, Evaluation, Experiment, Losses, Model, Train
from taco_bench.data.features import FeatureStore
from taco_bench.data.prepared import Prepared
from taco_bench.model.ragged import Layout, Ragged
from taco_bench.plugins import Component, Plugins
from taco_bench.reporting import Advance, Silent
from taco_bench.text.corpus import Caption

CPU = torch.device("cpu")
CLS, SEP, FIRST_WORD, VOCABULARY = 2, 3, 5, 20
FEATURE_WIDTH, TEXT_WIDTH = 12, 8
MAX_VIDEO, MAX_TEXT = 5, 8


class TinyText:
    """A text encoder: a random BERT of one layer, narrower than the model, so that its projection is in use."""

    pooling = "cls"

    def __init__(self, dropout: float = 0.0, frozen: bool = False) -> None:
        self.dropout, self.frozen = dropout, frozen

    def network(self) -> nn.Module:
        from transformers import BertConfig, BertModel

        config = BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=TEXT_WIDTH,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            hidden_dropout_prob=self.dropout,
            attention_probs_dropout_prob=self.dropout,
            max_position_embeddings=MAX_TEXT,
            initializer_range=0.2,
        )
        return compute_no_padding(BertModel(config, add_pooling_layer=False))


def prepared(train: int = 10, val: int = 6, test: int = 6, dropout: float = 0.0, frozen: bool = False) -> Prepared:
    """Random features of 1 to 7 tokens and random captions; every third training clip has two, every fourth clip no word of interest."""
    draw = np.random.default_rng(0)
    clips: dict[str, list[Clip]] = {}
    features: dict[str, np.ndarray] = {}
    table: dict[str, Caption] = {}
    for split, count in {"train": train, "val": val, "test": test}.items():
        clips[split] = []
        for number in range(count):
            name = f"{split}-{number}"
            captions = tuple(f"caption {c} of {name}" for c in range(2 if split == "train" and number % 3 == 0 else 1))
            clips[split].append(Clip(name, split, captions))
            features[name] = draw.normal(size=(draw.integers(1, 8), FEATURE_WIDTH)).astype(np.float32)
            table |= {caption: _caption(draw, words=number % 4 != 3) for caption in captions}
    offsets = np.cumsum([0, *map(len, features.values())])
    store = FeatureStore(np.concatenate(list(features.values())), offsets, {name: i for i, name in enumerate(features)})
    return Prepared(clips, store, table, TinyText(dropout, frozen), {})


def _caption(draw: np.random.Generator, words: bool) -> Caption:
    """[CLS], one to five pieces, [SEP]; the first piece and some others are of interest."""
    pieces = draw.integers(FIRST_WORD, VOCABULARY, size=draw.integers(1, 6))
    interest = np.zeros(len(pieces) + 2, bool)
    interest[1:-1] = words & ((np.arange(len(pieces)) == 0) | (draw.random(len(pieces)) < 0.5))
    weights = np.where(interest, draw.uniform(0.1, 1.0, len(interest)), 0).astype(np.float32)
    return Caption(np.array([CLS, *pieces, SEP]), interest, weights)


def sizes(**changes: Any) -> Model:
    """The sizes of a tiny model, without dropout."""
    usual = {"width": 16, "heads": 2, "feedforward": 32, "dropout": 0.0, "positions": MAX_TEXT + MAX_VIDEO}
    return Model.model_validate({**usual, "max_video_tokens": MAX_VIDEO, "max_text_tokens": MAX_TEXT, **changes})


def experiment(
    *,
    use: Sequence[str] = ("l1", "l2", "l3"),
    sampler: str = "cascade",
    model: dict[str, Any] | None = None,
    losses: dict[str, Any] | None = None,
    train: dict[str, Any] | None = None,
    evaluation: dict[str, Any] | None = None,
) -> Experiment:
    """A resolved experiment on :func:`prepared`: K = 4, K' = 2, a few steps on one thread."""
    recipe = {"steps": 6, "batch_size": 4, "learning_rate": 1e-2, "warmup_steps": 2, "precision": "float32", "device": "cpu", "threads": 1}
    options = {} if sampler == "all" else {"hard_negatives": 2}
    return Experiment(
        data={"type": "memory"},
        encoder=({"type": "memory"},),
        text_encoder={"type": "memory"},
        tagger=None,
        tokens=({"type": "memory"},) if "l2" in use else (),
        token_weights=None,
        sampler={"type": sampler, **options} if "l3" in use else None,
        model=sizes(**(model or {})),
        losses=Losses.model_validate({"use": tuple(use), **(losses or {})}),
        train=Train.model_validate({**recipe, **(train or {})}),
        task={"type": "memory"},
        evaluation=Evaluation.model_validate({"scores": tuple(SCORE_OF[loss] for loss in use), **(evaluation or {})}),
    )


def plugins() -> Plugins:
    """The first-party samplers, without discovery."""
    from taco_bench_samplers import Cascade, Every, Random, Sentence

    found = Plugins()
    for name, factory in {"cascade": Cascade, "sentence": Sentence, "random": Random, "all": Every}.items():
        found.add(Component("sampler", name, factory, name, "taco-bench", "0"))
    return found


class Interrupting(Silent):
    """A reporter that raises ``error`` as soon as a bar stands at ``at``; 0: never. ``begun`` lists where each bar began."""

    def __init__(self, at: int = 0, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.at, self.error, self.begun = at, error, list[int]()

    @contextmanager
    def bar(self, what: str, total: int, done: int = 0) -> Iterator[Advance]:
        self.begun.append(done)
        place = done

        def advance(steps: int = 1, text: str = "") -> None:
            nonlocal place
            place += steps
            if place == self.at:
                raise self.error

        yield advance


def ragged(rows: Sequence[Tensor]) -> Ragged:
    """Rows [length, ...] of different length."""
    lengths = [len(row) for row in rows]
    return Ragged(torch.cat(list(rows)), Layout(torch.tensor(lengths), max(lengths), sum(lengths)))


def random_rows(lengths: Sequence[int], width: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """Normal random rows [length, width]."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(length, width, generator=generator, dtype=dtype) for length in lengths]
