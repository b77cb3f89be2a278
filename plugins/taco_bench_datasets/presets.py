"""What experiments on our data sets use unless told otherwise. A module of its own: a changed preset is in the configuration that ids
hash, so that the data sets' sources, which ids hash too, need not change with it.
"""

from __future__ import annotations

BABYAI = {
    "encoder": "tiles+motion",
    "text_encoder": "tiny",
    "sampler.hard_negatives": 2,
    "model.width": 64,
    "model.heads": 4,
    "model.feedforward": 256,
    "model.dropout": 0.0,
    "model.max_video_tokens": 16,
    "losses.token_temperature": 8.0,
    "train.steps": 1800,
    "train.batch_size": 32,
    "train.learning_rate": 0.002,
    "train.threads": 1,
    "task.window": 16,
    "task.stride": 8,
    "task.train_stride": 8,
    "task.join": 4,
    "task.epochs": 8,
    "task.learning_rate": 0.002,
    "task.batch_size": 64,
}
"""Chosen on the validation split: K, K', steps, learning rate, video tokens, heads and tau 2. With tau 2 = 1 dot products of tokens 64 wide
start so large that L2 learns little in minutes; 8 is the square root of the width. No dropout: on a CPU it costs more than the products of
a model this small."""

PLANTED = {
    "encoder": "planted",
    "text_encoder": {"type": "words", "width": 48},
    "tagger": "planted",
    "sampler.hard_negatives": 1,
    "model.width": 48,
    "model.heads": 8,
    "model.feedforward": 128,
    "model.dropout": 0.0,
    "model.fusion_layers": 1,
    "model.max_video_tokens": 8,
    "model.max_text_tokens": 10,
    "losses.sentence_temperature": 0.4,
    "losses.token_temperature": 0.7,
    "train.steps": 200,
    "train.batch_size": 32,
    "train.learning_rate": 0.006,
    "train.threads": 1,
    "task.window": 6,
    "task.stride": 3,
    "task.train_stride": 3,
    "task.join": 4,
    "task.epochs": 4,
    "task.learning_rate": 0.006,
    "task.batch_size": 64,
}
"""Chosen on seeds of training and of the world other than those that the cards report. One fusion layer: it costs a third of two, and
order, all that is left to it, needs no more."""
