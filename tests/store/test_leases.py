"""Leases: exactly one holder, the dead are found out without comparing clocks, and a holder that only slept saves nothing."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taco_bench.errors import UserError
from taco_bench.store import leases as module
from taco_bench.store.leases import Lease, LeaseLostError, Leases, is_surely_dead, read
from taco_bench.store.processes import started_at, this_machine

FORK = multiprocessing.get_context("fork")
HOLD = """
import sys, time
from pathlib import Path
from taco_bench.store import leases
leases.BEAT = 0.05
with leases.Leases(Path(sys.argv[1])).take("t", "run") as lease:
    print("held", flush=True)
    for line in sys.stdin:
        try:
            lease.check(surely=line == "surely\\n")
            print("mine", flush=True)
        except leases.LeaseLostError:
            print("lost", flush=True)
"""


class Clock:
    """Stands still but when told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def write(folder: Path, **changes: Any) -> dict[str, Any]:
    """A lease of the name t as another process left it."""
    content = {"token": "theirs", "run": "run", "label": "a row", "machine": "elsewhere", "pid": 7, "started": "9", "deaths": 0, "beat": 1}
    content |= {"progress": {}, **changes}
    folder.mkdir(exist_ok=True)
    (folder / "t.json").write_text(json.dumps(content))
    return content


def ended() -> tuple[int, str]:
    """Number and start of a process that has ended."""
    process = FORK.Process(target=time.sleep, args=(60,))
    process.start()
    pid = process.pid
    assert pid is not None
    start = started_at(pid)
    process.kill()
    process.join()
    return pid, start


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "leases"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT", 0.02)


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


class TestTakeAndGiveBack:
    def test_the_file_says_who_holds_it(self, folder: Path) -> None:
        leases = Leases(folder)
        lease = leases.take("t", "run 1", "a row, seed 0")
        assert lease is not None
        with lease:
            found = leases.all()["t"]
            assert (found["run"], found["label"], found["pid"]) == ("run 1", "a row, seed 0", os.getpid())
            assert found["machine"] == this_machine()
            assert not is_surely_dead(found)
            lease.check(surely=True)
        assert list(folder.iterdir()) == []
        assert leases.all() == {}

    def test_nobody_else_gets_it_meanwhile(self, folder: Path) -> None:
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        with lease:
            assert Leases(folder).take("t", "run") is None
            assert Leases(folder).take("t", "another run") is None
            other = Leases(folder).take("u", "run")
            assert other is not None
            with other:
                assert sorted(Leases(folder).all()) == ["t", "u"]
        again = Leases(folder).take("t", "run")
        assert again is not None
        assert again.deaths == 0

    def test_it_beats_and_shows_the_progress(self, folder: Path, quick: None) -> None:
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        with lease:
            first = read(lease.path)
            assert first is not None
            lease.progress = {"what": "training", "done": 3}
            until(lambda: (read(lease.path) or {}).get("beat", 0) > first["beat"] + 2)
            assert (read(lease.path) or {})["progress"] == {"what": "training", "done": 3}
        assert list(folder.iterdir()) == []

    def test_an_exception_gives_it_back(self, folder: Path) -> None:
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        with pytest.raises(KeyboardInterrupt), lease:
            raise KeyboardInterrupt
        assert list(folder.iterdir()) == []

    def test_there_are_none_where_there_is_no_folder(self, folder: Path) -> None:
        assert Leases(folder).all() == {}


class TestDeadOnThisMachine:
    def test_it_is_taken_over_at_once(self, folder: Path) -> None:
        pid, start = ended()
        assert is_surely_dead(write(folder, machine=this_machine(), pid=pid, started=start))
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        assert lease.deaths == 1

    def test_one_that_lives_is_not(self, folder: Path) -> None:
        parent = os.getppid()
        assert not is_surely_dead(write(folder, machine=this_machine(), pid=parent, started=started_at(parent)))
        clock = Clock()
        leases = Leases(folder, patience=5, clock=clock)
        assert leases.take("t", "run") is None
        clock.now += 1e6  # asleep or not: it is there
        assert leases.take("t", "run") is None

    def test_a_zombie_is_dead(self, folder: Path) -> None:
        process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.DEVNULL)
        try:
            state = Path(f"/proc/{process.pid}/stat")
            until(lambda: state.read_text().rpartition(")")[2].split()[0] == "Z")
            start = state.read_text().rpartition(")")[2].split()[19]
            assert started_at(process.pid) == ""
            write(folder, machine=this_machine(), pid=process.pid, started=start)
            assert Leases(folder).take("t", "run") is not None
        finally:
            process.wait()

    def test_a_number_that_another_process_has_by_now_is_dead(self, folder: Path) -> None:
        parent = os.getppid()
        write(folder, machine=this_machine(), pid=parent, started=str(int(started_at(parent)) - 1))
        assert Leases(folder).take("t", "run") is not None

    def test_what_this_process_gave_up_is_nobodys(self, folder: Path) -> None:
        """Such as a lease that could not be read when it was given back, or was put back after that: its holder lives on."""
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        with lease:
            text = lease.path.read_text()
            lease.path.unlink()
        lease.path.write_text(text)
        assert Leases(folder).take("t", "run") is not None

    @pytest.mark.parametrize("lacks", ["pid", "started", "token"])
    def test_one_that_lacks_a_field_can_be_taken(self, lacks: str, folder: Path) -> None:
        content = write(folder, machine=this_machine(), pid=ended()[0])
        del content[lacks]
        (folder / "t.json").write_text(json.dumps(content))
        assert Leases(folder).take("t", "run") is not None


