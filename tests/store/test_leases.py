"""Leases: exactly one holder, and the dead are found out without comparing clocks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.leases_made import Clock, ended, until, write

from taco_bench.store import leases as module
from taco_bench.store.leases import Leases, is_surely_dead, read
from taco_bench.store.processes import started_at, this_machine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "leases"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT", 0.02)


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
