"""Workers that give way to everything else on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence

from taco_bench import hookimpl
from taco_bench.api import Load
from taco_bench.hookspecs import Register


class MyComponent:
    """Worker processes at low priority.

    Args:
        workers: at most this many.
        per_gpu: not used here; every launcher is given both.
        nice: 0 to 19, the higher the more they give way.
    """

    def __init__(self, workers: int | None = None, per_gpu: int = 1, nice: int = 10) -> None:
        self.most, self.nice = workers or 2, nice

    def workers(self, load: Load) -> int:
        """No more than there are trainings."""
        return max(1, min(self.most, load.trainings))

    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        """Start the workers and wait. Each ends when its standard input does: with this process, however that ends."""
        processes = []
        try:
            for _ in range(self.workers(load)):
                processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True))
                os.setpriority(os.PRIO_PROCESS, processes[-1].pid, self.nice)
            codes = [process.wait() for process in processes]
        except BaseException:
            for process in processes:
                process.send_signal(signal.SIGINT)  # they save their state
            for process in processes:
                process.wait()
            raise
        finally:
            for process in processes:
                if process.stdin is not None:
                    process.stdin.close()
        return [f"worker {number} ended with exit code {code}" for number, code in enumerate(codes) if code]


@hookimpl
def taco_bench_launchers(register: Register) -> None:
    """Add it."""
    register("my-component", MyComponent, summary="worker processes at low priority")
