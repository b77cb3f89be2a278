"""The sizes that a configuration does not say: recorded with each cell, and looked up, or bounded, for what is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from taco_bench.config import Experiment
from taco_bench.jobs.cost import Sizes
from taco_bench.kinds.text import NetworkSize, SizedText
from taco_bench.plugins import Plugins

if TYPE_CHECKING:
    from torch import nn

    from taco_bench.data.prepared import Prepared
    from taco_bench.model.taco import TACo

SPECIALS = 2
"""[CLS] and [SEP], which are never of interest."""


def measured_sizes(experiment: Experiment, prepared: Prepared, model: TACo, pairs: float) -> Sizes:
    """The sizes of a training that was done.

    Args:
        experiment: of the training.
        prepared: its data.
        model: what was trained.
        pairs: distinct pairs a step through the fusion module.
    """
    import numpy as np

    clips = prepared.clips["train"]
    captions = [prepared.captions[text] for clip in clips for text in clip.captions]
    texts = np.array([len(caption.ids) for caption in captions] or [0])  # no training clips: a start that is evaluated as it is
    videos = np.minimum([prepared.features.length(clip.id) for clip in clips] or [0], experiment.model.max_video_tokens)
    return Sizes(
        text_tokens=round(float(texts.mean()), 2),
        longest_text=float(np.quantile(texts, 1 - 1 / experiment.train.batch_size)),
        video_tokens=round(float(videos.mean()), 2),
        words=round(float(np.mean([caption.interest.sum() for caption in captions] or [0])), 2),
        pairs=pairs,
        feature_width=prepared.features.width,
        network=network_size(model.language.network),
        frozen=prepared.text_encoder.frozen,
    )


def network_size(network: nn.Module) -> NetworkSize:
    """The size of a text network, from its configuration: what a BertModel calls things; a network without layers has none of them."""
    config: Any = network.config
    dropout = max(getattr(config, "hidden_dropout_prob", 0.0), getattr(config, "attention_probs_dropout_prob", 0.0))
    return NetworkSize(
        width=config.hidden_size,
        layers=getattr(config, "num_hidden_layers", 0),
        feedforward=getattr(config, "intermediate_size", 0),
        heads=getattr(config, "num_attention_heads", 1),
        parameters=sum(each.numel() for each in network.parameters()),
        dropout=dropout > 0,
    )


def record_of(sizes: Sizes) -> dict[str, Any]:
    """Ready for JSON."""
    return asdict(sizes)


def sizes_from(record: Mapping[str, Any]) -> Sizes:
    """What :func:`record_of` made."""
    return Sizes(**{**record, "network": NetworkSize(**record["network"])})


class PlannedSizes:
    """The sizes of what has not been trained yet.

    Mean lengths and words of interest are those of a measured cell of the same data, else the configuration's limits. The number of
    pairs is a measured cell's of the same sampler in batches of the same size, else what drawing at random would give, which is an upper
    bound where texts and videos pick each other. The text network is a measured one of the same encoder, else what the encoder says.

    Args:
        plugins: for the components.
        measured: experiments of finished cells with what :func:`record_of` made of their sizes; None where they did not record them.
    """

    def __init__(self, plugins: Plugins, measured: Iterable[tuple[Experiment, Mapping[str, Any] | None]]) -> None:
        self.plugins = plugins
        self._known: dict[str, Sizes] = {}
        for experiment, record in measured:
            if record is not None:
                self._known |= dict.fromkeys(_keys(experiment).values(), sizes_from(record))

    def of(self, experiment: Experiment) -> Sizes | None:
        """The sizes of an experiment; None where its text network cannot be known."""
        known = {what: self._known.get(key) for what, key in _keys(experiment).items()}
        network = known["network"].network if known["network"] else self._network(experiment)
        if network is None:
            return None
        model = experiment.model
        lengths, words, pairs = known["lengths"], known["words"], known["pairs"]
        n, longest, m = (
            (lengths.text_tokens, lengths.longest_text, lengths.video_tokens)
            if lengths
            else (model.max_text_tokens, model.max_text_tokens, model.max_video_tokens)
        )
        return Sizes(
            text_tokens=n,
            longest_text=longest,
            video_tokens=m,
            words=(words.words if words else n - SPECIALS) if experiment.tokens else 0.0,
            pairs=pairs.pairs if pairs else self._pairs(experiment),
            feature_width=sum(int(self.plugins.build("encoder", spec).width) for spec in experiment.encoder),
            network=network,
            frozen=bool(self.plugins.build("text-encoder", experiment.text_encoder).frozen),
        )

    def _network(self, experiment: Experiment) -> NetworkSize | None:
        encoder = self.plugins.build("text-encoder", experiment.text_encoder)
        return encoder.size(experiment.model.max_text_tokens) if isinstance(encoder, SizedText) else None

    def _pairs(self, experiment: Experiment) -> float:
        if experiment.sampler is None:
            return 0.0
        count = experiment.train.batch_size
        negatives = self.plugins.build("sampler", experiment.sampler).negatives(count)
        return distinct_pairs(count, negatives, both=experiment.losses.fusion_directions == "both")


def distinct_pairs(count: int, negatives: int, *, both: bool) -> float:
    """The positives and the negatives expected: each of K texts draws K' of the K - 1 other videos; ``both``: each video K' texts."""
    if count < 2:
        return float(count)
    chosen = negatives / (count - 1)
    return count + count * (count - 1) * (2 * chosen - chosen**2 if both else chosen)


def _keys(experiment: Experiment) -> dict[str, str]:
    """What two experiments must share to have the same mean lengths, words, pairs, and text network."""
    dump = experiment.model_dump(mode="json", include={"data", "encoder", "text_encoder", "tokens", "sampler"})
    model = experiment.model
    lengths = [dump["data"], dump["encoder"], dump["text_encoder"]["type"], model.max_text_tokens, model.max_video_tokens]
    sampled = [dump["data"], dump["sampler"], experiment.train.batch_size, experiment.losses.fusion_directions, experiment.losses.use]
    parts = {"lengths": lengths, "words": [*lengths, dump["tokens"]], "pairs": sampled, "network": [dump["text_encoder"], dump["data"]]}
    return {what: f"{what} {part}" for what, part in parts.items()}
