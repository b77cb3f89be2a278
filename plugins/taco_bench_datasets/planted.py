"""Planted: worlds made at run time in which it is known which of the paper's claims hold. The control of the suite, no evidence."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from taco_bench.api import Clip, numpy_stream
from taco_bench_datasets.planted_worlds import WORLDS, World

PRESET = {
    "encoder": "planted",
    "text_encoder": "words",
    "tagger": "planted",
    "sampler.hard_negatives": 2,
    "model.width": 32,
    "model.heads": 2,
    "model.feedforward": 64,
    "model.dropout": 0.0,
    "model.max_video_tokens": 8,
    "model.max_text_tokens": 8,
    "losses.token_temperature": 5.657,
    "train.steps": 300,
    "train.batch_size": 32,
    "train.learning_rate": 0.004,
    "train.threads": 1,
}

Count = Annotated[int, Field(gt=0)] | None
Size = Annotated[float, Field(ge=0)] | None
Share = Annotated[float, Field(ge=0, le=1)]
Ints = npt.NDArray[np.int64]
NOUNS, VERBS, SCENES = slice(0, 16), slice(16, 32), slice(32, 40)
"""Where in a frame each is seen."""


@dataclass(frozen=True)
class Meaning:
    """What one clip shows and says: the nouns in order, the verb, the scene, and the scene that its function words name."""

    first: int
    verb: int
    second: int
    scene: int
    named: int
    filler: int = 0


class Planted:
    """Clips of random frames in which two nouns and a verb are seen, with captions such as "det1 noun12 verb3 adp1 noun7".

    Args:
        world: whose knobs are used where none is given.
        seed: of the world.
        train: training clips.
        val: validation clips.
        test: test clips.
        bags: distinct bags of two nouns and a verb in training; val and test have others.
        noun_signal: size of the nouns' codes; 0: they cannot be seen.
        verb_signal: size of the verbs' codes.
        scene_signal: size of the scenes' codes.
        function_signal: share of training captions whose function words name the scene; the others name any.
        near_duplicates: share of bags with clips in both orders of the nouns; the others have one.
        background: share of frames that show neither noun nor verb.
        frames: a clip.
        noise: size of the noise in every frame.
        leakage: share of test clips copied into training, under other ids but with the same video.
    """

    streams = ("planted",)

    def __init__(
        self,
        world: Literal["holds", "null"] = "holds",
        seed: int = 0,
        train: Count = None,
        val: Count = None,
        test: Count = None,
        bags: Count = None,
        noun_signal: Size = None,
        verb_signal: Size = None,
        scene_signal: Size = None,
        function_signal: Share | None = None,
        near_duplicates: Share | None = None,
        background: Share | None = None,
        frames: Count = None,
        noise: Size = None,
        leakage: Share = 0.0,
    ) -> None:
        given = {f.name: locals()[f.name] for f in fields(World) if f.name in locals()}
        self.world = replace(WORLDS[world], **{name: value for name, value in given.items() if value is not None})
        self.seed, self.leakage = seed, leakage

    def clips(self) -> list[Clip]:
        """All clips; leaked ones last."""
        found = [Clip(name, name.rpartition("-")[0], self._captions(name), name) for name in self._meanings]
        return found + [Clip(name, "train", self._captions(source)[:1], source) for name, source in self._leaked.items()]

    def read(self, stream: str, clip: Clip) -> np.ndarray:
        """float32 [frames, 40]."""
        name = self._leaked.get(clip.id, clip.id)
        return self._frames(name, self._meanings[name])

    def files(self) -> list[Path]:
        """None: it is made at run time."""
        return []

    def fingerprints(self) -> dict[str, str]:
        """None: options and source are all that it depends on."""
        return {}

    @cached_property
    def _leaked(self) -> dict[str, str]:
        """Ids of copies in the training split, to the ids of their test clips."""
        count = round(self.leakage * self.world.test)
        chosen = numpy_stream(self.seed, "planted/leaked").permutation(self.world.test)[:count]
        return {f"leaked-{number}": f"test-{number}" for number in sorted(chosen.tolist())}

    @cached_property
    def _meanings(self) -> dict[str, Meaning]:
        found: dict[str, Meaning] = {}
        w = self.world
        bags = _Bags(w, numpy_stream(self.seed, "planted/bags"))
        for split, count, limit in (("train", w.train, w.bags), ("val", w.val, w.val), ("test", w.test, w.test)):
            found |= self._split(split, count, bags.draw(min(limit, count)))
        return found

    def _split(self, split: str, count: int, bags: list[tuple[int, int, int]]) -> dict[str, Meaning]:
        w, draw = self.world, numpy_stream(self.seed, f"planted/{split}")
        scene_of = draw.permutation(np.arange(len(bags)) % w.scenes)
        both = draw.random(len(bags)) < w.near_duplicates
        turns = [(at, turned) for at in range(len(bags)) for turned in (0, 1) if both[at] or not turned]
        truthful = split == "train" or w.honest
        named = draw.random(count) < w.function_signal * truthful
        other, scenes = draw.integers(w.scenes, size=count), draw.integers(w.scenes, size=count)
        found = {}
        for number in range(count):
            at, turned = turns[number % len(turns)]
            first, second, verb = bags[at]
            if turned and w.ordered:
                first, second = second, first
            scene = int(scene_of[at] if truthful else scenes[number])
            name = scene if named[number] else int(other[number])
            found[f"{split}-{number}"] = Meaning(first, verb, second, scene, name, turned)
        return found

    def _captions(self, name: str) -> tuple[str, ...]:
        m, w = self._meanings[name], self.world
        plain = f"det{m.named} noun{m.first} verb{m.verb} adp{m.named} noun{m.second}"
        if not w.fillers:
            return (plain,)
        if name.startswith("train"):
            return tuple(f"{plain} adv{filler}" for filler in range(w.fillers))
        pair = 2 * (int(name.rpartition("-")[2]) // 2 % (w.fillers // 2))
        return (f"{plain} adv{pair + m.filler}",)

    @cached_property
    def _codes(self) -> tuple[npt.NDArray[np.float32], ...]:
        w, draw = self.world, numpy_stream(self.seed, "planted/codes")
        sizes = ((w.nouns, NOUNS, w.noun_signal), (w.verbs, VERBS, w.verb_signal), (w.scenes, SCENES, w.scene_signal))
        return tuple((size * draw.standard_normal((n, part.stop - part.start))).astype(np.float32) for n, part, size in sizes)

    def _frames(self, name: str, m: Meaning) -> npt.NDArray[np.float32]:
        w, draw = self.world, numpy_stream(self.seed, f"planted/frames/{name}")
        nouns, verbs, scenes = self._codes
        frames = w.noise * draw.standard_normal((w.frames, 40), dtype=np.float32)
        frames[:, SCENES] += scenes[m.scene]
        shown = min(w.frames, max(3, round((1 - w.background) * w.frames)))
        times = draw.permutation(w.frames)[:shown]
        parts = np.array_split(np.sort(times) if w.ordered else times, 3)
        frames[parts[0], NOUNS] += nouns[m.first]
        frames[parts[1], VERBS] += verbs[m.verb]
        frames[parts[2], NOUNS] += nouns[m.second]
        return frames


class _Bags:
    """Bags of two nouns and a verb, balanced: every noun and verb occurs about equally often; none twice while there are others."""

    def __init__(self, world: World, draw: np.random.Generator) -> None:
        self.world, self.draw_, self.taken = world, draw, set[tuple[int, int, int]]()

    def draw(self, count: int) -> list[tuple[int, int, int]]:
        w, found = self.world, list[tuple[int, int, int]]()
        while len(found) < count:
            if len(self.taken) >= w.nouns * (w.nouns - 1) // 2 * w.verbs * 0.9:
                self.taken.clear()
            nouns = self.draw_.permutation(w.nouns).tolist()
            verbs = self.draw_.permutation(w.verbs).tolist()
            for at in range(w.nouns // 2):
                pair = sorted(nouns[2 * at : 2 * at + 2])
                bag = (pair[0], pair[1], verbs[at % w.verbs])
                if bag not in self.taken and len(found) < count:
                    self.taken.add(bag)
                    found.append(bag)
        return found
