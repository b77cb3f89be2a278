"""Data made ready, and looked at for leaks, before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence

from taco_bench.config import Experiment
from taco_bench.errors import InfeasibleError, PluginError, UserError
from taco_bench.jobs.data import DataCache
from taco_bench.jobs.faults import fault, suspected, trace
from taco_bench.jobs.plan import Job
from taco_bench.leakage import find_leaks
from taco_bench.plugins import Plugins
from taco_bench.reporting import Reporter


class Ready:
    """Prepares data; says each leak once.

    Args:
        plugins: for the components.
        reporter: shows what is being prepared.
    """

    def __init__(self, plugins: Plugins, reporter: Reporter) -> None:
        self.plugins, self.reporter = plugins, reporter
        self._data = DataCache(plugins, reporter)
        self._told: set[str] = set()

    def lost(self, jobs: Sequence[Job]) -> dict[str, UserError]:
        """By cell, why its data cannot be made ready though the data themselves are right: a component raises, or selects nothing.

        Raises:
            UserError: whatever is wrong with the data.
        """
        experiments = {id(job.experiment): job.experiment for job in jobs}  # seeds of a row share theirs
        errors = {key: self._error(experiment) for key, experiment in experiments.items()}
        return {job.cell: error for job in jobs if (error := errors[id(job.experiment)]) is not None}

    def _error(self, experiment: Experiment) -> UserError | None:
        try:
            found = find_leaks(experiment, self._data.get(experiment), self.plugins)
        except (PluginError, InfeasibleError) as error:
            trace(error)
            return error
        except UserError as error:
            raise suspected(error, experiment, self.plugins)  # noqa: B904  # it is the same error
        except Exception as error:
            trace(error)
            return suspected(fault(error), experiment, self.plugins)
        for leak in found:
            if leak.told() not in self._told:
                self._told.add(leak.told())
                self.reporter.say(leak.told())
        return None
