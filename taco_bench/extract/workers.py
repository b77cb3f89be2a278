"""Worker processes, each with a network of its own: from paths to features.

A worker computes on one thread and shares nothing, so neither their number nor the order of videos changes a bit. A video that takes
its process down (a decoder may) costs that video and no other. A worker ends when this process does, however that ends.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from taco_bench.errors import DataError, UserError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Rows = npt.NDArray[np.float16]
MOST_DEATHS = 3
"""Workers that may die one after the other without a video done in between before the fault is taken to be the machine's."""


@dataclass(frozen=True)
class Work:
    """What a worker needs to know.

    Attributes:
        spec: of the extractor.
        third_party: whether other distributions' plugins are loaded.
        devices: as torch names them; shared out among the workers in turn.
    """

    spec: Mapping[str, Any]
    third_party: bool
    devices: Sequence[str]


def extract_all(paths: Sequence[Path], work: Work, workers: int) -> Iterator[tuple[Path, Rows | DataError]]:
    """The features of each video as it is done, in no certain order; what is wrong with it where it is broken.

    Args:
        paths: of videos.
        work: what to do with them.
        workers: how many at a time.

    Raises:
        UserError: the network cannot be made, or workers die again and again.
    """
    waiting = deque(paths)
    running: dict[Connection[Any, Any], _Worker] = {}
    started = deaths = 0
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                worker = _Worker(work, work.devices[started % len(work.devices)])
                running[worker.connection] = worker
                worker.give(waiting.popleft())
                started += 1
            ready = multiprocessing.connection.wait(list(running))
            for worker in [running[connection] for connection in running if connection in ready]:
                path, answer = worker.path, worker.take()
                deaths = deaths + 1 if worker.dead else 0
                if deaths == MOST_DEATHS:
                    raise UserError(f"{deaths} workers died one after the other: {answer}", hint="--workers 1 needs less memory")
                if worker.dead or not waiting:
                    running.pop(worker.connection).end()
                else:
                    worker.give(waiting.popleft())
                yield path, answer
    finally:
        for worker in running.values():
            worker.process.terminate()
            worker.end()


class _Worker:
    """A process and this process's end of the pipe to it.

    Args:
        work: what it is to do.
        device: where.
    """

    def __init__(self, work: Work, device: str) -> None:
        context = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_run, args=(theirs, work, device), daemon=True)
        self.path, self.dead = Path(), False
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited: an interrupt at the terminal is this process's to deal with
        try:
            self.process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        theirs.close()

    def give(self, path: Path) -> None:
        """Send it a video."""
        self.path = path
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it died: take() says so
            self.connection.send(path)

    def take(self) -> Rows | DataError:
        """Receive what it made of the video, or say how it died."""
        try:
            kind, answer = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            self.dead = True
            return DataError(f"the worker that read it died (exit code {self.process.exitcode})", where=str(self.path))
        if kind == "failed":
            raise answer if isinstance(answer, UserError) else RuntimeError(f"a worker failed on {self.path}:\n{answer}")
        found: Rows | DataError = answer
        return found

    def end(self) -> None:
        """Let it end, and wait for that."""
        self.connection.close()
        self.process.join()


def _run(connection: Connection[Any, Any], work: Work, device: str) -> None:
    """The life of a worker: a path in, its features out, until nobody sends any more."""
    try:
        compute = _computer(work, device)
        while True:
            connection.send(("done", compute(connection.recv())))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except UserError as error:
        connection.send(("failed", error))
    except Exception:
        connection.send(("failed", traceback.format_exc()))


def _computer(work: Work, device: str) -> Callable[[Path], Rows | DataError]:
    """A function from a video to its features, with a network of this process."""
    import torch

    from taco_bench.extract.rows import features_of
    from taco_bench.plugins import load_plugins

    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    extractor = load_plugins(work.third_party).build("extractor", work.spec)
    network = extractor.network().to(device)

    def compute(path: Path) -> Rows | DataError:
        try:
            return features_of(path, extractor, network, torch.device(device))
        except DataError as error:
            return error
        except torch.OutOfMemoryError as error:
            raise UserError("the GPU's memory is full", where=str(path), hint="--workers 1, or --device cpu") from error

    return compute
