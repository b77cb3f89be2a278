"""What the splits of a data set share."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import builders
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench import leakage
from taco_bench.api import Clip
from taco_bench.config import LEAKS, Experiment
from taco_bench.data.features import FeatureStore
from taco_bench.data.prepared import Prepared
from taco_bench.errors import ConfigError, DataError
from taco_bench.leakage import Leak, find_leaks, shared_between_splits
from taco_bench.plugins import Component, Plugins, load_plugins
from taco_bench.resolve import resolve
from taco_bench.starts_seen import not_compared
from taco_bench.store.seen import Seen, seen_by, world_of

SPLITS = ("train", "val", "test")
BASES = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
Clips = dict[str, list[Clip]]


class Memory:
    """Stands for a data set and an encoder; only its source counts."""


def features_of(vectors: dict[str, np.ndarray]) -> FeatureStore:
    """Each clip has two tokens with the given mean."""
    turn = np.array([[1.0], [-1.0]], np.float32)
    values = np.concatenate([vector + turn * (at % 3) for at, vector in enumerate(vectors.values())])
    return FeatureStore(values, np.arange(0, 2 * len(vectors) + 1, 2), {name: at for at, name in enumerate(vectors)})


def far(clips: Clips) -> FeatureStore:
    """Features of which none are near each other."""
    draw = np.random.default_rng(1)
    return features_of({clip.id: draw.normal(size=6).astype(np.float32) for split in clips.values() for clip in split})


def world(test: dict[str, Any] | None = None, **clips: Any) -> Clips:
    """Three clean splits of four clips; ``test`` changes fields of the first test clip, ``clips`` whole splits."""
    found = {split: [Clip(f"{split}-{i}", split, (f"{split} caption {i}",), f"{split}-video-{i}") for i in range(4)] for split in SPLITS}
    if test:
        found["test"][0] = Clip(**{**vars(found["test"][0]), **test})
    return found | clips


def kinds(leaks: list[Leak]) -> list[tuple[str, tuple[str, str], int, int]]:
    return [(leak.kind, leak.splits, leak.count, leak.of) for leak in leaks]


class TestWhatIsFound:
    def test_clean_splits_share_nothing(self) -> None:
        assert shared_between_splits(world(), far(world())) == []

    @pytest.mark.parametrize(
        ("change", "kind"),
        [
            ({"video": "train-video-2"}, "same-video"),
            ({"captions": ("another", "train caption 1")}, "same-caption"),
            ({"captions": ("  TRAIN\tcaption   1 ",)}, "same-caption"),
        ],
    )
    def test_one_thing_shared_is_one_leak(self, change: dict[str, Any], kind: str) -> None:
        clips = world(change)
        assert shared_between_splits(clips, far(clips)) == [Leak(kind, ("train", "test"), 1, 4, ("test-0",))]

    def test_a_clip_in_two_splits_shares_all_but_its_words(self) -> None:
        clips = world({"id": "val-1", "video": ""})
        clips["val"][1] = Clip("val-1", "val", ("val caption 1",))
        assert kinds(shared_between_splits(clips, far(clips))) == [
            (kind, ("val", "test"), 1, 4) for kind in ("same-id", "same-video", "near-identical-features")
        ]

    def test_a_clip_without_a_video_is_its_own(self) -> None:
        """The id of a test clip is the video of a training clip: a whole video, and a segment of it."""
        clips = world({"video": "", "id": "train-video-3"})
        assert kinds(shared_between_splits(clips, far(clips))) == [("same-video", ("train", "test"), 1, 4)]

    @pytest.mark.parametrize(("noise", "found"), [(0.0, True), (1e-5, True), (0.2, False)])
    def test_features_count_from_a_cosine_of_0_9999(self, noise: float, found: bool) -> None:
        """Of the centred means: a common offset as large as this would make every pair of raw means look alike."""
        draw, clips = np.random.default_rng(2), world()
        vectors = {clip.id: draw.normal(size=6).astype(np.float32) for split in clips.values() for clip in split}
        vectors["test-2"] = vectors["train-3"] + noise * draw.normal(size=6).astype(np.float32)
        leaks = shared_between_splits(clips, features_of({name: 100 + vector for name, vector in vectors.items()}))
        assert kinds(leaks) == ([("near-identical-features", ("train", "test"), 1, 4)] if found else [])

    def test_splits_without_clips_are_left_out(self) -> None:
        clips = world({"video": "train-video-2"}, val=[])
        assert [leak.splits for leak in shared_between_splits(clips, far(clips))] == [("train", "test")]
        assert shared_between_splits({"train": clips["train"]}, far(clips)) == []

    def test_examples_are_the_first_few(self) -> None:
        clips = world(test=None)
        clips["test"] = [Clip(f"test-{i}", "test", ("train caption 0",)) for i in range(9)]
        (leak,) = shared_between_splits(clips, far(clips))
        assert (leak.count, leak.of, leak.examples) == (9, 9, ("test-0", "test-1", "test-2"))

    def test_blocks_change_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        names = [f"{split}-{i}" for split in SPLITS for i in range(7)]
        clips = {split: [Clip(name, split, (name,)) for name in names if name.startswith(split)] for split in SPLITS}
        store = features_of({name: BASES[sum(map(ord, name)) % 5] for name in names})
        whole = shared_between_splits(clips, store)
        assert whole
        monkeypatch.setattr(leakage, "AT_A_TIME", 2)
        assert shared_between_splits(clips, store) == whole


def naive(clips: Clips, vectors: dict[str, np.ndarray]) -> dict[tuple[str, str, str], int]:
    """Pair by pair, in double precision."""
    count: dict[tuple[str, str, str], int] = {}
    for earlier, later in itertools.combinations(SPLITS, 2):
        middle = np.mean([vectors[c.id] for c in clips[earlier]], axis=0, dtype=np.float64) if clips[earlier] else 0
        for one in clips[later]:
            pairs = [(one, other) for other in clips[earlier]]
            looks = {
                "same-id": any(a.id == b.id for a, b in pairs),
                "same-video": any((a.video or a.id) == (b.video or b.id) for a, b in pairs),
                "same-caption": any(set(map(plain, a.captions)) & set(map(plain, b.captions)) for a, b in pairs),
                "near-identical-features": any(cosine(vectors[a.id] - middle, vectors[b.id] - middle) > 0.9999 for a, b in pairs),
            }
            for kind, found in looks.items():
                if found:
                    count[kind, earlier, later] = count.get((kind, earlier, later), 0) + 1
    return count


def plain(caption: str) -> str:
    return " ".join(caption.lower().split())


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths > 1e-6 else 0.0


@st.composite
def shared_worlds(draw: st.DrawFn) -> tuple[Clips, dict[str, np.ndarray]]:
    """Few ids, videos and captions, so that much is shared; features are far apart or copies. Three anchors keep the middle off them."""
    videos, captions = st.sampled_from(["", "v0", "v1", "v2", "i0"]), st.sampled_from(["a b", "A  b", "c", "d", "E", "e"])
    clips: Clips = {}
    for split in SPLITS:
        ids = draw(st.lists(st.sampled_from([f"i{n}" for n in range(9)]), unique=True, max_size=5))
        clips[split] = [Clip(name, split, tuple(draw(st.lists(captions, min_size=1, max_size=2))), draw(videos)) for name in ids]
        clips[split] += [Clip(f"{split}-anchor-{n}", split, (f"{split} {n}",)) for n in range(3)]
    names = sorted({clip.id for split in clips.values() for clip in split})
    anchors = np.random.default_rng(3).normal(size=(9, 6)).astype(np.float32)
    vectors = {name: BASES[draw(st.integers(0, 4))] for name in names if "anchor" not in name}
    vectors |= {name: anchors[at] for at, name in enumerate(name for name in names if "anchor" in name)}
    return clips, vectors


@given(shared_worlds())
def test_counts_are_those_of_a_search_pair_by_pair(found: tuple[Clips, dict[str, np.ndarray]]) -> None:
    clips, vectors = found
    leaks = shared_between_splits(clips, features_of(vectors))
    assert {(leak.kind, *leak.splits): leak.count for leak in leaks} == naive(clips, vectors)
    for leak in leaks:
        assert leak.of == len(clips[leak.splits[1]])
        assert set(leak.examples) <= {clip.id for clip in clips[leak.splits[1]]}


class LeavingOut:
    """A data set that can be made without some videos."""

    def __init__(self, exclude: str = "") -> None:
        self.exclude = exclude


Find = Callable[..., list[Leak]]


@pytest.fixture
def find(empty_cache: Path) -> Find:
    """Looks for leaks as a run does."""

    def look(
        clips: Clips,
        distinct: bool = False,
        acknowledge: tuple[str, ...] = (),
        store: FeatureStore | None = None,
        starts: dict[str, Seen] | None = None,
    ) -> list[Leak]:
        plugins = Plugins()
        plugins.add(Component("data", "memory", Memory, "in memory", "test", "0", distinct_captions=distinct))
        plugins.add(Component("data", "leaving-out", LeavingOut, "in memory", "test", "0"))
        plugins.add(Component("encoder", "memory", Memory, "in memory", "test", "0"))
        experiment: Experiment = builders.experiment().model_copy(update={"acknowledge": acknowledge})
        state = {"clips": str(sorted((split, *map(str, found)) for split, found in clips.items()))}
        return find_leaks(experiment, Prepared(clips, store or far(clips), {}, builders.TinyText(), state), plugins, starts)

    return look


def near(clips: Clips) -> FeatureStore:
    store = far(clips)
    store.values[:2] = store.values[16:18]  # train-0 and test-0
    return store


class TestWhatStops:
    def test_the_same_video_stops_and_the_message_says_how_to_go_on(self, find: Find) -> None:
        with pytest.raises(DataError) as caught:
            find(world({"video": "train-video-1"}))
        assert caught.value.exit_code == 3
        assert caught.value.lines() == [
            "1 of 4 test clips have the same video as train clips",
            "  where: data set memory, clips such as test-0",
            "  try:   mend the splits, or --acknowledge same-video, which is printed under every table",
        ]

    def test_the_same_id_stops_until_both_that_it_shares_are_acknowledged(self, find: Find) -> None:
        clips = world({"id": "train-1", "video": "train-video-1"})
        with pytest.raises(DataError, match="same id"):
            find(clips, acknowledge=("same-video",))
        with pytest.raises(DataError, match="same video"):
            find(clips, acknowledge=("same-id",))
        found = find(clips, acknowledge=("same-id", "same-video"))
        assert {leak.kind: (leak.stops, leak.acknowledged) for leak in found} == {
            "same-id": (True, True), "same-video": (True, True), "near-identical-features": (False, False),
        }  # fmt: skip

    def test_equal_captions_are_only_counted(self, find: Find) -> None:
        (leak,) = find(world({"captions": ("train caption 0",)}))
        assert (leak.stops, leak.acknowledged) == (False, False)
        assert leak.told() == "shared by the splits: same caption in train and test: 1 of 4 clips, such as test-0"

    def test_near_identical_features_are_only_counted(self, find: Find) -> None:
        clips = world()
        (leak,) = find(clips, store=near(clips))
        assert (leak.kind, leak.stops) == ("near-identical-features", False)

    @pytest.mark.parametrize("kind", ["same-caption", "near-identical-features"])
    def test_a_data_set_of_distinct_captions_stops_at_both(self, kind: str, find: Find) -> None:
        clips = world({"captions": ("train caption 0",)} if kind == "same-caption" else None)
        store = near(clips) if kind == "near-identical-features" else far(clips)
        with pytest.raises(DataError, match=f"--acknowledge {kind}"):
            find(clips, distinct=True, store=store)
        (leak,) = find(clips, distinct=True, acknowledge=(kind,), store=store)
        assert leak.told().startswith(f"LEAK, acknowledged: {kind.replace('-', ' ')} in train and test: 1 of 4 clips")

    def test_what_is_acknowledged_elsewhere_does_not_help(self, find: Find) -> None:
        with pytest.raises(DataError):
            find(world({"video": "train-video-1"}), acknowledge=("same-id", "same-caption", "near-identical-features"))

    def test_it_is_looked_for_once(self, find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
        clips = world({"captions": ("train caption 0",)})
        first = find(clips)
        monkeypatch.setattr(leakage, "shared_between_splits", lambda *_: pytest.fail("looked again"))
        assert find(clips) == first

    def test_a_broken_cache_is_made_again(self, find: Find, empty_cache: Path) -> None:
        clips = world({"captions": ("train caption 0",)})
        first = find(clips)
        (path,) = (empty_cache / "leaks").iterdir()
        path.write_text("[{")
        assert find(clips) == first
        assert path.read_text() != "[{"


def seen(clips: Clips, data: str = "memory", training: str = "0123abcd", **options: object) -> dict[str, Seen]:
    """What a training on these clips has seen, as :func:`find_leaks` takes it; their data set has files."""
    videos = [clip.video for some in clips.values() for clip in some]
    return {training: seen_by(clips["train"], world_of({"type": data, **options}, (), {"file": "1f"}, videos))}


def youtube(split: str, first: int, count: int = 4) -> list[Clip]:
    videos = [f"abcdefgh{at:02d}A" for at in range(first, first + count)]
    return [Clip(f"{split}-{at}", split, (f"{split} caption {at}",), video) for at, video in enumerate(videos)]


def of_youtube(train: int, test: int) -> Clips:
    """Videos from two numbers on, four a split."""
    return {"train": youtube("train", train), "test": youtube("test", test)}


class TestStarts:
    def test_a_video_that_the_start_has_seen_stops(self, find: Find) -> None:
        with pytest.raises(DataError) as caught:
            find(of_youtube(0, 10), starts=seen(of_youtube(12, 40), "other"))
        assert caught.value.lines() == [
            "2 of 4 test clips have the same video as clips that the training 0123abcd has seen, from which it starts",
            "  where: data set memory, clips such as test-2, test-3",
            "  try:   make the start again without them, or --acknowledge same-video, which is printed under every table",
        ]

    def test_acknowledged_it_is_told(self, find: Find) -> None:
        (leak,) = find(of_youtube(0, 10), starts=seen(of_youtube(12, 40), "other"), acknowledge=("same-video",))
        assert leak.told() == "LEAK, acknowledged: same video in the training 0123abcd and test: 2 of 4 clips, such as test-2, test-3"

    def test_each_training_of_a_chain_is_compared(self, find: Find) -> None:
        chain = seen(of_youtube(20, 40), "other") | seen(of_youtube(13, 40), "other", "beef")
        with pytest.raises(DataError, match="training beef has seen"):
            find(of_youtube(0, 10), starts=chain)

    def test_training_videos_may_be_seen_twice(self, find: Find) -> None:
        assert find(of_youtube(0, 10), starts=seen(of_youtube(0, 40), "other")) == []
        assert find(of_youtube(0, 10), starts=seen(of_youtube(0, 40))) == []

    def test_other_names_of_another_data_set_are_not_compared(self, find: Find) -> None:
        clips = world()
        trained = {"train": [replace(clip, split="train") for clip in clips["test"]]}
        assert find(clips, starts=seen(trained, "other")) == []
        with pytest.raises(DataError, match="same id as clips that the training"):
            find(clips, starts=seen(trained))

    def test_clip_ids_of_another_data_set_are_never_compared(self, find: Find) -> None:
        trained = {"train": [replace(clip, id=f"test-{at}") for at, clip in enumerate(youtube("train", 30))]}
        assert find(of_youtube(0, 10), starts=seen(trained, "other")) == []

    def test_the_remedy_is_an_option_of_the_starts_data_set(self, find: Find) -> None:
        with pytest.raises(DataError, match=r"--data leaving-out --set data\.exclude=FILE, a file with the ids"):
            find(of_youtube(0, 10), starts=seen(of_youtube(12, 40), "leaving-out"))


def msrvtt(split: str, first: int) -> list[Clip]:
    """Clips with names of their own beside YouTube's."""
    names = [f"video{at}" for at in range(first, first + 4)]
    return [replace(clip, id=name, video=name, web=clip.video) for name, clip in zip(names, youtube(split, first), strict=True)]


