"""Act out one episode of a BabyAI level with minigrid's own expert.

A frame is what the agent sees: 7 x 7 tiles, each kept as one mean colour. The first frame is taken before the first
action, the last after the last one (where the expert would say "done"), so that the effect of every action is on film.
A step ends with the frame that first shows it achieved.
"""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

LONGEST = 64  # frames of an episode; the expert wanders where a level is hard
VIEW = 7  # tiles a side
# Pixels a tile side. A mean colour loses shape, so kinds of tile can coincide (box and key do at 8 pixels, ball and box
# when carried at 32). At 20 no two do, and most lie further apart than at other sizes: a palette index tells the kind.
TILE = 20
# Where a level's rooms are full, or the expert's plan bites its tail, minigrid loops for ever. Rounds are counted, not
# seconds, so that a slow machine gives the same answer.
DRAWS = 100_000  # random numbers to generate a level: hundreds are usual, thousands in crowded rooms
LOOKS = 2000  # at the expert's stack in one replan: fewer than ten are usual


class EndlessError(Exception):
    """Minigrid would never return."""


@dataclass(frozen=True)
class Step:
    """What is done in frames `start` (inclusive) to `end` (exclusive)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Episode:
    """One acted-out mission. `colours` uint8 [frames, 49, 3]: mean RGB of each tile of the view, row by row."""

    level: str
    seed: int
    caption: str
    steps: tuple[Step, ...]
    colours: NDArray[np.uint8]

    @property
    def id(self) -> str:
        """Short level name and seed, e.g. gotoseqs5r2-000123."""
        return f"{self.level.removeprefix('BabyAI-').removesuffix('-v0').lower()}-{self.seed:06d}"


def episode(level: str, seed: int) -> Episode | None:
    """Act out `level` as `seed` makes it; a function of the two alone.

    None where the level cannot be made, where the expert fails, goes round in circles or needs more than 64 frames, and
    where two steps finish at once.
    """
    env = _start(level, seed)
    if env is None:
        return None
    leaves = list(_leaves(env.instrs))
    texts = [_tidy(leaf.surface(env)) for leaf in leaves]  # before acting: afterwards the objects may be gone
    ends: dict[int, int] = {}
    for index, leaf in enumerate(leaves):
        _watch(env, leaf, index, ends)
    frames = _act(env)
    if frames is None or len(set(ends.values())) < len(leaves):
        return None
    return Episode(level, seed, _tidy(env.mission), _steps(texts, ends), np.stack(frames))


def _start(level: str, seed: int) -> Any | None:
    """The level's environment, fresh so that no earlier episode touches this one; None if it cannot be made."""
    import_module("minigrid")  # registers the levels
    with contextlib.redirect_stdout(io.StringIO()):  # it prints every rejected sample
        env = import_module("gymnasium").make(level, disable_env_checker=True).unwrapped
        env._rand_int = _counted(env._rand_int)
        try:
            env.reset(seed=seed)
        except EndlessError:
            return None
    return env


def _counted(draw: Callable[..., Any]) -> Callable[..., Any]:
    """`draw`, at most DRAWS times; the numbers stay the same. At a RecursionError minigrid would start again."""
    count = itertools.count()

    def counted(*bounds: Any) -> Any:
        if next(count) > DRAWS:
            raise EndlessError
        return draw(*bounds)

    return counted


def _leaves(instruction: Any) -> Iterator[Any]:
    """The single instructions of a compound one, in the order of the text."""
    if hasattr(instruction, "instr_a"):
        yield from _leaves(instruction.instr_a)
        yield from _leaves(instruction.instr_b)
    else:
        yield instruction


def _watch(env: Any, leaf: Any, index: int, ends: dict[int, int]) -> None:
    """Note in `ends[index]` the frame after the one that first shows `leaf` achieved."""
    verify = leaf.verify

    def watched(action: Any) -> Any:
        status = verify(action)
        if status == "success":
            ends.setdefault(index, env.step_count + 1)  # the environment has counted this action already
        return status

    leaf.verify = watched


def _act(env: Any) -> list[NDArray[np.uint8]] | None:
    """Frames uint8 [49, 3] of the expert's way to success, or None."""
    bot = import_module("minigrid.utils.baby_ai_bot").BabyAIBot(env)
    frames, action = [_view(env)], None
    while len(frames) < LONGEST:
        bot.stack = _CountedStack(bot.stack)
        try:
            action = bot.replan(action)
        except Exception:  # it has no error of its own: assertions, type errors and others end a plan that went wrong
            return None
        _, reward, terminated, truncated, _ = env.step(action)
        frames.append(_view(env))
        if terminated or truncated:
            return frames if reward > 0 else None
    return None


class _CountedStack(list[Any]):
    """The expert's stack of goals, which ends an endless `replan`: each round of its loop looks at the top."""

    looks = 0

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        self.looks += 1
        if self.looks > LOOKS:
            raise EndlessError
        return super().__getitem__(index)


def _view(env: Any) -> NDArray[np.uint8]:
    """Mean colour of each tile in view: uint8 [49, 3], rounded half up in whole numbers."""
    pixels = env.get_pov_render(TILE).reshape(VIEW, TILE, VIEW, TILE, 3)  # [row, y, column, x, rgb]
    area = TILE * TILE
    means = (2 * pixels.sum(axis=(1, 3), dtype=np.int64) + area) // (2 * area)
    return means.reshape(VIEW * VIEW, 3).astype(np.uint8)  # type: ignore[no-any-return]


def _steps(texts: list[str], ends: dict[int, int]) -> tuple[Step, ...]:
    order = sorted(ends, key=ends.__getitem__)
    starts = [0, *(ends[index] for index in order)]
    return tuple(Step(texts[index], start, ends[index]) for index, start in zip(order, starts, strict=False))


def _tidy(text: str) -> str:
    return " ".join(text.split())
