"""Launchers: what starts the workers of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Load:
    """What there is to do, as far as a launcher needs to know.

    Attributes:
        trainings: that are not done; more workers than these have nothing to do.
        threads: CPU threads that a training asks for.
        gpu: whether trainings run on GPUs.
    """

    trainings: int
    threads: int
    gpu: bool


class Launcher(Protocol):
    """Starts workers. The results folder is the queue: workers need nothing else in common, and may come and go."""

    def workers(self, load: Load) -> int:
        """How many workers it starts for this load. 1: the process that asks does the work itself."""

    def launch(self, load: Load, command: Sequence[str]) -> Sequence[str]:
        """Run ``command`` once a worker and wait until all have ended.

        Interrupted by KeyboardInterrupt, it sends each worker SIGINT (they save their state), waits for them, and raises it again.

        Returns:
            A line for each worker that was killed or failed; none where all ended well. What a killed worker had taken is taken over.
        """


@runtime_checkable
class EarlyLauncher(Launcher, Protocol):
    """A launcher that can start its workers before the data are ready, so that they import meanwhile what takes long."""

    def stand_by(self, load: Load, command: Sequence[str]) -> None:
        """Start the workers, each with ``--stand-by`` after ``command`` and a pipe as its standard input.

        They wait there for a byte; :meth:`launch` writes it, and starts no others.
        """

    def dismiss(self) -> None:
        """End those that stand by. They have not begun: killing them loses nothing. Called once the run is over, in any way."""
