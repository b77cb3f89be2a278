"""What of the cache can go: stores whose files are gone, changed or long unused; all others stay and are used."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from taco_bench.api import open_streams
from taco_bench.cli.main import call
from taco_bench.data.store.build import locked_if_free
from taco_bench.data.store.cached import note_of, stores_root
from taco_bench.data.store.check import checked_root
from taco_bench.plugins import load_plugins
from taco_bench.store.cache_gc import DAYS, cache_waste, remove_waste


@pytest.fixture(autouse=True)
def _own_cache(empty_cache: Path) -> None:
    pass


@pytest.fixture
def features(tmp_path: Path) -> Path:
    folder = tmp_path / "s3d"
    folder.mkdir()
    for number in range(3):
        np.save(folder / f"v{number}.npy", np.ones((4 + number, 512), np.float16))
    open_streams(f"s3d-hm={folder}")
    return folder


def only_store() -> Path:
    (folder,) = (path for path in stores_root().iterdir() if path.is_dir())
    return folder


def reasons() -> list[str]:
    return [item.why for item in cache_waste(load_plugins())]


def removed() -> None:
    remove_waste(cache_waste(load_plugins()), load_plugins())
    assert not list(stores_root().iterdir())
    assert not list(checked_root().iterdir())
    assert not reasons()


def test_what_is_in_use_stays(features: Path) -> None:
    assert reasons() == []
    before = only_store()
    open_streams(f"s3d-hm={features}")
    assert only_store() == before


def test_files_that_are_gone(features: Path) -> None:
    features.rename(features.with_name("elsewhere"))
    store, check = reasons()
    assert store == f"{features} is gone"
    assert "check of a store" in check
    removed()


@pytest.mark.parametrize("how", ["touched", "one more", "one less"])
def test_files_that_changed(features: Path, how: str) -> None:
    if how == "touched":
        os.utime(features / "v0.npy", (1, 1))
    elif how == "one more":
        np.save(features / "v9.npy", np.ones((4, 512), np.float16))
    else:
        (features / "v0.npy").unlink()
    assert reasons()[0] == f"{features} has changed"
    removed()


def test_files_that_no_reader_reads_any_more(features: Path) -> None:
    for path in features.iterdir():
        path.unlink()
    (features / "notes.txt").write_text("x")
    assert "can no longer be read" in reasons()[0] or "has changed" in reasons()[0]


def test_what_is_long_unused_until_it_is_used(features: Path) -> None:
    note = note_of(only_store())
    then = time.time() - (DAYS + 2) * 86400
    os.utime(note, (then, then))
    assert reasons()[0] == f"not used for {DAYS + 2} days"
    open_streams(f"s3d-hm={features}")
    assert reasons() == []


def test_what_is_being_built_stays(features: Path) -> None:
    features.rename(features.with_name("elsewhere"))
    with (only_store() / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert reasons() == []
    assert reasons()


def test_what_a_killed_build_left(features: Path) -> None:
    (only_store() / "store.json").unlink()
    assert reasons()[0] == "left by a build that was killed"
    removed()


def test_what_is_used_or_built_after_the_look_stays(features: Path) -> None:
    """Judged again under the lock that builds take."""
    note = note_of(only_store())
    then = time.time() - (DAYS + 2) * 86400
    os.utime(note, (then, then))
    found, before = cache_waste(load_plugins()), only_store()
    with (before / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert before not in [item.path for item in remove_waste(found, load_plugins())]
    open_streams(f"s3d-hm={features}")
    assert before not in [item.path for item in remove_waste(found, load_plugins())]
    assert open_streams(f"s3d-hm={features}").rows("s3d-hm", "v0").shape == (4, 512)
    os.utime(note, (then, then))
    assert before in [item.path for item in remove_waste(found, load_plugins())]
    assert not before.exists()


def test_a_build_that_waited_for_a_removal_begins_anew(features: Path) -> None:
    """It holds the lock of a file that is gone by then, which locks nobody out."""
    folder, waiting = only_store(), threading.Event()
    features_again = threading.Thread(target=lambda: (waiting.set(), open_streams(f"s3d-hm={features}")))
    with locked_if_free(folder) as free:
        assert free
        (folder / "store.json").unlink()  # so that it is built
        features_again.start()
        waiting.wait()
        time.sleep(0.3)
        folder.rename(folder.with_name(".removed-x"))
    features_again.join()
    assert reasons()[0] == "left by a removal that was killed"
    assert (folder / "store.json").is_file()
    remove_waste(cache_waste(load_plugins()), load_plugins())
    assert [path.name for path in stores_root().iterdir() if path.is_dir()] == [folder.name]


def test_notes_on_nothing(features: Path) -> None:
    shutil.rmtree(only_store())
    assert reasons() == ["note on a store that is gone", "a check of a store that is gone or another by now"]
    removed()


def test_a_store_outside_the_cache_keeps_its_check(features: Path, tmp_path: Path) -> None:
    assert call(["features", "build", "--from", str(features), "--stream", "s3d-hm", "--out", str(tmp_path / "own")]) == 0
    open_streams(f"s3d-hm={tmp_path / 'own'}")
    assert len(list(checked_root().iterdir())) == 2
    assert reasons() == []


def test_the_verb(features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is touched without --cache and --yes."""
    (tmp_path / "results").mkdir()
    features.rename(features.with_name("elsewhere"))
    folder, results = only_store(), ["--results", str(tmp_path / "results")]
    assert call(["gc", *results]) == 0
    assert "nothing to remove" in capsys.readouterr().out
    assert call(["gc", "--cache", *results]) == 0
    assert "would be removed" in capsys.readouterr().out
    assert folder.is_dir()
    assert call(["gc", "--cache", "--yes", *results]) == 0
    told = capsys.readouterr().out
    assert f"{folder}  ({features} is gone)" in told
    assert "2 files and folders" in told
    assert not folder.exists()
