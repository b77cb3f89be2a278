"""Matrix operations of a training step: what the mathematics needs, and what was executed.

A product of [a, b] and [b, c] is 2 a b c operations. A backward pass does two such products for each of the forward pass: one for the
gradient of either factor.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from taco_bench.config import Experiment
from taco_bench.data.batches import Batch


def executed(run: Callable[[], object]) -> int:
    """What torch does in ``run``: padding, recomputation and all."""
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


def needed(experiment: Experiment, batch: Batch, feature_width: int, pairs: tuple[Tensor, Tensor]) -> float:
    """What one step needs: no padding, each distinct pair once, all that pairs share once, [CLS] alone in the last layer.

    Args:
        experiment: sizes.
        batch: for the lengths.
        feature_width: of the features; no gradient goes to them.
        pairs: [pairs] texts and [pairs] videos that go through fusion.
    """
    text, video = batch.ids.layout.lengths.double(), batch.features.layout.lengths.double()
    joined = text[pairs[0]] + video[pairs[1]]  # [pairs], tokens
    model, encoder = experiment.model, experiment.text_encoder
    d, ff, layers = model.width, model.feedforward, model.fusion_layers
    products = encoder["layers"] * _layer(text, encoder["width"], 4 * encoder["width"])
    products += model.video_layers * _layer(video, d, ff)
    products += 3 * d * d * float(text.sum() + video.sum())  # the first fusion layer's projections, once a token
    each = d * d + 2 * d * ff  # output and feed-forward of one token
    products += (layers - 1) * (each * float(joined.sum()) + 2 * d * float(joined.square().sum()))
    products += max(0, layers - 2) * 3 * d * d * float(joined.sum())
    last = d * d + each  # [CLS]: query, output, feed-forward
    products += (2 * d * d if layers > 1 else 0) * float(joined.sum()) + last * len(joined) + 2 * d * float(joined.sum())
    products += d * len(text) * len(video)  # L1
    forward_alone = len(batch.words.rows) * float(video.sum()) * d  # L2: its backward pass adds vectors
    without_input = feature_width * d * float(video.sum())  # the projection of the features: weights have a gradient, features none
    return 6 * products + 2 * forward_alone + 4 * without_input


def _layer(lengths: Tensor, width: int, feedforward: int) -> float:
    """Multiplications of one transformer layer over rows of these lengths: projections and feed-forward, scores and their sums."""
    return (4 * width * width + 2 * width * feedforward) * float(lengths.sum()) + 2 * width * float(lengths.square().sum())
