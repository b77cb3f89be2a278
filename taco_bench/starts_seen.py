"""What is evaluated or validated on, and was trained on by a start, or by what that started from.

:mod:`taco_bench.store.seen` says which ids mean the same. Training splits may share what they like.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from taco_bench.api import Clip
from taco_bench.config import Experiment
from taco_bench.data.prepared import Prepared
from taco_bench.leak import EXAMPLES, Leak
from taco_bench.plugins import Plugins
from taco_bench.store.seen import Seen, World, holds, plain_video, video_of, web_video_of, world_of

if TYPE_CHECKING:
    from taco_bench.store.seen import Hashes


def world_now(experiment: Experiment, prepared: Prepared, plugins: Plugins) -> World:
    """What the ids of an experiment's data mean."""
    files = {name: value for name, value in prepared.fingerprints.items() if name != "text encoder"}
    videos = (clip.web or video_of(clip) for clips in prepared.clips.values() for clip in clips)
    component = plugins.get("data", experiment.data["type"])
    return world_of(experiment.data, component.locations, files, videos, component.videos_of)


def seen_before(clips: Mapping[str, Sequence[Clip]], own: World, training: str, seen: Seen) -> list[Leak]:
    """What a training has seen of the val and the test split, where ids can be compared.

    Args:
        clips: of each split.
        own: what their ids mean.
        training: id of the training.
        seen: by it.
    """
    looks: dict[str, tuple[Callable[[Clip], str], Hashes]] = {}
    if own.same(seen.world):
        looks = {"same-id": (lambda clip: clip.id, seen.clips), "same-video": (lambda clip: plain_video(video_of(clip)), seen.videos)}
    elif own.youtube and seen.world.youtube:
        looks = {"same-video": (web_video_of, seen.videos)}
    found = []
    for (kind, (key, hashes)), split in itertools.product(looks.items(), ("val", "test")):
        asked = clips.get(split, ())
        shared = list(itertools.compress(asked, holds(hashes, [key(clip) for clip in asked])))
        if shared:
            examples = tuple(f"{clip.id} ({clip.web})" if clip.web else clip.id for clip in shared[:EXAMPLES])
            found.append(Leak(kind, (f"the training {training}", split), len(shared), len(asked), examples))
    return found


def not_compared(experiment: Experiment, prepared: Prepared, plugins: Plugins, starts: Mapping[str, Seen]) -> list[str]:
    """A line for each training whose videos have names that say nothing about the experiment's.

    Args:
        experiment: whose data.
        prepared: the data.
        plugins: for the components.
        starts: what each training has seen that this one goes back to, by id.
    """
    own = world_now(experiment, prepared, plugins) if starts else None
    return [
        f"not compared: the ids of {seen.world.data['type']} and {experiment.data['type']} name different things, so that nobody knows "
        f"which of the videos evaluated the training {training}, from which it starts, has seen"
        for training, seen in starts.items()
        if own is not None and len(seen.videos) and not own.comparable(seen.world)
    ]
