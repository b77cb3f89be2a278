"""Leases that are lost: a holder that only slept saves nothing, of several that take over one wins, and a full disk."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.leases_made import FORK, HOLD, Clock, ended, until, write

from taco_bench.errors import UserError
from taco_bench.store import leases as module
from taco_bench.store.leases import Lease, LeaseLostError, Leases, read
from taco_bench.store.processes import this_machine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "leases"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT", 0.02)


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
