"""The next batch, made while a step runs."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait

from taco_bench.data.batches import Batch, Batches


class Ahead:
    """The batches of a training; with a thread, each is made while the step before it runs.

    A batch is a function of the seed and the step, so who makes it, and when, changes no result. Leaving the ``with`` block ends the
    thread, after the batch that it is at.

    Args:
        batches: to make them.
        steps: of the training; nothing is made beyond the last.
        thread: for a GPU, which works while the CPU makes the next batch. On a CPU the thread would only take cores from the step.
    """

    def __init__(self, batches: Batches, steps: int, *, thread: bool) -> None:
        self.batches, self.steps, self.thread = batches, steps, thread
        self._pool: ThreadPoolExecutor | None = None
        self._next: tuple[int, Future[Batch]] | None = None  # a step and its batch

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        pool, self._pool, self._next = self._pool, None, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def at(self, step: int) -> Batch:
        """The batch of one step; that of the next one is begun.

        Raises:
            UserError: whatever was wrong with this batch, as if it had been made here.
        """
        if not self.thread:
            return self.batches.at(step)
        begun, self._next = self._next, None
        if begun is None or begun[0] != step:
            begun = self._begin(step)
        batch = begun[1].result()
        if step + 1 < self.steps:
            self._next = self._begin(step + 1)
        return batch

    def settle(self) -> None:
        """Wait for the batch that is being made: what follows reads the data set in this thread, and no data set need bear two."""
        if self._next is not None:
            wait([self._next[1]])

    def _begin(self, step: int) -> tuple[int, Future[Batch]]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "next-batch")
        return step, self._pool.submit(self.batches.at, step)
