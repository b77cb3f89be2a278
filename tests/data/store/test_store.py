"""Stores: bounded shards, lazy reading shared by processes, builds that are whole or not there, and checks that find every fault."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taco_bench.api import DataError, Track
from taco_bench.data.store.build import Source, build_store
from taco_bench.data.store.check import check_store
from taco_bench.data.store.layout import StoreCard, read_card
from taco_bench.data.store.opened import Store
from taco_bench.errors import UserError
from taco_bench.reporting import Silent


class Memory:
    """Feature files in memory."""

    streams = ("features",)
    cut = "mmpt"

    def __init__(self, tracks: Mapping[str, Track]) -> None:
        self.tracks = tracks

    def ids(self) -> Sequence[str]:
        return list(self.tracks)

    def read(self, stream: str, id: str) -> Track:
        return self.tracks[id]

    def files(self) -> Sequence[Path]:
        return []


def build(folder: Path, tracks: Mapping[str, Track], shard_bytes: int = 2**20, on_bad: Any = "error", videos: Any = None) -> StoreCard:
    return build_store(folder, Source(Memory(tracks), "features", Path("made"), "memory", videos), "s3d", Silent(), on_bad, shard_bytes)


def some(count: int = 20, width: int = 4, seed: int = 0) -> dict[str, Track]:
    draw = np.random.default_rng(seed)
    ids = [f"v{number}" for number in draw.permutation(count)]
    return {id: Track(draw.normal(size=(draw.integers(1, 9), width)).astype(np.float16), 1.0) for id in ids}


names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=40)
@given(lengths=st.dictionaries(names, st.integers(1, 30), min_size=1, max_size=25), shard_bytes=st.integers(1, 600), data=st.data())
def test_every_item_comes_back_from_bounded_shards(
    lengths: dict[str, int], shard_bytes: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    draw = np.random.default_rng(0)
    tracks = {}
    for id, length in lengths.items():
        times = np.sort(draw.uniform(0, 9, length)) if data.draw(st.booleans()) else None
        tracks[id] = Track(draw.normal(size=(length, 3)).astype(np.float32), data.draw(st.sampled_from([None, 1.0, 25 / 64])), times)
    folder = tmp_path_factory.mktemp("store")
    card = build(folder, tracks, shard_bytes)
    store = Store(folder)
    assert list(store) == sorted(lengths, key=str.encode)
    for id, track in tracks.items():
        found = store.track(id)
        np.testing.assert_array_equal(found.values, track.values.astype(np.float16))
        assert found.rate == track.rate
        assert (found.times is None) == (track.times is None)
        if track.times is not None:
            np.testing.assert_array_equal(found.times, track.times)
    for absent in ("", "another id that is longer than any", *(id + "x" for id in lengths)):
        if absent not in lengths:
            with pytest.raises(KeyError):
                store.track(absent)
    for shard in card.shards:
        rows = np.load(folder / card.data / shard.name)
        fit = [len(track.values) for track in tracks.values() if len(track.values) == len(rows)]
        assert rows.nbytes <= shard_bytes or fit  # one item alone may be larger
    assert card.rows == sum(lengths.values())
    assert check_store(folder, Silent()) == card


def test_values_are_views_of_files(tmp_path: Path) -> None:
    build(tmp_path / "s", some())
    values = Store(tmp_path / "s").track("v3").values
    base = values
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base  # type: ignore[assignment]
    assert isinstance(base, np.memmap)
    assert not values.flags.writeable


def test_nothing_but_the_card_and_the_index_is_opened_at_first(tmp_path: Path) -> None:
    build(tmp_path / "s", some(), 64)
    store = Store(tmp_path / "s")
    assert not store._shards
    store.track("v3")
    assert len(store._shards) == 1


def _sum(folder: str) -> float:
    store = Store(Path(folder))
    return float(sum(store.track(id).values.astype(np.float64).sum() for id in store))


def test_processes_read_one_store(tmp_path: Path) -> None:
    tracks = some(100)
    build(tmp_path / "s", tracks)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(_sum, [str(tmp_path / "s")] * 4)
    assert found == [pytest.approx(sum(track.values.astype(np.float64).sum() for track in tracks.values()))] * 4


def test_the_same_content_has_the_same_bytes_and_fingerprint(tmp_path: Path) -> None:
    a = build(tmp_path / "a", some())
    b = build(tmp_path / "b", dict(reversed(some().items())))
    assert a == b
    assert {p.name: p.read_bytes() for p in a.files(tmp_path / "a")} == {p.name: p.read_bytes() for p in b.files(tmp_path / "b")}
    changed = some()
    changed["v3"].values[0, 0] += 1
    assert build(tmp_path / "c", changed).fingerprint != a.fingerprint


def test_rebuilding_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    build(tmp_path, some(seed=1))
    old = Store(tmp_path)
    card = build(tmp_path, some(seed=2))
    assert {path.name for path in tmp_path.iterdir()} == {"store.json", ".lock", card.data}
    with pytest.raises(DataError, match="cannot be read"):
        old.track("v3")  # not a mixture of both
    again = build(tmp_path, some(seed=2))
    assert again.fingerprint == card.fingerprint
    assert check_store(tmp_path, Silent()) == again


def test_a_failed_build_leaves_the_old_store(tmp_path: Path) -> None:
    card = build(tmp_path, some())
    bad = some()
    bad["v7"].values[0, 0] = np.inf
    with pytest.raises(DataError, match="not finite"):
        build(tmp_path, bad)
    assert check_store(tmp_path, Silent()) == card
    assert {path.name for path in tmp_path.iterdir()} == {"store.json", ".lock", card.data}


SLOW = """
import sys, time
sys.path[:0] = [{tests!r}]
from pathlib import Path
import numpy as np
from test_store import Memory, Track, build
class Slow(dict):
    def __getitem__(self, key):
        print(key, flush=True)
        time.sleep(0.02)
        return dict.__getitem__(self, key)
