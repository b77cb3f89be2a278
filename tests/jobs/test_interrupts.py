"""An interrupted run goes on where it was, and ends where an undisturbed one ends, to the last bit."""

from __future__ import annotations

import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from helpers.cli import ONE, SAVE_ALWAYS, SMALL, TWO_WORKERS, Cli, Result, Results, Started, assert_told

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
    """What becomes of workers whose parent is killed, and of one that is killed alone: test_kills.py."""

    @pytest.fixture
    def held_workers(
        self, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[Callable[[list[Path]], None]], None]:
        """Calls a function in a thread when two workers are held, with the files that hold them."""
        monkeypatch.setenv("WATCH_FOLDER", str(tmp_path))
        monkeypatch.setenv("HOLD_AT", "4")

        def then(act: Callable[[list[Path]], None]) -> None:
            threading.Thread(target=lambda: act(until(held(tmp_path, 2))), daemon=True).start()

        return then

    def test_an_interrupt_in_training(
        self,
        held_workers: Callable[[Callable[[list[Path]], None]], None],
        cli: Cli,
        results: Results,
        undisturbed: Callable[..., Results],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Ctrl-C reaches the parent alone, which passes it on; each worker saves its state at its next step."""
        workers: list[Path] = []

        def interrupt(files: list[Path]) -> None:
            workers.extend(files)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)  # the parent tells the workers, on a busy machine too
            for path in files:
                path.unlink()

        held_workers(interrupt)
        assert_interrupted(cli(*SMALL, *NEIGHBOURS, *TWO_WORKERS))
        assert not [path for path in workers if alive(int(path.name.removeprefix("held-")))]
        assert results.cells() == {}
        assert not [name for name in results.files() if name.startswith(("leases/", "grids/"))]
        monkeypatch.delenv("HOLD_AT")
        again = cli(*SMALL, *NEIGHBOURS)
        assert again.code == 0
        assert len(re.findall("goes on at step [345]", again.err)) == 2
        assert_same(results, undisturbed(*SMALL, *NEIGHBOURS))

    def test_when_all_are_killed_their_cells_fail_with_a_message(
        self, held_workers: Callable[[Callable[[list[Path]], None]], None], cli: Cli, results: Results
    ) -> None:
        """As the kernel does where memory runs out."""

        def kill(files: list[Path]) -> None:
            for path in files:
                os.kill(int(path.name.removeprefix("held-")), signal.SIGKILL)

        held_workers(kill)
        found = cli(*SMALL, *NEIGHBOURS, *TWO_WORKERS)
        assert_told(found, 5, "worker 0 was killed by signal 9", "worker 1 was killed by signal 9", "--workers")
        assert results.cells() == {}


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def test_a_worker_of_a_background_job_can_be_interrupted(start: Start, cli: Cli, results: Results, tmp_path: Path) -> None:
    """A shell's background jobs ignore SIGINT, and what they start inherits that."""
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    started = start(*SMALL, *NEIGHBOURS, *TWO_WORKERS, before=ignored, WATCH_FOLDER=str(tmp_path), HOLD_AT="4")
    workers = started.wait_for(held(tmp_path, 2))
    started.process.send_signal(signal.SIGTERM)
    time.sleep(2)
    for path in workers:
        path.unlink()
    assert_interrupted(started.finish())
    assert cli(*SMALL, *NEIGHBOURS).code == 0
    assert len(results.cells()) == 2
