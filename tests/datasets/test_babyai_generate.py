"""The shipped BabyAI episodes: what the splits promise, and that level and seed alone give each episode again."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from taco_bench_datasets import babyai_generate
from taco_bench_datasets.babyai_episode import TILE

DATA = Path(babyai_generate.__file__).parent / "data"

Entry = dict[str, Any]
Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def lines() -> list[Entry]:
    text = (DATA / "babyai.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def entries(lines: list[Entry]) -> list[Entry]:
    return lines[1:]


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    with np.load(DATA / "babyai.npz", allow_pickle=False) as file:
        return dict(file)


def captions(entries: list[Entry], split: str) -> list[str]:
    return [babyai_generate.normalise(entry["caption"]) for entry in entries if entry["split"] == split]


# --- the files


def test_header_says_what_made_the_set(lines: list[Entry]) -> None:
    levels = [source.level for source in babyai_generate.MIXTURE]
    assert lines[0] == {"format": 1, **babyai_generate.PINNED, "episodes": len(lines) - 1, "levels": levels}


def test_arrays_fit_together(entries: list[Entry], arrays: Arrays) -> None:
    palette, tiles, offsets = arrays["palette"], arrays["tiles"], arrays["offsets"]
    assert [array.dtype.name for array in (palette, tiles, offsets)] == ["uint8", "uint8", "int64"]
    assert tiles.shape == (offsets[-1], 49)
    assert len(offsets) == len(entries) + 1
    assert offsets[0] == 0
    assert (np.diff(offsets) >= babyai_generate.SHORTEST).all()
    assert (np.diff(offsets) <= 64).all()
    assert len(np.unique(palette, axis=0)) == len(palette)
    assert set(np.unique(tiles)) == set(range(len(palette)))


def test_shipped_files_are_small() -> None:
    assert sum((DATA / name).stat().st_size for name in ("babyai.npz", "babyai.jsonl")) < 5_000_000


def test_steps_cover_each_episode_in_order(entries: list[Entry], arrays: Arrays) -> None:
    for entry, frames in zip(entries, np.diff(arrays["offsets"]), strict=True):
        bounds = [(step["start"], step["end"]) for step in entry["steps"]]
        assert [start for start, _ in bounds] == [0, *(end for _, end in bounds[:-1])], entry["id"]
        assert all(start < end for start, end in bounds), entry["id"]
        assert bounds[-1][1] == frames, entry["id"]


def test_texts_are_tidy_and_steps_are_parts_of_the_caption(entries: list[Entry]) -> None:
    for entry in entries:
        texts = [entry["caption"], *(step["text"] for step in entry["steps"])]
        assert all(text == " ".join(text.split()).lower() for text in texts), entry["id"]
        assert all(text in entry["caption"] for text in texts), entry["id"]


def test_last_frame_of_picking_up_shows_the_object_in_hand(entries: list[Entry], arrays: Arrays) -> None:
    under_agent = arrays["tiles"][:, 45]  # lowest row, middle
    empty = np.bincount(under_agent).argmax()
    for entry, offset in zip(entries, arrays["offsets"][:-1], strict=True):
        ends = [step["end"] for step in entry["steps"] if step["text"].startswith("pick up")]
        assert all(under_agent[offset + end - 1] != empty for end in ends), entry["id"]


# --- the splits


def test_split_sizes(entries: list[Entry]) -> None:
    assert Counter(entry["split"] for entry in entries) == babyai_generate.SPLITS
    assert babyai_generate.SPLITS["test"] == 500


def test_ids_and_seeds_are_unique(entries: list[Entry]) -> None:
    assert len({entry["id"] for entry in entries}) == len(entries)
    assert len({(entry["level"], entry["seed"]) for entry in entries}) == len(entries)


def test_no_caption_is_shared_between_splits(entries: list[Entry]) -> None:
    train, val, test = (set(captions(entries, split)) for split in ("train", "val", "test"))
    assert not train & val
    assert not train & test
    assert not val & test


@pytest.mark.parametrize(("split", "most"), [("train", 3), ("val", 1), ("test", 1)])
def test_captions_repeat_rarely(entries: list[Entry], split: str, most: int) -> None:
    assert max(Counter(captions(entries, split)).values()) <= most


def test_every_split_has_the_same_mixture(entries: list[Entry]) -> None:
    counts = Counter((entry["split"], entry["level"]) for entry in entries)
    for split, wanted in babyai_generate.SPLITS.items():
        for source in babyai_generate.MIXTURE:
            assert counts[split, source.level] == wanted * source.share / 100


def test_most_episodes_have_several_steps(entries: list[Entry]) -> None:
    assert np.mean([len(entry["steps"]) >= 2 for entry in entries]) >= 0.8


def test_normalise_maps_the_articles_to_one() -> None:
    assert babyai_generate.normalise("Go to  a ball after you open an box") == "go to the ball after you open the box"


# --- made again


def sample(entries: list[Entry]) -> list[int]:
    """The first episode of every level and split, spread over the file."""
    first: dict[tuple[str, str], int] = {}
    for index, entry in enumerate(entries):
        first.setdefault((entry["level"], entry["split"]), index)
    return sorted(first.values())


@pytest.fixture
def minigrid() -> None:
    for name, version in babyai_generate.PINNED.items():
        pytest.importorskip(name, reason=f"{name} is missing: pip install 'taco-bench[babyai]'")
        assert metadata.version(name) == version, "another release may make other levels"


@pytest.mark.usefixtures("minigrid")
def test_level_and_seed_give_the_shipped_episode(entries: list[Entry], arrays: Arrays) -> None:
    chosen = sample(entries)
    assert len(chosen) >= 8
    for index in chosen:
        entry = entries[index]
        made = babyai_generate.episode(entry["level"], entry["seed"])
        assert made is not None, entry["id"]
        shipped = arrays["palette"][arrays["tiles"][arrays["offsets"][index] : arrays["offsets"][index + 1]]]
        np.testing.assert_array_equal(made.colours, shipped, err_msg=entry["id"])
        steps = [{"text": step.text, "start": step.start, "end": step.end} for step in made.steps]
        assert (made.id, made.caption, steps) == (entry["id"], entry["caption"], entry["steps"])


@pytest.mark.usefixtures("minigrid")
def test_build_writes_the_same_bytes_twice_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = babyai_generate.Source("BabyAI-GoToSeqS5R2-v0", 100, steps=2)
    monkeypatch.setattr(babyai_generate, "MIXTURE", (source,))
    monkeypatch.setattr(babyai_generate, "SPLITS", {"train": 5, "val": 2, "test": 2})
    told: list[tuple[int, int]] = []
    for name in ("one", "two"):
        babyai_generate.build(tmp_path / name, progress=lambda done, wanted: told.append((done, wanted)))
    assert told == 2 * [(done, 9) for done in range(1, 10)]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["babyai.jsonl", "babyai.npz"]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.usefixtures("minigrid")
def test_a_level_with_too_few_captions_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(babyai_generate, "SPLITS", {"train": 2, "val": 2, "test": 2})
    monkeypatch.setattr(babyai_generate, "MIXTURE", (babyai_generate.Source("BabyAI-OneRoomS8-v0", 100),))
    with pytest.raises(RuntimeError, match="BabyAI-OneRoomS8-v0 has too few usable episodes"):
        babyai_generate.build(tmp_path)
    assert not list(tmp_path.iterdir())


def test_without_minigrid_it_is_an_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "minigrid", None)
    with pytest.raises(ImportError):
        babyai_generate.episode("BabyAI-GoToSeqS5R2-v0", 0)


@pytest.mark.usefixtures("minigrid")
def test_a_level_that_is_never_finished_gives_none() -> None:
    assert babyai_generate.episode("BabyAI-SynthS5R2-v0", 1741) is None  # no free tile is left for the agent


@pytest.mark.usefixtures("minigrid")
def test_an_expert_that_plans_for_ever_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def replan(bot: Any, _: Any) -> Any:
        while bot.stack:
            assert bot.stack[-1] is not None

    monkeypatch.setattr("minigrid.utils.baby_ai_bot.BabyAIBot.replan", replan)
    assert babyai_generate.episode("BabyAI-GoToSeqS5R2-v0", 0) is None


@pytest.mark.usefixtures("minigrid")
def test_palette_has_one_colour_for_each_kind_of_tile(arrays: Arrays) -> None:
    colours = sorted(mean_colour(*kind) for kind in tile_kinds())
    assert len(colours) == 58
    assert colours == sorted(map(tuple, arrays["palette"].tolist()))


def tile_kinds() -> Iterator[tuple[Any, bool, int | None]]:
    """What a tile can show: its content, whether it is in sight, and the agent's direction where it stands on it."""
    colors = import_module("minigrid.core.constants").COLOR_NAMES
    objects = import_module("minigrid.core.world_object")
    yield None, False, None  # out of sight a tile is always empty
    yield objects.Wall(), True, None
    for is_open, is_locked in ((True, False), (False, False), (False, True)):
        yield from ((objects.Door(color, is_open, is_locked), True, None) for color in colors)
    movable = [kind(color) for kind in (objects.Ball, objects.Box, objects.Key) for color in colors]
    for content in (None, *movable):
        yield content, True, None
        yield content, True, 3  # under the agent: what it carries


def mean_colour(content: Any, seen: bool, agent: int | None) -> tuple[int, ...]:
    draw = import_module("minigrid.core.grid").Grid.render_tile
    pixels = draw(content, agent_dir=agent, highlight=seen, tile_size=TILE).astype(np.uint8)  # cut off, as in a view
    return tuple(np.floor(pixels.mean(axis=(0, 1)) + 0.5).astype(int).tolist())
