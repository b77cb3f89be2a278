"""The planted worlds: what the knobs of each are set to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class World:
    """The knobs of a world; ``planted`` describes most of them.

    Attributes:
        nouns, verbs, scenes: how many there are of each; det and adp words number the scenes.
        ordered: the noun that a caption names first is seen first; else nouns and verb come in any order, and near-duplicates are twins.
        honest: function words name the scene in every split, not only in training.
        fillers: adverbs that say nothing; each training clip has one caption for each, near-duplicates of a test bag have two of them.
    """

    train: int = 1536
    val: int = 96
    test: int = 128
    bags: int = 48
    nouns: int = 12
    verbs: int = 12
    scenes: int = 6
    noun_signal: float = 1.0
    verb_signal: float = 1.0
    scene_signal: float = 1.0
    function_signal: float = 1.0
    near_duplicates: float = 1.0
    background: float = 0.5
    frames: int = 6
    noise: float = 0.3
    ordered: bool = True
    honest: bool = False
    fillers: int = 0


WORLDS = {
    "holds": World(),
    "null": World(bags=384, function_signal=1.0, background=0.0, noise=0.3, ordered=False, honest=True, fillers=4),
}
