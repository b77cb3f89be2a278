"""Worker processes on this machine: how many, on which GPU, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from taco_bench_launchers import local
from taco_bench_launchers.local import Local

from taco_bench.api import Load

SLEEPER = """
import signal, sys, time
from pathlib import Path
def told(*_):
    Path(sys.argv[1], f"told-{__import__('os').getpid()}").touch()
    sys.exit(130)
signal.signal(signal.SIGINT, told)
Path(sys.argv[1], f"up-{__import__('os').getpid()}").touch()
time.sleep(60)
"""


def load(trainings: int, threads: int = 1, *, gpu: bool = False) -> Load:
    return Load(trainings, threads, gpu)


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda count: monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(count)), raising=False)


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return lambda count: monkeypatch.setattr("torch.cuda.device_count", lambda: count)


class TestNumberOfWorkers:
    @pytest.mark.parametrize(
        ("count", "trainings", "threads", "expected"),
        [(8, 4, 1, 4), (8, 20, 1, 8), (8, 20, 2, 4), (8, 20, 3, 2), (2, 5, 2, 1), (2, 5, 4, 1), (8, 0, 1, 1)],
    )
    def test_as_many_as_have_their_threads(
        self, count: int, trainings: int, threads: int, expected: int, cores: Callable[[int], None]
    ) -> None:
        cores(count)
        assert Local().workers(load(trainings, threads)) == expected

    @pytest.mark.parametrize(("wanted", "trainings", "expected"), [(3, 10, 3), (3, 2, 2), (1, 10, 1), (16, 10, 10)])
    def test_as_many_as_are_asked_for(self, wanted: int, trainings: int, expected: int, cores: Callable[[int], None]) -> None:
        cores(2)
        assert Local(workers=wanted).workers(load(trainings, threads=4)) == expected

    @pytest.mark.parametrize(("count", "per_gpu", "trainings", "expected"), [(1, 1, 9, 1), (4, 1, 9, 4), (4, 2, 9, 8), (2, 3, 4, 4)])
    def test_one_a_gpu_or_as_many_as_share_it(
        self, count: int, per_gpu: int, trainings: int, expected: int, cores: Callable[[int], None], gpus: Callable[[int], None]
    ) -> None:
        cores(2)  # do not count
        gpus(count)
        assert Local(per_gpu=per_gpu).workers(load(trainings, threads=8, gpu=True)) == expected

    def test_without_affinities_all_cores_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr("os.sched_getaffinity", raising=False)
        monkeypatch.setattr("os.cpu_count", lambda: 6)
        assert Local().workers(load(20)) == 6


def run(launcher: Local, what: Load, script: str, *arguments: object) -> list[str]:
    return list(launcher.launch(what, [sys.executable, "-c", script, *map(str, arguments)]))


SAY = """
import os, sys
from pathlib import Path
Path(sys.argv[1], str(os.getpid())).write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "none") + " " + str(os.getsid(0) == os.getpid()))
"""


def said(folder: Path) -> list[str]:
    return sorted(path.read_text().split()[0] for path in folder.iterdir())


class TestDevices:
    def test_each_gpu_has_its_workers(self, gpus: Callable[[int], None], tmp_path: Path) -> None:
        gpus(2)
        assert run(Local(per_gpu=2), load(9, gpu=True), SAY, tmp_path) == []
        assert said(tmp_path) == ["0", "0", "1", "1"]

    def test_only_those_that_this_process_may_see(
        self, gpus: Callable[[int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gpus(3)
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,GPU-abc,2")
        assert run(Local(), load(9, gpu=True), SAY, tmp_path) == []
        assert said(tmp_path) == ["2", "5", "GPU-abc"]

    def test_more_workers_than_gpus_go_round(self, gpus: Callable[[int], None], tmp_path: Path) -> None:
        gpus(2)
        assert run(Local(workers=3), load(9, gpu=True), SAY, tmp_path) == []
        assert said(tmp_path) == ["0", "0", "1"]

    def test_on_cpus_nothing_is_set(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        assert run(Local(workers=2), load(9), SAY, tmp_path) == []
        assert said(tmp_path) == ["none", "none"]

    def test_each_is_the_leader_of_a_session(self, tmp_path: Path) -> None:
        """So that an interrupt at the terminal reaches it once: by its launcher."""
        assert run(Local(workers=2), load(9), SAY, tmp_path) == []
        assert [path.read_text().split()[1] for path in tmp_path.iterdir()] == ["True", "True"]


class TestEnds:
    def test_nothing_is_told_where_all_end_well(self) -> None:
        assert run(Local(workers=2), load(9), "") == []

    def test_killed_workers_are_told(self) -> None:
        script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
        assert run(Local(workers=2), load(9), script) == ["worker 0 was killed by signal 9", "worker 1 was killed by signal 9"]

    def test_those_that_failed_are_told(self) -> None:
        assert run(Local(workers=2), load(9), "raise SystemExit(3)") == [
            "worker 0 ended with exit code 3",
            "worker 1 ended with exit code 3",
        ]

    def test_they_see_the_end_of_their_input_when_the_launcher_is_killed(self, tmp_path: Path) -> None:
        """Their standard input is a pipe that nobody but the launcher holds, not even the other workers."""
        read = "import os, sys; from pathlib import Path; os.read(0, 1); Path(sys.argv[1], str(os.getpid())).touch()"
        outer = (
            "import sys; from taco_bench.api import Load; from taco_bench_launchers.local import Local;"
            "print('up', flush=True); Local(workers=2).launch(Load(2, 1, False), [sys.executable, '-c', *sys.argv[1:]])"
        )
        launcher = subprocess.Popen([sys.executable, "-c", outer, read, str(tmp_path)], stdout=subprocess.PIPE)
        assert launcher.stdout is not None
        with launcher.stdout:
            assert launcher.stdout.readline() == b"up\n"
            children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children")
            until(lambda: len(children.read_text().split()) == 2)
            time.sleep(0.2)
            assert list(tmp_path.iterdir()) == []
            launcher.kill()
            launcher.wait()
            until(lambda: len(list(tmp_path.iterdir())) == 2)


BEGINS = """
import os, sys
from pathlib import Path
Path(sys.argv[1], f"up-{os.getpid()}").write_text(sys.argv[-1])
if os.read(0, 1):
    Path(sys.argv[1], f"begun-{os.getpid()}").touch()
