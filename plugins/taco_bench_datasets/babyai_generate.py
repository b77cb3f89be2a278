"""Build the embedded data set: episodes of minigrid's BabyAI levels, chosen, split and written to two files."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taco_bench.api import replace_file
from taco_bench_datasets.babyai_episode import Episode, Step, episode

__all__ = ["Episode", "Step", "build", "episode", "normalise"]

FORMAT = 1
PINNED = {"minigrid": "3.2.0", "gymnasium": "1.4.0"}  # level generation may change between releases
SHORTEST = 6  # frames; below, the goal is at the agent's feet and nothing happens
SHORTEST_STEP = 2  # frames
SPLITS = {"train": 5000, "val": 400, "test": 500}  # episodes
REPEATS = 3  # training episodes with one caption; in the other splits captions are unique
ATTEMPTS = 40  # seeds tried for every episode wanted, before a level is given up


@dataclass(frozen=True)
class Source:
    """A level's part in the set: `share` of every split in percent, and the fewest steps an episode of it must have."""

    level: str
    share: int
    steps: int = 1


# Small rooms: 7 x 7 tiles show most of what a caption speaks of. Levels with few distinct captions have small shares.
MIXTURE = (
    Source("BabyAI-OpenDoorsOrderN4-v0", 2, steps=2),
    Source("BabyAI-PickupLoc-v0", 3),
    Source("BabyAI-SynthS5R2-v0", 7),
    Source("BabyAI-PutNextLocalS6N4-v0", 7),
    Source("BabyAI-MoveTwoAcrossS5N2-v0", 14, steps=2),
    Source("BabyAI-GoToSeqS5R2-v0", 28, steps=2),
    Source("BabyAI-MiniBossLevel-v0", 39, steps=2),
)


def build(out: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
    """Write the whole set, babyai.npz and babyai.jsonl, into the folder `out`; `progress(done, wanted)` in episodes."""
    wanted, books = sum(SPLITS.values()), _Books()
    made: list[tuple[str, Episode]] = []
    for source in MIXTURE:
        for entry in _fill(source, books):
            made.append(entry)
            if progress is not None:
                progress(len(made), wanted)
    made.sort(key=_shelf)
    replace_file(out / "babyai.npz", lambda path: _save(path, [found for _, found in made]))
    replace_file(out / "babyai.jsonl", lambda path: _write(path, made))


def normalise(caption: str) -> str:
    """The caption as captions are compared: lower case, one article."""
    return " ".join("the" if word in ("a", "an") else word for word in caption.lower().split())


@dataclass
class _Books:
    """Which split each caption belongs to, and how often it was used, over all levels."""

    home: dict[str, str] = field(default_factory=dict)
    uses: Counter[str] = field(default_factory=Counter)

    def split(self, caption: str, room: dict[str, int]) -> str | None:
        """The split that takes an episode with this caption, given the room left in each; None where none may."""
        caption = normalise(caption)
        home = self.home.get(caption) or _draw(caption, room)
        if not room[home] or self.uses[caption] >= (REPEATS if home == "train" else 1):
            return None
        self.home[caption] = home
        self.uses[caption] += 1
        room[home] -= 1
        return home


def _draw(caption: str, room: dict[str, int]) -> str:
    """A new caption's split: one of the three by its hash, and train where that one is full."""
    home = list(SPLITS)[int(hashlib.sha256(caption.encode()).hexdigest(), 16) % len(SPLITS)]
    return home if room[home] else "train"


def _fill(source: Source, books: _Books) -> Iterator[tuple[str, Episode]]:
    """The level's episodes with their splits, by seeds from 0 on."""
    room = {split: wanted * source.share // 100 for split, wanted in SPLITS.items()}
    for seed in range(ATTEMPTS * sum(room.values())):
        if not any(room.values()):
            return
        found = episode(source.level, seed)
        if found is not None and _worth(found, source) and (split := books.split(found.caption, room)):
            yield split, found
    raise RuntimeError(f"{source.level} has too few usable episodes: {room} are still missing")


def _worth(found: Episode, source: Source) -> bool:
    shortest = min(step.end - step.start for step in found.steps)
    return len(found.colours) >= SHORTEST and shortest >= SHORTEST_STEP and len(found.steps) >= source.steps


def _shelf(entry: tuple[str, Episode]) -> tuple[int, str]:
    """Place in the files: by split, and there mixed over the levels, so that any part of a split is like the whole."""
    split, found = entry
    return list(SPLITS).index(split), hashlib.sha256(found.id.encode()).hexdigest()


def _save(path: Path, episodes: list[Episode]) -> None:
    """Palette uint8 [P, 3]; tiles uint8 [frames, 49], rows of palette; offsets int64 [episodes + 1], rows of tiles."""
    palette, tiles = _index(np.concatenate([found.colours for found in episodes]))
    offsets = np.cumsum([0, *(len(found.colours) for found in episodes)], dtype=np.int64)
    with path.open("wb") as file:  # given a name, numpy would add .npz to it
        np.savez_compressed(file, palette=palette, tiles=tiles, offsets=offsets)


def _index(colours: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Distinct colours [P, 3], in ascending order, and for colours [frames, 49, 3] their rows [frames, 49] of it."""
    codes, rows = np.unique(colours.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1]), return_inverse=True)
    if len(codes) > 256:
        raise RuntimeError(f"{len(codes)} tile colours do not fit into one byte")
    palette = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    return palette.astype(np.uint8), rows.reshape(colours.shape[:2]).astype(np.uint8)


def _write(path: Path, made: list[tuple[str, Episode]]) -> None:
    path.write_bytes(b"".join(_lines(made)))


def _lines(made: list[tuple[str, Episode]]) -> Iterator[bytes]:
    """The .jsonl's lines: first what made the set, then an object for each episode."""
    versions = {name: metadata.version(name) for name in PINNED}
    levels = [source.level for source in MIXTURE]
    yield _line({"format": FORMAT, **versions, "episodes": len(made), "levels": levels})
    for split, found in made:
        steps = [{"text": step.text, "start": step.start, "end": step.end} for step in found.steps]
        head = {"id": found.id, "level": found.level, "seed": found.seed, "split": split}
        yield _line({**head, "caption": found.caption, "steps": steps})


def _line(entry: dict[str, Any]) -> bytes:
    return (json.dumps(entry, separators=(",", ":")) + "\n").encode()