build(Path(sys.argv[1]), Slow({{f"w{{n:03d}}": Track(np.full((5, 4), n, np.float16), 1.0) for n in range(500)}}), 400)
"""


def test_a_killed_build_leaves_the_old_store_and_the_next_one_goes_through(tmp_path: Path) -> None:
    card = build(tmp_path, some())
    code = SLOW.format(tests=str(Path(__file__).parent))
    started = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    for _ in range(30):
        assert started.stdout.readline()
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    started.stdout.close()
    assert list((tmp_path / ".building").glob("shard-*"))
    assert check_store(tmp_path, Silent()) == card
    new = build(tmp_path, some(seed=5))  # the lock died with its holder
    assert check_store(tmp_path, Silent()) == new
    assert {path.name for path in tmp_path.iterdir()} == {"store.json", ".lock", new.data}


def test_a_killed_first_build_is_no_store(tmp_path: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-c", SLOW.format(tests=str(Path(__file__).parent)), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    for _ in range(30):
        assert started.stdout.readline()
    started.kill()
    started.wait()
    started.stdout.close()
    with pytest.raises(DataError, match="no feature store"):
        Store(tmp_path)


def _build_slowly(folder: str, seed: int) -> str:
    class Slow(Memory):
        def read(self, stream: str, id: str) -> Track:
            time.sleep(0.005)
            return super().read(stream, id)

    return build_store(Path(folder), Source(Slow(some(40, seed=seed)), "features", Path("made"), "memory"), "s3d", Silent()).fingerprint


def test_two_builds_at_once_wait_for_each_other(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        prints = pool.starmap(_build_slowly, [(str(tmp_path), 1), (str(tmp_path), 2)])
    assert check_store(tmp_path, Silent()).fingerprint in prints


def spoilt(folder: Path, name: str, how: str) -> None:
    path = folder / read_card(folder).data / name
    content = path.read_bytes()
    path.unlink()
    if how == "corrupt":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how != "missing":
        path.write_bytes(content[: len(content) // 2] if how == "truncated" else content + b"\0")


@pytest.mark.parametrize("how", ["missing", "truncated", "too long", "corrupt"])
@pytest.mark.parametrize("name", ["shard-00001.npy", "ids.npy", "offsets.npy", "rates.npy"])
def test_check_names_what_is_wrong(name: str, how: str, tmp_path: Path) -> None:
    build(tmp_path, some(), 100)
    spoilt(tmp_path, name, how)
    with pytest.raises(DataError, match=f"1 fault: {name} is {how}") as caught:
        check_store(tmp_path, Silent())
    assert caught.value.where == str(tmp_path)
    assert caught.value.exit_code == 3
    if how != "corrupt":  # which only a look at every byte finds
        with pytest.raises(DataError, match=name):
            Store(tmp_path)


def test_check_names_everything_at_once(tmp_path: Path) -> None:
    build(tmp_path, some(), 100)
    for number, how in enumerate(("missing", "truncated", "corrupt")):
        spoilt(tmp_path, f"shard-0000{number}.npy", how)
    with pytest.raises(DataError, match=r"3 faults:.*shard-00000.*shard-00001.*shard-00002"):
        check_store(tmp_path, Silent())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"schema": 1}', b'{"schema": 99}', b"\xff"])
def test_a_card_that_cannot_be_read(content: bytes, tmp_path: Path) -> None:
    build(tmp_path, some())
    (tmp_path / "store.json").write_bytes(content)
    with pytest.raises(DataError, match=r"card cannot be read|has schema 99"):
        Store(tmp_path)


def test_an_edited_card_is_found(tmp_path: Path) -> None:
    build(tmp_path, some())
    card = tmp_path / "store.json"
    card.write_text(card.read_text().replace('"cut": "mmpt"', '"cut": "univl"'))
    with pytest.raises(DataError, match="fingerprint"):
        check_store(tmp_path, Silent())


def test_many_malformed_items_are_told_together_and_soon(tmp_path: Path) -> None:
    tracks = some(100)
    reads = []

    class Counting(Memory):
        def read(self, stream: str, id: str) -> Track:
            reads.append(id)
            return super().read(stream, id)

    for id in tracks:
        tracks[id].values[0, 0] = np.nan
    with pytest.raises(DataError, match=r"in 19 more: v1, v10,") as caught:
        build_store(tmp_path, Source(Counting(tracks), "features", Path("made"), "memory"), "s3d", Silent())
    assert "--on-bad skip" in caught.value.hint
    assert len(reads) == 20
    with pytest.raises(DataError, match="not finite"):
        build(tmp_path, tracks, on_bad="skip")  # nothing would be left


def test_skipped_items_are_recorded(tmp_path: Path) -> None:
    tracks = some()
    tracks["v7"].values[0, 0] = np.nan
    card = build(tmp_path, tracks, on_bad="skip")
    assert list(card.skipped) == ["v7"]
    assert card.items == 19
    assert "v7" not in list(Store(tmp_path))
    assert read_card(tmp_path) == card


def test_only_the_videos_that_are_asked_for(tmp_path: Path) -> None:
    assert build(tmp_path, some(), videos={"v3", "v5", "none"}).items == 2
    assert list(Store(tmp_path)) == ["v3", "v5"]
    with pytest.raises(DataError, match="no features of any of the videos or clips asked for, such as none; there are those of v0 and v1"):
        build(tmp_path, some(), videos={"none"})


@pytest.mark.parametrize(("id", "word"), [("", "cannot be stored"), ("a\0b", "cannot be stored"), ("x" * 256, "cannot be stored")])
def test_ids_that_cannot_be_stored(id: str, word: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=word):
        build(tmp_path, {id: Track(np.zeros((1, 2), np.float16))})


def test_an_id_twice(tmp_path: Path) -> None:
    class Twice(Memory):
        def ids(self) -> list[str]:
            return ["v1", "v2", "v1"]

    with pytest.raises(DataError, match="'v1' occurs twice"):
        build_store(tmp_path, Source(Twice(some()), "features", Path("made"), "memory"), "s3d", Silent())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot write"):
        build(tmp_path / "s", some())


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data-2024").mkdir()
    with pytest.raises(UserError, match="other things, such as data-2024"):
        build(tmp_path, some())
    assert [path.name for path in tmp_path.iterdir()] == ["data-2024"]


def test_a_store_that_another_process_built_is_kept(tmp_path: Path) -> None:
    card = build(tmp_path, some())
    other = Source(Memory(some(seed=3)), "features", Path("made"), "memory")
    assert build_store(tmp_path, other, "s3d", Silent(), keep=True) == card
    shutil.rmtree(tmp_path / card.data)
    assert build_store(tmp_path, other, "s3d", Silent(), keep=True) != card


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        build(tmp_path / "s", some())


def test_a_moved_store_is_the_same_store(tmp_path: Path) -> None:
    build(tmp_path / "a", some())
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert len(Store(tmp_path / "b")) == 20
