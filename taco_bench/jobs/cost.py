"""How much work a training step is, counted from its sizes: what the cost model multiplies by measured coefficients.

A step on one device takes about

    seconds = sum over kinds of work of (seconds a unit) x (units)

with the units counted here, as the code does them, and the seconds fitted once (:mod:`taco_bench.jobs.cost_model`). Products scale with
d^2, what passes through memory with d, attention with the square of the lengths, Adam with the parameters; so a model fitted on small steps
knows large ones. Texts and videos are encoded K times each; the fusion module takes K (1 + 2 K') pairs at most, or all K^2.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields

from taco_bench.config import Experiment, Model
from taco_bench.kinds.text import NetworkSize
from taco_bench.model.chunk import TOKENS_AT_A_TIME


@dataclass(frozen=True)
class Sizes:
    """What a step's work depends on beside the configuration.

    Attributes:
        text_tokens: n, mean tokens of a caption, [CLS] and [SEP] among them.
        longest_text: tokens of the longest caption of a batch, to which attention in the text network pads.
        video_tokens: m, mean tokens of a clip.
        words: mean word pieces of interest of a caption; 0 where L2 is left out.
        pairs: distinct pairs a step through the fusion module; 0 where L3 is left out.
        feature_width: of the encoder's tokens.
        network: of the text encoder.
        frozen: whether the text network keeps its weights.
    """

    text_tokens: float
    longest_text: float
    video_tokens: float
    words: float
    pairs: float
    feature_width: int
    network: NetworkSize
    frozen: bool = False


@dataclass(frozen=True)
class Work:
    """The work of one step by kind, forward and backward.

    Attributes:
        products: multiply-adds in products of weights, and of words with video tokens (Eq. 4).
        attention: multiply-adds between the tokens of a row.
        softmax: attention weights, one a head, query and key.
        elements: numbers that layers write, and keep for the backward pass.
        gathers: numbers copied from tokens to the pairs that they are in, and summed back for the backward pass.
        rows: the rows that these are in: a narrow one takes nearly as long as a wide one.
        draws: random numbers for dropout.
        similarities: (word, video token) pairs, the maxima of P 3.3.
        entries: (word, video) pairs, sorted by the video token that is the maximum for the backward pass of Eq. 4.
        parameters: that Adam updates.
        layers: calls of a layer, one a chunk of rows.
        step: 1.
    """

    products: float = 0.0
    attention: float = 0.0
    softmax: float = 0.0
    elements: float = 0.0
    gathers: float = 0.0
    rows: float = 0.0
    draws: float = 0.0
    similarities: float = 0.0
    entries: float = 0.0
    parameters: float = 0.0
    layers: float = 0.0
    step: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Work)})

    def amounts(self) -> dict[str, float]:
        """By kind."""
        return asdict(self)


FORWARD_BACKWARD = 3
"""A product is done once forward, and twice backward: for the gradient of its input and of its weights."""


def work_of(experiment: Experiment, sizes: Sizes) -> Work:
    """The work of one step of an experiment."""
    text, video, fusion = text_work(experiment, sizes), video_work(experiment, sizes), fusion_work(experiment, sizes)
    if experiment.train.encoder_chunk:
        text = text if sizes.frozen else _with_a_second_forward_pass(text)  # a frozen network keeps no activations: it needs no chunks
        features = experiment.train.batch_size * sizes.video_tokens * sizes.feature_width * experiment.model.width
        video = _with_a_second_forward_pass(video) + Work(products=features / 3)  # two passes of the features' projection become three
    if experiment.train.recompute_fusion:
        fusion = _with_a_second_forward_pass(fusion)
    return text + video + loss_work(experiment, sizes) + fusion + _rest(experiment, sizes)


def held_of(experiment: Experiment, sizes: Sizes) -> Work:
    """The work whose results are held at once, at the end of the forward pass; of what is computed again, one chunk's."""
    train, length = experiment.train, sizes.text_tokens + sizes.video_tokens
    text, video, fusion = text_work(experiment, sizes), video_work(experiment, sizes), fusion_work(experiment, sizes)
    if train.encoder_chunk:
        share = train.encoder_chunk / train.batch_size
        text, video = text if sizes.frozen else _times(text, share), _times(video, share)
    if train.recompute_fusion and sizes.pairs:
        fusion = _times(fusion, min(1.0, _tokens_at_a_time(experiment) / (sizes.pairs * length)))
    return text + video + loss_work(experiment, sizes) + fusion + _rest(experiment, sizes)


def _chunks_of_encoders(experiment: Experiment) -> int:
    count, chunk = experiment.train.batch_size, experiment.train.encoder_chunk
    return math.ceil(count / chunk) if chunk else 1


def _tokens_at_a_time(experiment: Experiment) -> int:
    return TOKENS_AT_A_TIME["cuda" if experiment.train.device == "cuda" else "cpu"]


def _rest(experiment: Experiment, sizes: Sizes) -> Work:
    trained = sum(parameters_of(experiment, sizes).values()) - (sizes.network.parameters if sizes.frozen else 0)
    return Work(parameters=float(trained), step=1.0)


def _with_a_second_forward_pass(work: Work) -> Work:
    """Four passes in the place of three, and the random numbers of dropout, which only a forward pass draws, twice."""
    return Work(**{kind: amount * (2 if kind == "draws" else 4 / 3) for kind, amount in work.amounts().items()})


