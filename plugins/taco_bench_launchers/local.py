"""Worker processes on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

from pydantic import Field

from taco_bench.api import Load

SECONDS_TO_SAVE = 60.0
"""What an interrupted worker gets to save its state before it is killed."""

Positive = Annotated[int, Field(gt=0)]


class Local:
    """One worker a GPU; without GPUs, as many as there are cores for the threads that a training asks for.

    Args:
        workers: this many instead.
        per_gpu: workers that share a GPU, for small trainings.
    """

    def __init__(self, workers: Positive | None = None, per_gpu: Positive = 1) -> None:
        self.wanted, self.per_gpu = workers, per_gpu
        self._standing: list[subprocess.Popen[bytes]] = []

    def workers(self, load: Load) -> int:
        """At most one a training."""
        room = _gpus() * self.per_gpu if load.gpu else _cores() // load.threads
        return max(1, min(load.trainings, self.wanted or room))

    def stand_by(self, load: Load, command: Sequence[str]) -> None:
        """Start the workers that :meth:`launch` will set to work."""
        self._start(load, [*command, "--stand-by"], self._standing)

    def dismiss(self) -> None:
        """Kill the workers that stand by."""
        for process in self._standing:
            process.kill()
        for process in self._standing:
            process.wait()
        _close(self._standing)
        self._standing = []

    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        """Start the workers, or set to work those that stand by. Each ends when its standard input does: with this process, however
        that ends.
        """
        processes, self._standing = self._standing, []
        if all(process.poll() is not None for process in processes):  # killed, for want of memory perhaps, before there was work
            _close(processes)
            processes = []
        try:
            if processes:
                _set_to_work(processes)
            else:
                self._start(load, command, processes)
            codes = [process.wait() for process in processes]
        except BaseException:
            _interrupt(processes)
            raise
        finally:
            _close(processes)
        return [f"worker {number} {_end(code)}" for number, code in enumerate(codes) if code]

    def _start(self, load: Load, command: Sequence[str], processes: list[subprocess.Popen[bytes]]) -> None:
        """Start the workers one after the other; ``processes`` has those there are, should an interrupt come."""
        for number in range(self.workers(load)):
            environment = {**os.environ, **self._devices(load, number)}
            # a session of its own: an interrupt at the terminal comes to this process alone, which passes it on once
            processes.append(subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, start_new_session=True))  # noqa: S603

    def _devices(self, load: Load, number: int) -> dict[str, str]:
        if not load.gpu:
            return {}
        visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name] or [str(i) for i in range(_gpus())]
        return {"CUDA_VISIBLE_DEVICES": visible[number % len(visible)]}


def _end(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _set_to_work(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with suppress(BrokenPipeError):  # it was killed: its exit code says so
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()


def _close(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()


def _interrupt(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in processes:
        try:
            process.wait(SECONDS_TO_SAVE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus() -> int:
    import torch

    return max(1, torch.cuda.device_count())
