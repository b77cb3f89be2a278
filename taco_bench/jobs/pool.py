"""Several jobs at once: one worker process for every so many CPU threads, or this process alone."""

from __future__ import annotations

import multiprocessing
import os
import queue as queues
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from taco_bench.data.prepared import Prepared, prepare
from taco_bench.errors import UserError
from taco_bench.jobs.plan import Job
from taco_bench.jobs.work import work
from taco_bench.plugins import Plugins, load_plugins
from taco_bench.reporting import Advance, Reporter, Silent
from taco_bench.store.cells import Store

SECONDS_BETWEEN_MESSAGES = 0.2


def workers_for(jobs: Sequence[Job]) -> int:
    """How many jobs fit beside each other: on a GPU one, on a CPU as many as have the threads that they ask for."""
    if not jobs or any(job.experiment.train.device == "cuda" for job in jobs):
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(len(jobs), cores // max(job.experiment.train.threads for job in jobs)))


def work_off(
    jobs: Sequence[Job], prepared: dict[str, Prepared], plugins: Plugins, store: Store, reporter: Reporter, *, third_party: bool
) -> dict[str, UserError]:
    """Make the cells of all jobs; the errors of those that failed, by the job's label. One failure does not stop the others.

    Args:
        jobs: to be done.
        prepared: the data of each job, by its training's id.
        plugins: for this process.
        store: where the cells go.
        reporter: shows the progress of all of them.
        third_party: whether workers load third parties' plugins.
    """
    workers = workers_for(jobs)
    if workers > 1:
        return _in_processes(jobs, workers, store, reporter, third_party=third_party)
    failed = {}
    for job in jobs:
        try:
            work(job, prepared[job.training], plugins, store, reporter)
        except UserError as error:
            failed[job.label] = error
    return failed


def _in_processes(jobs: Sequence[Job], workers: int, store: Store, reporter: Reporter, *, third_party: bool) -> dict[str, UserError]:
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    messages, stop = context.Queue(), context.Event()
    failed = {}
    arguments = (messages, stop, third_party)
    with _relayed(messages, reporter), ProcessPoolExecutor(workers, context, _start_worker, arguments) as pool:
        futures: dict[Future[None], Job] = {pool.submit(_work_in_worker, job, store.root): job for job in jobs}
        try:
            for future in as_completed(futures):
                try:
                    future.result()
                except UserError as error:
                    failed[futures[future].label] = error
        except KeyboardInterrupt:
            stop.set()  # each worker saves its state at its next step
            pool.shutdown(cancel_futures=True)
            raise
    return failed


_messages: Any = None
_stop: Any = None
_third_party = True


def _start_worker(messages: Any, stop: Any, third_party: bool) -> None:
    global _messages, _stop, _third_party
    _messages, _stop, _third_party = messages, stop, third_party
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt comes by the event, so that every worker sees it once


def _work_in_worker(job: Job, root: Path) -> None:
    plugins = load_plugins(_third_party)
    work(job, prepare(job.experiment, plugins, Silent()), plugins, Store(root), _Sender(_messages, _stop))


class _Sender:
    """A worker's reporter: sends what is to be shown to the parent, and raises KeyboardInterrupt when all is to stop."""

    def __init__(self, messages: Any, stop: Any) -> None:
        self.messages, self.stop, self.parent = messages, stop, os.getppid()

    def say(self, line: str) -> None:
        """To be said by the parent."""
        self.messages.put(("say", line))

    @contextmanager
    def bar(self, what: str, total: int, done: int = 0) -> Iterator[Advance]:
        """To be shown by the parent."""
        key = (os.getpid(), what)
        self.messages.put(("open", key, total, done))
        waiting, last = 0, 0.0

        def advance(steps: int = 1, text: str = "") -> None:
            nonlocal waiting, last
            waiting += steps
            if self.stop.is_set() or os.getppid() != self.parent:
                raise KeyboardInterrupt
            if time.monotonic() - last > SECONDS_BETWEEN_MESSAGES:
                self.messages.put(("advance", key, waiting, text))
                waiting, last = 0, time.monotonic()

        try:
            yield advance
        finally:
            self.messages.put(("advance", key, waiting, ""))
            self.messages.put(("close", key))


@contextmanager
def _relayed(messages: Any, reporter: Reporter) -> Iterator[None]:
    """Show what workers send, until the block ends."""
    thread = threading.Thread(target=_relay, args=(messages, reporter), daemon=True)
    thread.start()
    try:
        yield
    finally:
        messages.put(None)
        thread.join()


def _relay(messages: Any, reporter: Reporter) -> None:
    open_bars: dict[Any, tuple[ExitStack, Advance]] = {}
    while (message := _next(messages)) is not None:
        match message:
            case ("say", line):
                reporter.say(line)
            case ("open", key, total, done):
                stack = ExitStack()
                open_bars[key] = (stack, stack.enter_context(reporter.bar(key[1], total, done)))
            case ("advance", key, steps, text):
                open_bars[key][1](steps, text)
            case ("close", key):
                open_bars.pop(key)[0].close()


def _next(messages: Any) -> Any:
    while True:
        try:
            return messages.get(timeout=1.0)
        except queues.Empty:
            continue
