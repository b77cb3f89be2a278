"""What a training has seen: the file, and which ids of two data sets mean the same."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.api import Clip
from taco_bench.errors import DataError
from taco_bench.store.seen import World, hash_of, holds, load_seen, plain_video, save_seen, seen_by, world_of, youtube_of

YOUTUBE = ("GLd3aX16zBg", "xHr8X2Wpmno", "V53XmPeyjIU", "7oNZdYPyCzc")
"""Four of YouCook2's."""
NAMES = st.lists(st.text(min_size=1, max_size=6), unique=True)


def clips(*videos: str) -> list[Clip]:
    return [Clip(f"{video}#{at}", "train", ("a caption",), video) for video in videos for at in (0, 1)]


@given(NAMES, NAMES)
def test_what_it_holds_is_what_a_set_of_the_names_holds(known: list[str], asked: list[str]) -> None:
    seen = seen_by([Clip(name, "train", ("a caption",)) for name in known], World({"type": "a"}, False, False))
    assert holds(seen.clips, asked).tolist() == [name in set(known) for name in asked]
    assert seen.clips.tolist() == sorted({hash_of(name) for name in known})


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    world = world_of({"type": "a", "root": "/x", "size": 3}, ("root",), {"captions": "1f"}, YOUTUBE)
    seen = seen_by(clips(*YOUTUBE), world)
    save_seen(tmp_path / "seen.npz", seen)
    found = load_seen(tmp_path / "seen.npz")
    assert found is not None
    assert found.world == world == World({"type": "a", "size": 3}, made=False, youtube=True)
    assert (len(found.clips), len(found.videos)) == (8, 4)
    assert np.array_equal(found.clips, seen.clips)
    assert np.array_equal(found.videos, seen.videos)
    assert [path.name for path in tmp_path.iterdir()] == ["seen.npz"]


def test_no_file_is_nothing_known_and_a_torn_one_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "seen.npz"
    assert load_seen(path) is None
    save_seen(path, seen_by(clips("a"), World({"type": "a"}, False, False)))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match="cannot be read") as caught:
        load_seen(path)
    assert caught.value.where == str(path)


def test_youtubes_id_is_kept_beside_a_name_of_the_data_sets_own() -> None:
    seen = seen_by([Clip("a", "train", ("x",), "video7", web=YOUTUBE[0])], World({"type": "a"}, False, True))
    assert holds(seen.videos, ["video7", YOUTUBE[0], "a"]).tolist() == [True, True, False]


def test_a_clip_without_a_video_is_its_own(tmp_path: Path) -> None:
    seen = seen_by([Clip("a", "train", ("x",))], World({"type": "a"}, False, False))
    assert holds(seen.videos, ["a", "b"]).tolist() == [True, False]


class TestTheSameWorld:
    def test_files_of_one_data_set_name_the_same_in_every_split(self) -> None:
        one, other = World({"type": "msrvtt", "split": "full"}, False, False), World({"type": "msrvtt", "split": "1k-a-9k"}, False, False)
        assert one.same(other)
        assert not one.same(World({"type": "msrvtt1k"}, False, False))
        assert one.same(World({"type": "msrvtt1k"}, False, False, videos_of="msrvtt"))

    def test_what_can_be_compared(self) -> None:
        files, tube, made = World({"type": "a"}, False, False), World({"type": "b"}, False, True), World({"type": "c"}, True, False)
        assert not files.comparable(tube)
        assert not tube.comparable(files)
        assert tube.comparable(World({"type": "d"}, False, True))
        assert files.comparable(made)  # nothing of a world made at run time is anything else's
        assert files.comparable(files)

    def test_what_is_made_at_run_time_is_the_same_with_the_same_options_alone(self) -> None:
        one, other = (world_of({"type": "planted", "seed": seed}, (), {}, ["train-0"]) for seed in (0, 1))
        assert one.same(one)
        assert not one.same(other)


class TestYouTube:
    def told(self, *videos: str) -> bool:
        return world_of({"type": "a"}, (), {}, videos).youtube

    def test_most_must_look_so(self) -> None:
        assert self.told(*YOUTUBE)
        assert self.told(*(f"v_{video}" for video in YOUTUBE))
        assert self.told(*(f"abcdefghi{at}A" for at in range(9)), "broken")
        assert not self.told(*(f"abcdefghi{at}A" for at in range(8)), "broken", "too")
        assert not self.told()

    @pytest.mark.parametrize("pattern", ["video{:06d}", "train-{:05d}", "video{}", "{}", "{:011d}"])
    def test_counted_names_do_not(self, pattern: str) -> None:
        assert not self.told(*(pattern.format(at) for at in range(1000)))

    def test_the_prefix_of_activitynet_is_left_out_of_them_alone(self) -> None:
        assert plain_video(f"v_{YOUTUBE[0]}") == YOUTUBE[0] == plain_video(YOUTUBE[0])
        assert plain_video("v_1") == "v_1"

    @pytest.mark.parametrize(
        ("path", "pattern", "count"),
        [
            ("crosstask/crosstask_release/videos.csv", r"^\d+,([^,]+),", 4_752),
            ("youcook2/val_list.txt", r"/(\S+)$", 457),
            ("coin/COIN_10070.json", r'"([\w-]{11})": ?\{"recipe_type"', 10_070),
            ("activitynet_captions/train.json", r'"(v_[\w-]{11})": ?\{', 10_009),
        ],
    )
    def test_the_real_ones_are(self, path: str, pattern: str, count: int, shared_data: Path) -> None:
        found = set(re.findall(pattern, (shared_data / path).read_text(), re.MULTILINE))
        assert len(found) >= 0.9 * count
        assert self.told(*found)

    @pytest.mark.parametrize("video", YOUTUBE)
    def test_a_clips_id_has_it_at_its_beginning(self, video: str) -> None:
        for name in (video, f"v_{video}", f"{video}_0", f"{video}_12_25", f"v_{video}_3", f"{video}-1.5-20.25"):
            assert youtube_of(name) == video
        for name in ("video7", f"{video}_", f"{video}_x", f"{video}_1_2_3", f"x{video}", ""):
            assert youtube_of(name) == ""