class TestHeldElsewhere:
    def test_only_after_its_counter_stood_still_for_the_watchers_own_patience(self, folder: Path) -> None:
        clock = Clock()
        leases = Leases(folder, patience=60, clock=clock)
        write(folder, beat=5)
        assert leases.take("t", "run") is None  # seen for the first time
        clock.now += 59
        assert leases.take("t", "run") is None
        write(folder, beat=6)
        clock.now += 59
        assert leases.take("t", "run") is None  # it moved: watched anew
        clock.now += 60
        assert leases.take("t", "run") is None
        clock.now += 0.5
        lease = leases.take("t", "run")
        assert lease is not None
        assert lease.deaths == 1

    def test_another_watcher_begins_with_its_own_patience(self, folder: Path) -> None:
        clock = Clock()
        write(folder)
        assert Leases(folder, clock=clock).take("t", "run") is None
        clock.now += 1e6
        assert Leases(folder, clock=clock).take("t", "run") is None

    def test_another_holder_is_watched_anew(self, folder: Path) -> None:
        clock = Clock()
        leases = Leases(folder, patience=60, clock=clock)
        write(folder)
        assert leases.take("t", "run") is None
        clock.now += 61
        write(folder, token="another's")
        assert leases.take("t", "run") is None

    def test_the_wall_clock_may_jump(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = Clock()
        leases = Leases(folder, patience=60, clock=clock)
        write(folder)
        assert leases.take("t", "run") is None
        for jump in (1e9, -1e9, 4e9):
            monkeypatch.setattr(time, "time", lambda jump=jump: jump)
            os.utime(folder / "t.json", (abs(jump), abs(jump)))
            clock.now += 10
            assert leases.take("t", "run") is None
        clock.now += 60
        assert leases.take("t", "run") is not None

    def test_nobody_is_surely_dead_there(self, folder: Path) -> None:
        assert not is_surely_dead(write(folder, pid=ended()[0]))


@pytest.mark.parametrize("content", ["", "{", '{"token": "x', "[1]", "null", "\x00\x00"])
def test_a_lease_that_is_not_whole_is_watched_like_one_elsewhere(content: str, folder: Path) -> None:
    """Nothing of ours writes half a lease, but a file system that was torn down may."""
    folder.mkdir()
    (folder / "t.json").write_text(content)
    clock = Clock()
    leases = Leases(folder, patience=60, clock=clock)
    assert leases.all() == {"t": {}}
    assert leases.take("t", "run") is None
    clock.now += 61
    lease = leases.take("t", "run")
    assert lease is not None
    with lease:
        lease.check(surely=True)
    assert list(folder.iterdir()) == []


class TestDeaths:
    def test_they_are_counted_within_a_run(self, folder: Path) -> None:
        pid, start = ended()
        write(folder, machine=this_machine(), pid=pid, started=start, deaths=2)
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        assert lease.deaths == 3
        assert (read(lease.path) or {})["deaths"] == 3

    def test_another_run_begins_at_none(self, folder: Path) -> None:
        pid, start = ended()
        write(folder, machine=this_machine(), pid=pid, started=start, deaths=2)
        lease = Leases(folder).take("t", "the next run")
        assert lease is not None
        assert lease.deaths == 0


class TestLost:
    def test_the_holder_finds_out_by_its_next_beat(self, folder: Path, quick: None) -> None:
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        with lease:
            lease.check()
            write(folder)
            with pytest.raises(LeaseLostError):
                until(lambda: lease.check())
        assert (read(lease.path) or {})["token"] == "theirs"  # what is another's stays

    def test_and_before_that_where_it_must_be_sure(self, folder: Path) -> None:
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        with lease:
            lease.check(surely=True)
            write(folder)
            lease.check()
            with pytest.raises(LeaseLostError, match="t"):
                lease.check(surely=True)

    @pytest.mark.parametrize("content", [None, "{"])
    def test_what_cannot_be_read_is_not_sure(self, content: str | None, folder: Path) -> None:
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        with lease:
            if content is None:
                lease.path.unlink()
            else:
                lease.path.write_text(content)
            with pytest.raises(LeaseLostError):
                lease.check(surely=True)

    def test_a_share_that_was_away_for_a_moment_loses_nothing(self, folder: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        with lease:
            with monkeypatch.context() as patch:
                patch.setattr(Path, "read_text", _away)
                time.sleep(0.1)
            time.sleep(0.1)
            lease.check(surely=True)

    def test_one_that_only_slept_gives_up(self, folder: Path) -> None:
        """Stopped by a signal, as by a laptop's lid: it learns of the other when it wakes, and leaves the other's lease alone."""
        holder = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdin is not None
        assert holder.stdout is not None

        def ask(question: str) -> str:
            holder.stdin.write(question + "\n")
            holder.stdin.flush()
            return holder.stdout.readline().strip()

        try:
            assert holder.stdout.readline() == "held\n"
            assert ask("surely") == "mine"
            holder.send_signal(signal.SIGSTOP)
            clock = Clock()
            leases = Leases(folder, patience=60, clock=clock)
            text = (folder / "t.json").read_text()
            (folder / "t.json").write_text(text.replace(json.dumps(this_machine()), '"elsewhere"'))  # as another machine sees it
            assert leases.take("t", "run") is None
            clock.now += 61
            lease = leases.take("t", "run")
            assert lease is not None
            with lease:
                holder.send_signal(signal.SIGCONT)
                assert ask("surely") == "lost"
                until(lambda: ask("at the last beat") == "lost")
                holder.stdin.close()
                assert holder.wait(20) == 0
                lease.check(surely=True)
        finally:
            holder.kill()
            holder.wait()
            holder.stdin.close()
            holder.stdout.close()


def _away(*_: object, **__: object) -> str:
    raise OSError(errno.ESTALE, "Stale file handle")


def hammer(folder: Path, gate: Any, answers: Any) -> None:
    """Takes the dead lease, with all others at once; says whether it got it, and once all have tried, whether it still has it."""
    leases = Leases(folder)
    gate.wait()
    lease = leases.take("t", "run")
    gate.wait()
    answers.put((lease is not None, lease is not None and lease.is_held(), lease.deaths if lease else None))


@pytest.fixture
def dead() -> tuple[int, str]:
    return ended()


@pytest.mark.parametrize("takers", [2, 5])
def test_of_several_who_take_over_a_dead_lease_one_wins(takers: int, folder: Path, dead: tuple[int, str]) -> None:
    for _ in range(25):
        write(folder, machine=this_machine(), pid=dead[0], started=dead[1])
        gate, answers = FORK.Barrier(takers), FORK.SimpleQueue()
        processes = [FORK.Process(target=hammer, args=(folder, gate, answers)) for _ in range(takers)]
        for process in processes:
            process.start()
        found = [answers.get() for _ in processes]
        for process in processes:
            process.join()
        assert sum(held for _, held, _ in found) == 1, found
        if takers == 2:
            assert sum(got for got, _, _ in found) == 1, found
        assert all(deaths in (None, 0, 1) for _, _, deaths in found)
        assert [path.name for path in folder.iterdir()] == ["t.json"]


class TestFullDisk:
    @pytest.fixture
    def full(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
        """From the call on, every file that a lease begins to write stays empty."""
        real = Path.write_text

        def fill(path: Path, text: str, **options: Any) -> int:
            real(path, "", **options)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return lambda: monkeypatch.setattr(Path, "write_text", fill)

    def test_taking_says_so_and_leaves_nothing(self, folder: Path, full: Callable[[], None]) -> None:
        full()
        with pytest.raises(UserError, match="No space left on device") as caught:
            Leases(folder).take("t", "run")
        assert caught.value.where == str(folder)
        assert "free some space" in caught.value.hint
        assert list(folder.iterdir()) == []

    def test_a_beat_that_cannot_be_written_is_made_up_for_by_the_next(self, folder: Path, full: Callable[[], None], quick: None) -> None:
        lease = Leases(folder).take("t", "run")
        assert lease is not None
        with lease:
            full()
            before = read(lease.path)
            time.sleep(0.2)
            lease.check(surely=True)
            assert read(lease.path) == before
        assert list(folder.iterdir()) == []

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(UserError, match="cannot write"):
            Leases(tmp_path / "file" / "leases").take("t", "run")


def test_a_lease_is_whole_whenever_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT", 0.0)
    lease = Leases(folder).take("t", "run")
    assert isinstance(lease, Lease)
    with lease:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            assert (read(lease.path) or {}).get("token") == lease.token
