"""Planted: worlds made at run time in which it is known which of the paper's claims hold. The control of the suite, never evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from taco_bench.api import Clip, Step, UserError, numpy_stream
from taco_bench_datasets.planted_worlds import WORLDS, Bag, Bags, World

Count = Annotated[int, Field(gt=0)] | None
Size = Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
Share = Annotated[float, Field(ge=0, le=1)]
Floats = npt.NDArray[np.float32]

WIDTH = 44
NOUNS, VERBS, SCENES, TURNS = slice(0, 16), slice(16, 32), slice(32, 40), slice(40, 44)
"""Which numbers of a frame show what."""
SWAPPED = {"noun": "det", "verb": "adp", "det": "noun", "adp": "verb"}


class Meaning(NamedTuple):
    """What a clip shows and says.

    Attributes:
        bag: its nouns and its verb.
        turn: 0 or 1, which of two near-duplicates it is.
        scene: in which it plays.
        named: the scene that its function words name.
        plain: how plainly the scene is seen.
        fillers: the adverbs of its captions, one a caption.
    """

    bag: Bag
    turn: int
    scene: int
    named: int
    plain: float
    fillers: tuple[int, ...]


class Planted:
    """Clips of noisy frames in which two nouns and a verb are seen, with captions such as "part0 det1 noun3 verb5 part1 adp1 noun7".

    Args:
        world: holds, null or reversed: which of the paper's claims are true; the value of every option that is left out.
        seed: of the world, not of the training.
        train: training clips.
        val: validation clips.
        test: test clips.
        bags: distinct bags of two nouns and a verb in training; val and test have others, but the training's in the world null.
        nouns: how many there are, an even number; the first of a bag is of their first half.
        verbs: how many there are.
        noun_signal: size of the nouns in the frames; 0 hides them.
        verb_signal: size of the verbs in the frames.
        order_signal: size of what tells near-duplicates apart.
        scene_signal: size of the scenes, which are seen in every frame.
        test_scene: share of that size in val and test.
        function_signal: share of the training captions whose function words name the scene; those of val and test name any.
        near_duplicates: share of bags that come with their near-duplicate, which has the same words in another order.
        background: share of frames that show neither noun nor verb; three at least do.
        frames: a clip.
        noise: size of the noise in every number of every frame.
        leakage: share of test clips copied into training under other ids but with the same video.
    """

    streams = ("planted",)

    def __init__(
        self,
        world: Literal["holds", "null", "reversed"] = "holds",
        seed: int = 0,
        train: Count = None,
        val: Count = None,
        test: Count = None,
        bags: Count = None,
        nouns: Count = None,
        verbs: Count = None,
        noun_signal: Size = None,
        verb_signal: Size = None,
        order_signal: Size = None,
        scene_signal: Size = None,
        test_scene: Size = None,
        function_signal: Share | None = None,
        near_duplicates: Share | None = None,
        background: Share | None = None,
        frames: Annotated[int, Field(ge=3)] | None = None,
        noise: Size = None,
        leakage: Share = 0.0,
    ) -> None:
        given = {name: value for name, value in locals().items() if value is not None}
        self.world = replace(WORLDS[world], **{f.name: given[f.name] for f in fields(World) if f.name in given})
        self.seed, self.leakage = seed, leakage
        possible = Bags.possible(self.world)
        if 2 * self.world.bags > possible:
            what = f"{self.world.bags} bags in training are more than half of the {possible} that its nouns and verbs make"
            raise UserError(what, where="data.bags", hint="fewer bags, or more nouns or verbs")

    def clips(self) -> list[Clip]:
        """All clips; leaked copies last."""
        found = [self._clip(name, name.partition("-")[0], name) for name in self._meanings]
        return found + [self._clip(name, "train", source) for name, source in self._leaked.items()]

    def _clip(self, name: str, split: str, source: str) -> Clip:
        """Its steps are the words that it shows, in the order in which they are first seen; a word's frames need not be neighbours."""
        meaning = self._meanings[source]
        _, shown = self._draw(self._stream(source))
        steps = sorted(
            (Step(word, start, end) for word, at in zip(self._words(meaning), shown, strict=True) for start, end in _runs(at)),
            key=lambda step: step.start,
        )
        procedure = tuple(dict.fromkeys(step.text for step in steps))
        return Clip(name, split, tuple(self._captions(meaning)), source, tuple(steps), procedure=procedure)

    def _stream(self, name: str) -> np.random.Generator:
        return numpy_stream(self.seed, f"planted/frames/{name}")

    def read(self, stream: str, clip: Clip) -> Floats:
        """float32 [frames, 44]."""
        name = self._leaked.get(clip.id, clip.id)
        return self._frames(self._meanings[name], self._stream(name))

    def files(self) -> list[Path]:
        """None: it is made at run time."""
        return []

    def fingerprints(self) -> dict[str, str]:
        """None: it depends on its options and its source alone."""
        return {}

    @cached_property
    def _meanings(self) -> dict[str, Meaning]:
        """By id, of all clips but leaked copies."""
        world = self.world
        bags = Bags(world, numpy_stream(self.seed, "planted/bags"))
        sizes = {"train": world.train, "val": world.val, "test": world.test}
        return {f"{split}-{at}": meaning for split, size in sizes.items() for at, meaning in enumerate(self._split(split, size, bags))}

    def _split(self, split: str, count: int, bags: Bags) -> Iterator[Meaning]:
        world, draw = self.world, numpy_stream(self.seed, f"planted/{split}")
        trusted = split == "train" or world.honest  # of whose function words it is true that they name the scene
        both = draw.random(world.bags if trusted else count) < world.near_duplicates
        drawn = bags.training if trusted else bags.others(int(np.searchsorted(np.cumsum(1 + both), count)) + 1)
        kinds = [(bag, turn) for bag in range(len(drawn)) for turn in (0, 1) if both[bag] or not turn]
        scene_of = numpy_stream(self.seed, "planted/scenes").permutation(np.arange(world.bags) % world.scenes)
        other, any_scene = draw.integers(world.scenes, size=(2, count)).tolist()
        truthful = draw.random(count) < world.function_signal * trusted
        for at in range(count):
            bag, turn = kinds[at % len(kinds)]
            scene = int(scene_of[bag]) if trusted else any_scene[at]
            named = scene if truthful[at] else other[at]
            yield Meaning(
                drawn[bag], turn, scene, named, 1.0 if trusted else world.test_scene, self._fillers(split, at // len(kinds), turn)
            )

    def _fillers(self, split: str, copy: int, turn: int) -> tuple[int, ...]:
        """All of them for a training clip; for the clips of one bag in another split one each."""
        if split == "train" or not self.world.fillers:
            return tuple(range(self.world.fillers))
        return ((2 * copy + turn) % self.world.fillers,)

    def _captions(self, m: Meaning) -> Iterator[str]:
        first, verb, second = self._words(m)
        _, _, det, adp = self._parts
        phrases = [f"part0 {det}{m.named} {first}", f"part1 {adp}{m.named} {second}"]
        if self.world.ordered and m.turn:
            phrases.reverse()
        plain = f"{phrases[0]} {verb} {phrases[1]}"
        yield from [f"{plain} adv{filler}" for filler in m.fillers] or [plain]

    @property
    def _parts(self) -> list[str]:
        """What nouns, verbs, determiners and adpositions begin with."""
        return list(SWAPPED.values() if self.world.swapped else SWAPPED)

    def _words(self, m: Meaning) -> tuple[str, str, str]:
        """First noun, verb, second noun."""
        noun, verb, _, _ = self._parts
        return f"{noun}{m.bag.first}", f"{verb}{m.bag.verb}", f"{noun}{m.bag.second}"

    @cached_property
    def _leaked(self) -> dict[str, str]:
        """Ids of copies in training, to the ids of the test clips that they copy."""
        chosen = numpy_stream(self.seed, "planted/leaked").permutation(self.world.test)[: round(self.leakage * self.world.test)]
        return {f"leaked-{at}": f"test-{at}" for at in sorted(chosen.tolist())}

    @cached_property
    def _codes(self) -> list[Floats]:
        """What each noun, each verb and each scene looks like."""
        w, draw = self.world, numpy_stream(self.seed, "planted/codes")
        kinds = ((w.nouns, NOUNS, w.noun_signal), (w.verbs, VERBS, w.verb_signal), (w.scenes, SCENES, w.scene_signal))
        return [(size * draw.standard_normal((count, part.stop - part.start))).astype(np.float32) for count, part, size in kinds]

    def _draw(self, draw: np.random.Generator) -> tuple[Floats, list[npt.NDArray[np.int64]]]:
        """The noise [frames, 44] of a clip, and the frames in which first noun, verb and second noun are seen."""
        w = self.world
        noise = draw.standard_normal((w.frames, WIDTH), dtype=np.float32)
        shown = max(3, round((1 - w.background) * w.frames))
        return noise, np.array_split(draw.permutation(w.frames)[:shown], 3)

    def _frames(self, m: Meaning, draw: np.random.Generator) -> Floats:
        """Scene and turn in every frame; first noun, verb and second noun in frames of their own, the others are background."""
        w = self.world
        nouns, verbs, scenes = self._codes
        noise, shown = self._draw(draw)
        frames = np.float32(w.noise) * noise
        frames[:, SCENES] += np.float32(m.plain) * scenes[m.scene]
        if w.ordered:
            frames[:, TURNS] += np.float32(w.order_signal * (1 - 2 * m.turn))
        codes = (nouns[m.bag.first], verbs[m.bag.verb], nouns[m.bag.second])
        for at, part, code in zip(shown, (NOUNS, VERBS, NOUNS), codes, strict=True):
            frames[at, part] += code
        return frames


def _runs(frames: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Neighbouring frames as [start, end)."""
    start, *others = sorted(frames.tolist())
    end = start + 1
    for frame in others:
        if frame > end:
            yield start, end
            start = frame
        end = frame + 1
    yield start, end
