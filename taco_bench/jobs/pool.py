"""Several jobs at once: one worker process for every so many CPU threads, or this process alone."""

from __future__ import annotations

import multiprocessing
import os
import queue as queues
import signal
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from taco_bench.data.prepared import Prepared, prepare
from taco_bench.errors import TrainingError, UserError
from taco_bench.jobs.plan import Job
from taco_bench.jobs.work import work
from taco_bench.plugins import Plugins, load_plugins
from taco_bench.reporting import Advance, Reporter, Silent
from taco_bench.store.cells import Store

SECONDS_BETWEEN_MESSAGES = 0.2
SECONDS_TO_SAVE = 5.0


def workers_for(jobs: Sequence[Job]) -> int:
    """How many trainings fit beside each other: on a GPU one, on a CPU as many as have the threads that they ask for."""
    if not jobs or any(job.experiment.train.device == "cuda" for job in jobs):
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    trainings = len({job.training for job in jobs})
    return max(1, min(trainings, cores // max(job.experiment.train.threads for job in jobs)))


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
    found = {job.label: _attempt(job, prepared[job.training], plugins, store, reporter) for job in jobs}
    return {label: error for label, error in found.items() if error is not None}


def _attempt(job: Job, prepared: Prepared, plugins: Plugins, store: Store, reporter: Reporter) -> UserError | None:
    """Make one cell; the error where it failed, whoever's fault it is."""
    try:
        work(job, prepared, plugins, store, reporter)
    except UserError as error:
        return error
    except Exception as error:
        if os.environ.get("TACO_BENCH_TRACE") == "1":
            reporter.say(traceback.format_exc())
        return TrainingError(f"{type(error).__name__}: {error}", where=_innermost(error), hint="TACO_BENCH_TRACE=1 prints the traceback")
    return None


def _innermost(error: Exception) -> str:
    """The file and line that raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}, line {last.lineno}"


def _in_processes(jobs: Sequence[Job], workers: int, store: Store, reporter: Reporter, *, third_party: bool) -> dict[str, UserError]:
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    messages, stop = context.Queue(), context.Event()
    failed: dict[str, UserError] = {}
    arguments = (messages, stop, third_party)
    shared: dict[str, list[Job]] = {}  # cells of one training are made one after the other, so that it is trained once
    for job in jobs:
        shared.setdefault(job.training, []).append(job)
    with _relayed(messages, reporter), ProcessPoolExecutor(workers, context, _start_worker, arguments) as pool:
        try:
            with _sigint_blocked():  # workers start with it blocked; here it is delivered when the block ends
                futures = {pool.submit(_work_in_worker, group, store.root): group for group in shared.values()}
            for future in as_completed(futures):
                try:
                    failed |= future.result()
                except BrokenProcessPool:
                    failed |= {job.label: _killed() for job in futures[future] if store.cell(job.cell) is None}
        except KeyboardInterrupt:
            stop.set()  # each worker saves its state at its next step
            pool.shutdown(cancel_futures=True)
            raise
    return failed


def _killed() -> UserError:
    return TrainingError(
        "a worker process was killed, by the kernel where memory ran out",
        hint="run it again to go on; --set train.threads=N makes fewer workers",
    )


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_messages: Any = None
_stop: Any = None
_third_party = True


def _start_worker(messages: Any, stop: Any, third_party: bool) -> None:
    global _messages, _stop, _third_party
    _messages, _stop, _third_party = messages, stop, third_party
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt comes by the event, so that every worker sees it once
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed saves its state at its next step and ends; the pool itself would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        time.sleep(SECONDS_TO_SAVE)
        os._exit(1)


def _work_in_worker(jobs: Sequence[Job], root: Path) -> dict[str, UserError]:
    plugins = load_plugins(_third_party)
    try:
        prepared = prepare(jobs[0].experiment, plugins, Silent())  # from the caches that the parent filled
    except UserError as error:
        return {job.label: error for job in jobs}
    sender = _Sender(_messages, _stop)
    found = {job.label: _attempt(job, prepared, plugins, Store(root), sender) for job in jobs}
    return {label: error for label, error in found.items() if error is not None}


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