"""


class TestStandingBy:
    """Workers that are started early are those that work; those that never do are killed."""

    @pytest.fixture
    def standing(self, tmp_path: Path) -> Iterator[Local]:
        launcher = Local(workers=2)
        launcher.stand_by(load(9), [sys.executable, "-c", BEGINS, str(tmp_path)])
        until(lambda: len(list(tmp_path.glob("up-*"))) == 2)
        yield launcher
        launcher.dismiss()

    def test_they_are_told_to(self, standing: Local, tmp_path: Path) -> None:
        until(lambda: all(path.read_text() for path in tmp_path.glob("up-*")))
        assert {path.read_text() for path in tmp_path.glob("up-*")} == {"--stand-by"}

    def test_they_work_and_no_others(self, standing: Local, tmp_path: Path) -> None:
        assert not list(tmp_path.glob("begun-*"))
        assert run(standing, load(9), "raise SystemExit(9)") == []
        assert len(list(tmp_path.glob("begun-*"))) == len(list(tmp_path.glob("up-*"))) == 2

    def test_only_once(self, standing: Local) -> None:
        assert run(standing, load(9), "") == []
        assert len(run(standing, load(9), "raise SystemExit(3)")) == 2

    def test_those_that_are_dismissed_never_begin(self, standing: Local, tmp_path: Path) -> None:
        standing.dismiss()
        assert not any(alive(path) for path in tmp_path.glob("up-*"))
        assert not list(tmp_path.glob("begun-*"))

    def test_one_that_was_killed_meanwhile_is_told(self, standing: Local, tmp_path: Path) -> None:
        first = next(tmp_path.glob("up-*"))
        os.kill(int(first.name.removeprefix("up-")), signal.SIGKILL)
        (told,) = run(standing, load(9), "")
        assert told.endswith("was killed by signal 9")
        assert len(list(tmp_path.glob("begun-*"))) == 1

    def test_where_all_were_killed_others_begin(self, standing: Local, tmp_path: Path) -> None:
        for path in tmp_path.glob("up-*"):
            os.kill(int(path.name.removeprefix("up-")), signal.SIGKILL)
        until(lambda: all(over(path) for path in tmp_path.glob("up-*")))
        assert [told.partition("ended with ")[2] for told in run(standing, load(9), "raise SystemExit(3)")] == ["exit code 3"] * 2


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def interrupt_when(condition: Callable[[], Any]) -> None:
    def wait() -> None:
        until(condition)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=wait, daemon=True).start()


class TestInterrupts:
    def test_each_worker_is_told_and_waited_for(self, tmp_path: Path) -> None:
        interrupt_when(lambda: len(list(tmp_path.glob("up-*"))) == 2)
        with pytest.raises(KeyboardInterrupt):
            run(Local(workers=2), load(9), SLEEPER, tmp_path)
        assert len(list(tmp_path.glob("told-*"))) == 2
        assert not any(alive(path) for path in tmp_path.glob("up-*"))

    def test_one_that_does_not_end_is_killed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(local, "SECONDS_TO_SAVE", 0.3)
        interrupt_when(lambda: len(list(tmp_path.glob("up-*"))) == 2)
        with pytest.raises(KeyboardInterrupt):
            run(
                Local(workers=2),
                load(9),
                SLEEPER.replace("sys.exit(130)", "pass").replace("time.sleep(60)", "[time.sleep(9) for _ in '1234']"),
                tmp_path,
            )
        assert not any(alive(path) for path in tmp_path.glob("up-*"))

    def test_one_that_comes_while_they_are_started_reaches_those_there_are(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        started: list[subprocess.Popen[bytes]] = []
        real = subprocess.Popen

        def second_is_interrupted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
            if started:
                until(lambda: list(tmp_path.glob("up-*")))
                raise KeyboardInterrupt
            started.append(real(*arguments, **options))
            return started[0]

        monkeypatch.setattr(subprocess, "Popen", second_is_interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(Local(workers=2), load(9), SLEEPER, tmp_path)
        assert len(list(tmp_path.glob("told-*"))) == 1
        assert started[0].returncode == 130


def over(path: Path) -> bool:
    """Whether a process has ended, though nobody may have waited for it yet."""
    stat = Path("/proc", path.name.removeprefix("up-"), "stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def alive(path: Path) -> bool:
    return Path("/proc", path.name.removeprefix("up-")).exists()
