"""What the queries of a cell are like: the slices in which one row may win over another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.api import Clip, Word
from taco_bench.config import Experiment
from taco_bench.data.prepared import Prepared, texts_of_steps
from taco_bench.errors import DataError
from taco_bench.plugins import Plugins
from taco_bench.report.rows import Cell
from taco_bench.resolve import DEFAULTS, WITHOUT_TAGS, resolve
from taco_bench.sources import source_hash
from taco_bench.text.idf import Idf
from taco_bench.text.tagging import tag_captions

Mask = npt.NDArray[np.bool_]
LENGTH, NOUNS, VERBS, IDF, CLIP = FACTS = ("caption length (words)", "nouns", "verbs", "mean idf", "clip length (features)")
"""What the queries are sliced by."""


def query_slices(cell: Cell, experiment: Experiment, prepared: Prepared, plugins: Plugins) -> dict[str, Mask]:
    """Masks [queries] by caption length, number of nouns and verbs, mean idf of the words, and clip length.

    What a query asks is its "text", as a task keeps it; the first caption of its clip where it keeps none.

    Args:
        cell: whose queries.
        experiment: of the cell, or of one with the same data; its tagger, or the data set's usual one where it tags nothing.
        prepared: its data.
        plugins: for the tagger.

    Raises:
        DataError: the data are no longer those that the cell was made with.
    """
    _refuse_changes(cell, experiment, prepared, plugins)
    clips = {clip.id: clip for clip in prepared.clips[experiment.evaluation.split]}
    asked = [clips[name] for name in cell["queries"]["clip"]]
    words = _words(experiment, prepared, plugins)
    captions = [words[text] for text in cell["queries"].get("text") or _captions(asked)]
    found = {
        LENGTH: _numbers(captions, len),
        NOUNS: _numbers(captions, lambda c: sum(word.tag == "NOUN" for word in c)),
        VERBS: _numbers(captions, lambda c: sum(word.tag == "VERB" for word in c)),
        IDF: _numbers(captions, lambda c: float(np.mean([word.idf for word in c])) if c else 0.0),
        CLIP: np.array([prepared.features.length(clip.id) for clip in asked], float),
    }
    return {f"{name} {span}": mask for name, values in found.items() for span, mask in thirds(values).items()}


def without_slices(slices: Mapping[str, Mask]) -> list[str]:
    """Why some of ``FACTS`` have no slice."""
    alike = [fact for fact in FACTS if not any(name.startswith(f"{fact} ") for name in slices)]
    return [f"no slices by {fact}: all queries are alike in it" for fact in alike]


def _captions(asked: Sequence[Clip]) -> list[str]:
    """The caption of each query: the first of its clip, and the next each time that the clip comes again."""
    met: Counter[str] = Counter()
    found = []
    for clip in asked:
        found.append(clip.captions[met[clip.id]])
        met[clip.id] += 1
    return found


def _refuse_changes(cell: Cell, experiment: Experiment, prepared: Prepared, plugins: Plugins) -> None:
    name = experiment.data["type"]
    before = {key: value for key, value in cell["data"].items() if key != "text encoder"}
    now = {key: value for key, value in prepared.fingerprints.items() if key != "text encoder"}
    source = (cell["parts"] or {}).get("training", {}).get("components", {}).get(f"data {name}")
    known = {clip.id for clip in prepared.clips[experiment.evaluation.split]}
    changed = before != now or (source is not None and source != source_hash(plugins.get("data", name).factory))
    if changed or not known.issuperset(cell["queries"]["clip"]):
        hint = f"taco-bench explain {cell['id']} shows what they were"
        raise DataError(f"the data set {name} is not what it was when the cells were made", where=name, hint=hint)


def _numbers(captions: Sequence[Sequence[Word]], measure: Callable[[Sequence[Word]], float]) -> npt.NDArray[np.float64]:
    return np.array([measure(caption) for caption in captions], float)


def _words(experiment: Experiment, prepared: Prepared, plugins: Plugins) -> dict[str, list[Word]]:
    """The words of every caption and of every step, as training tags them, so that its cache serves here."""
    tags = experiment.tagger is not None and experiment.tagger["type"] != WITHOUT_TAGS
    spec: dict[str, Any] = experiment.tagger if tags and experiment.tagger else _usual_tagger(experiment, plugins)
    tagger = plugins.build("tagger", spec)
    if tagger.missing():
        spec = {"type": plugins.get("tagger", spec["type"]).fallback}
        tagger = plugins.build("tagger", spec)
    clips = [clip for some in prepared.clips.values() for clip in some]
    tagged: dict[str, list[Word]] = {}
    for texts in ([caption for clip in clips for caption in clip.captions], texts_of_steps(clips)):
        tagged |= tag_captions(texts, tagger, options=json.dumps(spec, sort_keys=True)) if texts else {}
    idf = Idf(tagged[caption] for clip in prepared.clips["train"] for caption in clip.captions)
    return {caption: idf.annotate(words) for caption, words in tagged.items()}


def _usual_tagger(experiment: Experiment, plugins: Plugins) -> dict[str, Any]:
    """What would tag the captions of this data set if L2 were trained."""
    data = {"data": experiment.data, "encoder": list(experiment.encoder), "text_encoder": experiment.text_encoder}
    return resolve([data], plugins).tagger or {"type": DEFAULTS["tagger"]}


def thirds(values: npt.NDArray[np.float64]) -> dict[str, Mask]:
    """The queries in three groups of about equal size, by value; fewer where many values are equal, none where all are."""
    low, high = np.quantile(values, [1 / 3, 2 / 3], method="inverted_cdf")
    parts = {f"<= {low:g}": values <= low, f"> {low:g}, <= {high:g}": (values > low) & (values <= high), f"> {high:g}": values > high}
    return {name: mask for name, mask in parts.items() if mask.any() and not mask.all()}