class TestOtherNames:
    def test_youtubes_ids_beside_a_data_sets_own_are_compared(self, find: Find) -> None:
        clips, narrated = {"train": msrvtt("train", 60), "test": msrvtt("test", 10)}, seen(of_youtube(12, 40), "other")
        with pytest.raises(DataError, match="2 of 4 test clips have the same video as clips that the training 0123abcd") as caught:
            find(clips, starts=narrated)
        assert caught.value.where.endswith("clips such as video12 (abcdefgh12A), video13 (abcdefgh13A)")
        assert find({**clips, "test": msrvtt("test", 20)}, starts=narrated) == []

    def test_and_so_are_those_of_a_start(self, find: Find) -> None:
        known = {"train": msrvtt("train", 12)}
        worlds = world_of({"type": "other"}, (), {"file": "1f"}, [clip.web for clip in known["train"]])
        with pytest.raises(DataError, match="same video"):
            find(of_youtube(0, 10), starts={"0123abcd": seen_by(known["train"], worlds)})

    def test_a_data_set_may_have_the_ids_of_another(self, find: Find) -> None:
        part = seen({"train": [replace(clip, split="train") for clip in world()["test"]]}, "part")
        assert find(world(), starts=part) == []
        declared = {name: replace(one, world=replace(one.world, videos_of="memory")) for name, one in part.items()}
        with pytest.raises(DataError, match="4 of 4 test clips have the same id as clips that the training 0123abcd has seen"):
            find(world(), starts=declared)

    @pytest.mark.parametrize(
        ("names", "youtube_names", "said"),
        [("other", False, True), ("memory", False, False), ("other", True, False)],
    )
    def test_what_cannot_be_compared_is_said(self, names: str, youtube_names: bool, said: bool, empty_cache: Path) -> None:
        plugins = Plugins()
        plugins.add(Component("data", "memory", Memory, "in memory", "test", "0"))
        clips = of_youtube(0, 10) if youtube_names else world()
        prepared = Prepared(clips, far(clips), {}, builders.TinyText(), {"clips": "1f"})
        found = not_compared(builders.experiment(), prepared, plugins, seen(of_youtube(12, 40), names))
        assert bool(found) == said
        if said:
            assert found[0].startswith("not compared: the ids of other and memory name different things")
            assert "the training 0123abcd" in found[0]


