"""A data set made ready for one experiment: checked clips, features, tokenized captions. Shared by all its seeds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from taco_bench.api import Clip, Dataset, TextEncoder, Word
from taco_bench.config import Experiment
from taco_bench.data.clips import check_clips, check_size, check_split
from taco_bench.data.features import Features, features_identity, open_features
from taco_bench.errors import InfeasibleError
from taco_bench.guard import using
from taco_bench.plugins import Plugins
from taco_bench.reporting import Reporter
from taco_bench.sources import source_hash
from taco_bench.text.corpus import Caption, Interest, caption_table, tokenize
from taco_bench.text.idf import Idf
from taco_bench.text.tagging import tag_captions
from taco_bench.text.vocabulary import fit


@dataclass
class Prepared:
    """What trainings and evaluations of one experiment share.

    Attributes:
        clips: of each split, without skipped ones.
        features: video tokens of all clips.
        captions: every caption, tokenized, by its text.
        step_texts: every text of steps and procedures that is no caption, in the same way. Nothing is learnt from them: vocabulary, idf
            and the order in which a frozen network computes its hidden states are those of the captions.
        text_encoder: fitted to the training captions, or with the vocabulary of the training that it starts from.
        fingerprints: of the data set's files and the text encoder's weights.
        skipped: ids of clips without features.
        left_out: of each split that has such clips, how many, and of how many.
        tagger: name and version of what tagged; empty where L2 is left out.
        remarks: what the data set has to say: the form it recognised, what it left out.
    """

    clips: dict[str, list[Clip]]
    features: Features
    captions: dict[str, Caption]
    text_encoder: TextEncoder
    fingerprints: dict[str, str]
    skipped: list[str] = field(default_factory=list)
    tagger: str = ""
    remarks: list[str] = field(default_factory=list)
    left_out: dict[str, tuple[int, int]] = field(default_factory=dict)
    step_texts: dict[str, Caption] = field(default_factory=dict)


def prepare(experiment: Experiment, plugins: Plugins, reporter: Reporter, tokenizer: str = "") -> Prepared:
    """Read, check and tokenize the data of an experiment.

    Args:
        experiment: whose data.
        plugins: for its components.
        reporter: shows the progress.
        tokenizer: of the training that it starts from (:func:`taco_bench.text.vocabulary.tokenizer_text`); empty: learn what is to learn.

    Raises:
        DataError: whatever is wrong with it; names the file, line or clip.
    """
    dataset: Dataset = plugins.build("data", experiment.data)
    name = f"data set {experiment.data['type']}"
    with using(dataset, "gave clips that cannot be used"):
        clips = list(dataset.clips())
        check_clips(clips, name)
        remarks = list(dataset.remarks()) if hasattr(dataset, "remarks") else []
        fingerprints = dict(dataset.fingerprints())
    for remark in remarks:
        reporter.say(f"{name}: {remark}")
    features, skipped = _features(experiment, dataset, clips, fingerprints, plugins, reporter)
    left_out: dict[str, tuple[int, int]] = {}
    if skipped:
        kept = [clip for clip in clips if clip.id in features]
        left_out, clips = _counted(clips, kept), kept
        told = ", ".join(f"{split} {count} of {size}" for split, (count, size) in left_out.items())
        reporter.say(f"{len(skipped)} clips without features are skipped ({told}), the first is {skipped[0]}")
    check_split(clips, name, experiment.evaluation.split)
    if experiment.train.validate_every:
        check_split(clips, name, "val")
    sampler = plugins.build("sampler", experiment.sampler) if experiment.sampler else None
    size = experiment.train.batch_size
    if experiment.train.steps:  # else no batch is ever made
        check_size(clips, name, size, sampler.negatives(size) if sampler else None)
    text_encoder, captions, step_texts, tagger = _captions(experiment, clips, plugins, reporter, tokenizer)
    if experiment.tokens:
        _refuse_no_interest(experiment, captions)
    fingerprints["text encoder"] = text_encoder.fingerprint()
    splits = {split: [clip for clip in clips if clip.split == split] for split in ("train", "val", "test")}
    return Prepared(splits, features, captions, text_encoder, fingerprints, skipped, tagger, remarks, left_out, step_texts)


def _counted(clips: Sequence[Clip], kept: Sequence[Clip]) -> dict[str, tuple[int, int]]:
    """Of each split that lost clips, how many, and of how many."""
    before, after = (Counter(clip.split for clip in some) for some in (clips, kept))
    return {split: (before[split] - after[split], before[split]) for split in ("train", "val", "test") if before[split] > after[split]}


def _features(
    experiment: Experiment, dataset: Dataset, clips: Sequence[Clip], fingerprints: dict[str, str], plugins: Plugins, reporter: Reporter
) -> tuple[Features, list[str]]:
    encoders = [plugins.build("encoder", spec) for spec in experiment.encoder]
    sources = [source_hash(plugins.get("encoder", spec["type"]).factory) for spec in experiment.encoder]
    sources.append(source_hash(plugins.get("data", experiment.data["type"]).factory))
    config: dict[str, Any] = {"encoder": experiment.encoder, "data": experiment.data, "on_missing": experiment.on_missing}
    identity = features_identity(json.dumps([config, fingerprints], sort_keys=True), *sources)
    with reporter.bar("features", len(clips)) as advance:
        return open_features(dataset, encoders, clips, identity, experiment.on_missing, advance)


def _captions(
    experiment: Experiment, clips: Sequence[Clip], plugins: Plugins, reporter: Reporter, tokenizer: str
) -> tuple[TextEncoder, dict[str, Caption], dict[str, Caption], str]:
    texts = [caption for clip in clips for caption in clip.captions]
    training = [caption for clip in clips if clip.split == "train" for caption in clip.captions]
    steps = texts_of_steps(clips)
    encoder: TextEncoder = plugins.build("text-encoder", experiment.text_encoder)
    fit(encoder, training, experiment.model.max_text_tokens, tokenizer)
    words, tagger = _words(experiment, (texts, steps), training, plugins, reporter)
    selectors = [plugins.build("tokens", spec) for spec in experiment.tokens]
    interest = Interest(selectors, plugins.build("token-weights", experiment.token_weights) if experiment.token_weights else None)
    with using(encoder, "gave a tokenizer that cannot be used"):
        encodings = [tokenize(some, encoder.tokenizer(), experiment.model.max_text_tokens) for some in (texts, steps)]
    captions, step_texts = (caption_table(encoding, words, interest) for encoding in encodings)
    return encoder, captions, step_texts, tagger


def texts_of_steps(clips: Sequence[Clip]) -> list[str]:
    """The distinct texts of steps and procedures that are no captions, sorted."""
    captions = {caption for clip in clips for caption in clip.captions}
    return sorted({text for clip in clips for text in (*clip.procedure, *(step.text for step in clip.steps))} - captions)


def _refuse_no_interest(experiment: Experiment, captions: dict[str, Caption]) -> None:
    if not any(caption.interest.any() for caption in captions.values()):
        names = ",".join(spec["type"] for spec in experiment.tokens)
        what = f"the tokens of interest {names} select no word of any caption, so L2 would have nothing to learn"
        raise InfeasibleError(what, where="--tokens", hint="select other words, or leave L2 out by --tokens none")


def _words(
    experiment: Experiment, corpora: Sequence[Sequence[str]], training: Sequence[str], plugins: Plugins, reporter: Reporter
) -> tuple[dict[str, list[Word]], str]:
    """The words of each text of each corpus with their idf over the training captions; none where L2 is left out."""
    if experiment.tagger is None:
        return {}, ""
    tagger = plugins.build("tagger", experiment.tagger)
    options = json.dumps(experiment.tagger, sort_keys=True)
    tagged: dict[str, list[Word]] = {}
    with reporter.bar("parts of speech", sum(len(set(texts)) for texts in corpora)) as advance:
        for texts in filter(None, corpora):
            tagged |= tag_captions(texts, tagger, advance, options)
    idf = Idf(tagged[caption] for caption in training)
    return {text: idf.annotate(words) for text, words in tagged.items()}, tagger.identity()
