"""The planted worlds: the knobs, what each world sets them to, and the bags of words that clips are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class World:
    """The knobs of a world; :class:`~taco_bench_datasets.planted.Planted` says what those mean that are its options.

    Attributes:
        scenes: how many there are.
        ordered: near-duplicates differ in the order of their phrases and in the turn that their frames show; else in nothing but noise.
        honest: in every split function words name the scene, and scenes are as plain as in training; val and test have training's bags.
        fillers: adverbs that say nothing. A training clip has one caption for each of them; the clips of a bag have different ones in
            val and test.
        swapped: determiners and adpositions stand where nouns and verbs stood, and the other way round.
    """

    train: int = 1536
    val: int = 64
    test: int = 128
    bags: int = 48
    nouns: int = 12
    verbs: int = 16
    scenes: int = 6
    noun_signal: float = 1.0
    verb_signal: float = 1.5
    order_signal: float = 0.6
    scene_signal: float = 1.0
    test_scene: float = 0.4
    function_signal: float = 0.92
    near_duplicates: float = 1.0
    background: float = 0.5
    frames: int = 6
    noise: float = 0.1
    ordered: bool = True
    honest: bool = False
    fillers: int = 0
    swapped: bool = False


WORLDS = {
    "holds": World(),
    "null": World(
        test=192,
        nouns=32,
        verbs=32,
        noun_signal=1.5,
        scene_signal=1.5,
        function_signal=1.0,
        background=0.0,
        noise=0.15,
        ordered=False,
        honest=True,
        fillers=4,
    ),
    "reversed": World(swapped=True),
}


class Bag(NamedTuple):
    """Two nouns, of the first and the second half of all nouns, and a verb."""

    first: int
    second: int
    verb: int


class Bags:
    """Draws bags in which all nouns and all verbs occur about equally often.

    No bag is drawn twice until there are hardly others; then those of val and test come again, those of training never.

    Args:
        world: for the numbers of nouns and verbs.
        draw: the generator.
    """

    def __init__(self, world: World, draw: np.random.Generator) -> None:
        self.half, self.verbs, self.generator = world.nouns // 2, world.verbs, draw
        self.training = self._draw(world.bags, set())
        self._taken = set(self.training)

    @staticmethod
    def possible(world: World) -> int:
        """How many bags there are."""
        return (world.nouns // 2) ** 2 * world.verbs

    def others(self, count: int) -> list[Bag]:
        """Bags that training does not have."""
        return self._draw(count, self._taken)

    def _draw(self, count: int, taken: set[Bag]) -> list[Bag]:
        found: list[Bag] = []
        while len(found) < count:
            for bag in self._round():
                if len(taken) >= 0.9 * self.half**2 * self.verbs:
                    taken.clear()
                    taken.update(self.training)
                if bag not in taken and len(found) < count:
                    taken.add(bag)
                    found.append(bag)
        return found

    def _round(self) -> list[Bag]:
        """Bags in which every noun occurs once."""
        first, second = self.generator.permutation(self.half), self.half + self.generator.permutation(self.half)
        verbs = np.resize(self.generator.permutation(self.verbs), self.half)
        return [Bag(*map(int, row)) for row in zip(first, second, verbs, strict=True)]