def test_msrvtt1k_has_the_ids_of_msrvtt() -> None:
    assert load_plugins(third_party=False).get("data", "msrvtt1k").videos_of == "msrvtt"


class TestAcknowledging:
    def test_by_name_and_several(self) -> None:
        plugins = load_plugins(third_party=False)
        below = {"data": "planted"}
        assert resolve([below, {"acknowledge": "same-video,same-caption"}], plugins).acknowledge == ("same-video", "same-caption")
        assert resolve([below], plugins).acknowledge == ()
        with pytest.raises(ConfigError) as caught:
            resolve([below, {"acknowledge": "same-vidoe"}], plugins)
        assert caught.value.lines()[:2] == ["unknown kind of leak 'same-vidoe'", "  where: --acknowledge"]
        assert "did you mean same-video" in caught.value.lines()[2]

    def test_every_kind_has_a_name(self) -> None:
        assert set(LEAKS) == {"same-id", "same-video", "same-caption", "near-identical-features"}

    def test_it_changes_no_training(self) -> None:
        """An acknowledged run finds the cells of one that had nothing to acknowledge."""
        plugins = load_plugins(third_party=False)
        one, other = (resolve([{"data": "planted", "acknowledge": kinds}], plugins) for kinds in ((), ("same-video",)))
        assert one.training() == other.training()
