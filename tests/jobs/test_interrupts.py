"""An interrupted run goes on where it was, and ends where an undisturbed one ends, to the last bit."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from helpers.cli import ONE, SAVE_ALWAYS, SMALL, TWO_WORKERS, Cli, Result, Results, Started

pytest_plugins = ("helpers.fixtures",)

NEIGHBOURS = ("--sampler", "neighbours", "--steps", 6)
Start = Callable[..., Started]


@pytest.fixture
def undisturbed(cli: Cli, tmp_path: Path) -> Callable[..., Results]:
    """A run in this process that nothing interrupts."""

    def run(*arguments: object) -> Results:
        folder = tmp_path / "undisturbed"
        assert cli(*arguments, "--results", folder).code == 0
        return Results(folder)

    return run


def assert_same(found: Results, expected: Results) -> None:
    assert found.figures() == expected.figures()
    assert found.weights() == expected.weights()


def assert_interrupted(found: Result) -> None:
    assert found.code == 130, found
    assert "Traceback" not in found.err, found.err
    assert "interrupted" in found.err
    assert "goes on" in found.err


def held(folder: Path, count: int = 1) -> Callable[[], list[Path]]:
    """Whether that many processes are held by the sampler ``neighbours``."""

    def look() -> list[Path]:
        found = sorted(folder.glob("held-*"))
        return found if len(found) >= count else []

    return look


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class TestOneProcess:
    def test_an_interrupt_in_training(
        self, start: Start, cli: Cli, results: Results, tmp_path: Path, undisturbed: Callable[..., Results]
    ) -> None:
        started = start(*ONE, *NEIGHBOURS, WATCH_FOLDER=str(tmp_path), HOLD_AT="4")
        (file,) = started.wait_for(held(tmp_path))
        started.process.send_signal(signal.SIGINT)
        file.unlink()
        found = started.finish()
        assert_interrupted(found)
        assert found.out == ""
        assert results.cells() == {}
        assert results.weights() == {}
        again = cli(*ONE, *NEIGHBOURS)
        assert again.code == 0
        assert re.search("goes on at step [34]", again.err)
        assert_same(results, undisturbed(*ONE, *NEIGHBOURS))

    def test_a_kill_in_training(
        self, start: Start, cli: Cli, results: Results, tmp_path: Path, undisturbed: Callable[..., Results]
    ) -> None:
        started = start(*ONE, *NEIGHBOURS, WATCH_FOLDER=str(tmp_path), HOLD_AT="5", **SAVE_ALWAYS)
        started.wait_for(held(tmp_path))
        started.process.kill()
        assert started.finish().code == -signal.SIGKILL
        assert results.cells() == {}
        copy = Results(Path(shutil.copytree(results.root, tmp_path / "copy")))
        again = cli(*ONE, *NEIGHBOURS)
        assert again.code == 0
        assert "goes on at step 4" in again.err
        expected = undisturbed(*ONE, *NEIGHBOURS)
        assert_same(results, expected)
        assert not [name for name in results.files() if "state" in name]
        forced = cli(*ONE, *NEIGHBOURS, "--force", "--results", copy.root)
        assert forced.code == 0
        assert "goes on" not in forced.err
        assert_same(copy, expected)

    @pytest.mark.parametrize(("number", "step"), [(signal.SIGINT, 1), (signal.SIGTERM, 2), (signal.SIGINT, 5)])
    def test_an_interrupt_that_comes_with_the_update_of_the_weights(
        self, number: int, step: int, cli: Cli, results: Results, undisturbed: Callable[..., Results]
    ) -> None:
        """A signal waits until the optimizer's native code is done; the step must then count as done, or as not done at all."""
        from torch.optim.optimizer import register_optimizer_step_post_hook

        calls = []

        def interrupt(*_: Any) -> None:
            calls.append(1)
            if len(calls) == step:
                os.kill(os.getpid(), number)

        handle = register_optimizer_step_post_hook(interrupt)
        try:
            assert cli(*ONE, "--steps", 6).code == 130
        finally:
            handle.remove()
        assert cli(*ONE, "--steps", 6).code == 0
        assert_same(results, undisturbed(*ONE, "--steps", 6))

    def test_an_interrupt_before_a_validation_does_not_lose_it(
        self, cli: Cli, results: Results, undisturbed: Callable[..., Results], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arguments = (*ONE, "--steps", 6, "--set", "train.validate_every=1", "--set", "train.checkpoint=best")
        expected = undisturbed(*arguments)
        (cell,) = expected.cells().values()
        with interrupt_after(cell["cost"]["best_step"], monkeypatch):
            assert cli(*arguments).code == 130
        assert cli(*arguments).code == 0
        assert [cell["cost"]["best_step"] for cell in results.cells().values()] == [cell["cost"]["best_step"]]
        assert_same(results, expected)

    def test_an_interrupt_in_the_evaluation_keeps_the_training(
        self, cli: Cli, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("taco_bench.jobs.work.pool_scores", interrupted)
            assert cli(*ONE).code == 130
        assert results.cells() == {}
        (weights,) = results.weights().values()
        monkeypatch.setattr("taco_bench.train.loop.Training.run", interrupted)
        assert cli(*ONE).code == 0
        assert list(results.weights().values()) == [weights]
        assert len(results.cells()) == 1


@contextmanager
def interrupt_after(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An interrupt from the progress bar, as a worker process gets it, when that many steps are done."""
    from taco_bench.cli.console import Terminal

    bar = Terminal.bar

    @contextmanager
    def interrupting(self: Terminal, what: str, total: int, done: int = 0) -> Iterator[Callable[..., None]]:
        with bar(self, what, total, done) as advance:
            position = done

            def advance_and_interrupt(steps: int = 1, text: str = "") -> None:
                nonlocal position
                position += steps
                advance(steps, text)
                if "seed" in what and position == step:
                    raise KeyboardInterrupt

            yield advance_and_interrupt

    with monkeypatch.context() as patch:
        patch.setattr(Terminal, "bar", interrupting)
        yield


class TestWorkers:
    def test_an_interrupt_in_training(
        self, start: Start, cli: Cli, results: Results, tmp_path: Path, undisturbed: Callable[..., Results]
    ) -> None:
        """Ctrl-C reaches the parent alone, which passes it on; each worker saves its state at its next step."""
        started = start(*SMALL, *NEIGHBOURS, *TWO_WORKERS, WATCH_FOLDER=str(tmp_path), HOLD_AT="4")
        workers = started.wait_for(held(tmp_path, 2))
        os.killpg(started.process.pid, signal.SIGINT)
        time.sleep(2)  # the parent tells the workers, on a busy machine too
        for path in workers:
            path.unlink()
        assert_interrupted(started.finish())
        assert not [path for path in workers if alive(int(path.name.removeprefix("held-")))]
        assert results.cells() == {}
        again = cli(*SMALL, *NEIGHBOURS)
        assert again.code == 0
        assert len(re.findall("goes on at step [45]", again.err)) == 2
        assert_same(results, undisturbed(*SMALL, *NEIGHBOURS))

    def test_an_interrupt_while_the_workers_start(self, start: Start, results: Results) -> None:
        started = start(*SMALL, *NEIGHBOURS, *TWO_WORKERS)
        started.wait_for(lambda: len(children(started.process.pid)) >= 2)
        time.sleep(0.7)  # they import
        os.killpg(started.process.pid, signal.SIGINT)
        assert_interrupted(started.finish())
        assert results.cells() == {}

    def test_a_killed_parent_leaves_no_workers_behind(self, start: Start, cli: Cli, results: Results, tmp_path: Path) -> None:
        started = start(*SMALL, *NEIGHBOURS, *TWO_WORKERS, WATCH_FOLDER=str(tmp_path), HOLD_AT="4")
        held_by = started.wait_for(held(tmp_path, 2))
        workers = [int(path.name.removeprefix("held-")) for path in held_by]
        started.process.kill()
        started.process.wait()
        for path in held_by:
            path.unlink(missing_ok=True)
        try:
            end = time.monotonic() + 10
            while any(map(alive, workers)) and time.monotonic() < end:
                time.sleep(0.1)
            assert not [pid for pid in workers if alive(pid)]
        finally:
            for pid in workers:
                if alive(pid):
                    os.kill(pid, signal.SIGKILL)
        assert cli(*SMALL, *NEIGHBOURS).code == 0
        assert len(results.cells()) == 2

    def test_a_killed_worker_fails_its_cells_with_a_message(self, start: Start, results: Results, tmp_path: Path) -> None:
        """As the kernel does where memory runs out."""
        started = start(*SMALL, *NEIGHBOURS, *TWO_WORKERS, WATCH_FOLDER=str(tmp_path), HOLD_AT="4")
        held_by = started.wait_for(held(tmp_path, 2))
        os.kill(int(held_by[0].name.removeprefix("held-")), signal.SIGKILL)
        time.sleep(0.2)
        for path in held_by:
            path.unlink()
        found = started.finish()
        assert found.code == 5, found
        assert "Traceback" not in found.err
        assert "failed: " in found.err


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