def text_work(experiment: Experiment, sizes: Sizes) -> Work:
    """The language module: the network, which pads captions in attention alone, then the projection to d."""
    count, network, d = experiment.train.batch_size, sizes.network, experiment.model.width
    real = count * sizes.text_tokens
    project = real * network.width * d * (FORWARD_BACKWARD - sizes.frozen) if network.width != d else 0.0
    work = Work(products=project, elements=real * d)
    if sizes.frozen:  # its outputs are computed once a caption, not once a step
        return work
    shape = _Shape(network.width, network.feedforward, network.heads, network.dropout)
    layer = _layer(
        shape, count, sizes.text_tokens, padded=max(sizes.text_tokens, sizes.longest_text), calls=_chunks_of_encoders(experiment)
    )
    return work + _times(layer, network.layers) + Work(elements=4.0 * real * network.width)


def video_work(experiment: Experiment, sizes: Sizes) -> Work:
    """The video module: the projection of features, which take no gradient, then layers."""
    count, d = experiment.train.batch_size, experiment.model.width
    tokens = count * sizes.video_tokens
    layer = _layer(_shape(experiment.model), count, sizes.video_tokens, calls=_chunks_of_encoders(experiment))
    project = Work(products=(FORWARD_BACKWARD - 1) * tokens * sizes.feature_width * d, elements=tokens * (sizes.feature_width + 4 * d))
    return project + _times(layer, experiment.model.video_layers)


def loss_work(experiment: Experiment, sizes: Sizes) -> Work:
    """L1 and L2: each pair of K x K vectors, each word with each video token."""
    count, d, use = experiment.train.batch_size, experiment.model.width, experiment.losses.use
    sentence = count * count * (FORWARD_BACKWARD + 1) * d if "l1" in use else 0.0  # once more for the sampler
    entries = count * sizes.words * count if "l2" in use else 0.0
    similarities = entries * sizes.video_tokens
    return Work(products=sentence + FORWARD_BACKWARD * similarities * d, similarities=similarities, entries=entries)


def fusion_work(experiment: Experiment, sizes: Sizes) -> Work:
    """The fusion module: the first projections once a token, not once a pair; of the last layer [CLS] alone."""
    if not sizes.pairs:
        return Work()
    model, pairs = experiment.model, sizes.pairs
    d, ff, layers = model.width, model.feedforward, model.fusion_layers
    length = sizes.text_tokens + sizes.video_tokens
    tokens, shared = pairs * length, experiment.train.batch_size * length
    calls = math.ceil(tokens / _tokens_at_a_time(experiment))
    inner = _times(_layer(_shape(model), pairs, length, calls=calls), layers - 1)  # all but the last, whose projections move one layer up
    later = layers > 1  # then the last layer's projections are its own: not the three of all tokens, but keys, values and [CLS]'s query
    products = shared * 3 * d * d - later * tokens * d * d + pairs * ((1 + later) * d * d + 2 * d * ff + d)
    last = Work(
        products=FORWARD_BACKWARD * products,
        attention=FORWARD_BACKWARD * 2 * tokens * d,
        softmax=tokens * model.heads,
        elements=later * tokens * 3 * d + shared * 8 * d + pairs * (10 * d + 2 * ff),
        gathers=tokens * 4 * d,
        rows=tokens * 2,
        draws=(tokens * model.heads + 2 * pairs * d) if model.dropout else 0.0,
        layers=calls,
    )
    return inner + last


def parameters_of(experiment: Experiment, sizes: Sizes) -> dict[str, int]:
    """How many parameters each module has; the fusion module none where L3 is left out."""
    model, network = experiment.model, sizes.network
    d = model.width
    layer = 4 * d * d + 2 * d * model.feedforward + 9 * d + model.feedforward
    project = network.width * d + d if network.width != d else 0
    fusion = (model.positions + 5) * d + 1 + model.fusion_layers * layer
    return {
        "language": network.parameters + project,
        "video": (sizes.feature_width + 1 + model.max_video_tokens + 2) * d + model.video_layers * layer,
        "fusion": fusion if "l3" in experiment.losses.use else 0,
    }


@dataclass(frozen=True)
class _Shape:
    width: int
    feedforward: int
    heads: int
    dropout: bool


def _shape(model: Model) -> _Shape:
    return _Shape(model.width, model.feedforward, model.heads, model.dropout > 0)


def _layer(shape: _Shape, rows: float, length: float, *, calls: float, padded: float | None = None) -> Work:
    """A self-attention layer over rows of a length: 4 d^2 + 2 d ff products a token, and 2 d a token and key, of padded rows."""
    d, ff, tokens, longest = shape.width, shape.feedforward, rows * length, padded or length
    weights = rows * longest * longest * shape.heads
    return Work(
        products=FORWARD_BACKWARD * tokens * (4 * d * d + 2 * d * ff),
        attention=FORWARD_BACKWARD * 2 * rows * longest * longest * d,
        softmax=weights,
        elements=tokens * (10 * d + 2 * ff),
        draws=weights + 2 * tokens * d if shape.dropout else 0.0,
        layers=calls,
    )


def _times(work: Work, times: float) -> Work:
    return Work(**{kind: times * amount for kind, amount in work.amounts().items()})
