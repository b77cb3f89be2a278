"""What the splits of a data set share: ids, source videos, captions, features. Looked at before anything is trained.

The same id or source video in two splits stops a run unless it is acknowledged by name. Equal captions and near-identical features are
counted and told; they stop a run only where the data set declares its captions distinct.

So does what a split that is evaluated or validated on shares with what it starts from: :mod:`taco_bench.starts_seen`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.api import Clip
from taco_bench.atomic import replace_text, sha256_of
from taco_bench.config import Experiment
from taco_bench.data.features import Features
from taco_bench.data.prepared import Prepared
from taco_bench.errors import DataError
from taco_bench.leak import EXAMPLES, Leak
from taco_bench.plugins import Plugins
from taco_bench.resources import cache_root
from taco_bench.sources import source_hash
from taco_bench.starts_seen import seen_before, world_now
from taco_bench.store.seen import Seen, video_of

NEAR_IDENTICAL = 0.9999
"""Cosine of two clips' mean features, the training clips' mean taken off, from which they count as near-identical."""
AT_A_TIME = 2048
ALWAYS_STOP = ("same-id", "same-video")


def find_leaks(experiment: Experiment, prepared: Prepared, plugins: Plugins, starts: Mapping[str, Seen] | None = None) -> list[Leak]:
    """What the splits share, computed once for each state of the data; and what they share with the trainings of the starts.

    Args:
        experiment: whose data.
        prepared: the data.
        plugins: for the components.
        starts: what each training has seen that this one goes back to, by id.

    Raises:
        DataError: a leak that stops the run and is not acknowledged; names the kind and some clips.
    """
    distinct = plugins.get("data", experiment.data["type"]).distinct_captions
    found = [_judged(leak, distinct, experiment) for leak in _found(experiment, prepared, plugins)]
    for leak in found:
        if leak.stops and not leak.acknowledged:
            what = f"{leak.count} of {leak.of} {leak.splits[1]} clips have the {leak.kind.replace('-', ' ')} as {leak.splits[0]} clips"
            raise _stopped(what, leak, experiment, "mend the splits")
    own = world_now(experiment, prepared, plugins) if starts else None
    for training, seen in (starts or {}).items():
        assert own is not None
        for plain in seen_before(prepared.clips, own, training, seen):
            leak = _judged(_plain(plain), distinct, experiment)
            if not leak.acknowledged:
                what = f"{leak.count} of {leak.of} {leak.splits[1]} clips have the {leak.kind.replace('-', ' ')} as clips that the"
                raise _stopped(f"{what} training {training} has seen, from which it starts", leak, experiment, _remedy(seen, plugins))
            found.append(leak)
    return found


def _stopped(what: str, leak: Leak, experiment: Experiment, remedy: str) -> DataError:
    hint = f"{remedy}, or --acknowledge {leak.kind}, which is printed under every table"
    return DataError(what, where=f"data set {experiment.data['type']}, clips such as {', '.join(leak.examples)}", hint=hint)


def _remedy(seen: Seen, plugins: Plugins) -> str:
    """How to make the start without what it must not see."""
    name = seen.world.data["type"]
    known = name in plugins.names("data") and "exclude" in plugins.options("data", name)
    how = f": --data {name} --set data.exclude=FILE, a file with the ids of these videos, one a line" if known else ""
    return f"make the start again without them{how}"


def _judged(leak: dict[str, Any], distinct: bool, experiment: Experiment) -> Leak:
    earlier, later = leak["splits"]
    kind = leak["kind"]
    stops = distinct or kind in ALWAYS_STOP
    return Leak(kind, (earlier, later), leak["count"], leak["of"], tuple(leak["examples"]), stops, kind in experiment.acknowledge)


def _found(experiment: Experiment, prepared: Prepared, plugins: Plugins) -> list[dict[str, Any]]:
    components = [("data", experiment.data), *(("encoder", spec) for spec in experiment.encoder)]
    sources = [source_hash(plugins.get(kind, spec["type"]).factory) for kind, spec in components]
    key = json.dumps([[spec for _, spec in components], sources, prepared.fingerprints, experiment.on_missing], sort_keys=True)
    path = cache_root() / "leaks" / f"{sha256_of(Path(__file__), key)[:32]}.json"
    try:
        cached: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        cached = [_plain(leak) for leak in shared_between_splits(prepared.clips, prepared.features)]
        replace_text(path, json.dumps(cached))
    return cached


def _plain(leak: Leak) -> dict[str, Any]:
    return {key: value for key, value in asdict(leak).items() if key not in ("stops", "acknowledged")}


def shared_between_splits(clips: dict[str, list[Clip]], features: Features) -> list[Leak]:
    """Every kind of leak between every two splits that have clips.

    Args:
        clips: of each split.
        features: of all of them.
    """
    splits = [split for split in ("train", "val", "test") if clips.get(split)]
    vectors = {split: _means(features, clips[split]) for split in splits}
    looks: dict[str, Callable[[str, str], list[Clip]]] = {
        "same-id": partial(_same, clips, lambda clip: {clip.id}),
        "same-video": partial(_same, clips, lambda clip: {video_of(clip)}),
        "same-caption": partial(_same, clips, lambda clip: {" ".join(caption.casefold().split()) for caption in clip.captions}),
        "near-identical-features": partial(_near, clips, vectors),
    }
    found = []
    for kind, look in looks.items():
        for earlier, later in itertools.combinations(splits, 2):
            shared = look(earlier, later)
            if shared:
                examples = tuple(clip.id for clip in shared[:EXAMPLES])
                found.append(Leak(kind, (earlier, later), len(shared), len(clips[later]), examples))
    return found


def _same(clips: dict[str, list[Clip]], keys: Callable[[Clip], set[str]], earlier: str, later: str) -> list[Clip]:
    known = set().union(*map(keys, clips[earlier]))
    return [clip for clip in clips[later] if keys(clip) & known]


def _means(features: Features, clips: Sequence[Clip]) -> npt.NDArray[np.float32]:
    """The mean feature [clips, width] of each clip."""
    return np.stack([features.gather([clip.id], None)[0].mean(axis=0) for clip in clips])


def _near(clips: dict[str, list[Clip]], vectors: dict[str, npt.NDArray[np.float32]], earlier: str, later: str) -> list[Clip]:
    """The later split's clips with a cosine above the bound, in blocks; vectors without length are near nothing."""
    middle = vectors[earlier].mean(axis=0)
    known, asked = _directions(vectors[earlier] - middle), _directions(vectors[later] - middle)
    found: list[Clip] = []
    for start in range(0, len(asked), AT_A_TIME):
        block = asked[start : start + AT_A_TIME]
        best = np.full(len(block), -1.0)
        for other in range(0, len(known), AT_A_TIME):
            best = np.maximum(best, (block @ known[other : other + AT_A_TIME].T).max(axis=1))
        found += [clips[later][start + at] for at in np.flatnonzero(best > NEAR_IDENTICAL)]
    return found


def _directions(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    wide = vectors.astype(np.float64)  # the square of a large float32 is none
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 1e-12), np.float32)
