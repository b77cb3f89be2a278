"""Data made ready, and looked at for leaks, before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence

from taco_bench.api import Task
from taco_bench.config import Experiment
from taco_bench.data.prepared import Prepared
from taco_bench.errors import ConfigError, InfeasibleError, PluginError, UserError
from taco_bench.jobs.data import DataCache
from taco_bench.jobs.faults import fault, suspected, trace
from taco_bench.jobs.plan import Job
from taco_bench.jobs.starts import seen_by_starts
from taco_bench.leakage import find_leaks
from taco_bench.plugins import Plugins
from taco_bench.reporting import Reporter
from taco_bench.starts_seen import not_compared
from taco_bench.store.cells import Store


class Ready:
    """Prepares data; says each leak once.

    Args:
        plugins: for the components.
        reporter: shows what is being prepared.
        store: has the trainings that others start from.

    Attributes:
        data: what was prepared last.
    """

    def __init__(self, plugins: Plugins, reporter: Reporter, store: Store) -> None:
        self.plugins, self.reporter, self.store = plugins, reporter, store
        self.data = DataCache(plugins, reporter)
        self._told: set[str] = set()

    def lost(self, jobs: Sequence[Job]) -> dict[str, UserError]:
        """By cell, why its data cannot be made ready though the data themselves are right: a component raises, or selects nothing.

        Raises:
            UserError: whatever is wrong with the data.
        """
        first = {_key(job): job for job in jobs}  # seeds of a row share their experiment, and start from trainings of their own
        errors = {key: self._error(job) for key, job in first.items()}
        return {job.cell: error for job in jobs if (error := errors[_key(job)]) is not None}

    def _error(self, job: Job) -> UserError | None:
        try:
            seen, unknown = seen_by_starts(job, self.store)
            prepared = self.data.get(job.experiment)
            _refuse_clips(job.experiment, prepared, self.plugins)
            found = find_leaks(job.experiment, prepared, self.plugins, seen)
            apart = not_compared(job.experiment, prepared, self.plugins, seen)
        except (PluginError, InfeasibleError) as error:
            trace(error)
            return error
        except UserError as error:
            raise suspected(error, job.experiment, self.plugins)  # noqa: B904  # it is the same error
        except Exception as error:
            trace(error)
            return suspected(fault(error), job.experiment, self.plugins)
        lines = [*(leak.told() for leak in found), *apart]
        lines += unknown if self.store.training(job.start) is not None else []  # else it is made first, and looked at then
        for line in lines:
            if line not in self._told:
                self._told.add(line)
                self.reporter.say(line)
        return None


def _refuse_clips(experiment: Experiment, prepared: Prepared, plugins: Plugins) -> None:
    """Let the task look at the clips that it will evaluate.

    Raises:
        ConfigError: it cannot.
    """
    task: Task = plugins.build("task", experiment.task)
    problems = list(task.clip_problems(prepared.clips[experiment.evaluation.split])) if hasattr(task, "clip_problems") else []
    if problems:
        raise ConfigError(problems)


def _key(job: Job) -> tuple[int, str]:
    return id(job.experiment), job.start
