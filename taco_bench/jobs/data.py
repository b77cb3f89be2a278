"""Prepared data, kept in memory while the jobs that follow one another have the same."""

from __future__ import annotations

import json
from typing import Any

from taco_bench.config import Experiment
from taco_bench.data.prepared import Prepared, prepare
from taco_bench.errors import PluginError
from taco_bench.plugins import Plugins
from taco_bench.reporting import Reporter

KEPT = 4
READ = ("data", "on_missing", "encoder", "text_encoder", "tagger", "tokens", "token_weights", "model")


class DataCache:
    """The data of the last few experiments.

    Args:
        plugins: for the components.
        reporter: shows what is being prepared.
    """

    def __init__(self, plugins: Plugins, reporter: Reporter) -> None:
        self.plugins, self.reporter = plugins, reporter
        self._found: dict[str, Prepared] = {}
        self._failed: dict[str, PluginError] = {}

    def get(self, experiment: Experiment, tokenizer: str = "") -> Prepared:
        """The prepared data of an experiment, with the tokenizer of the training that it starts from where there is one.

        Raises:
            DataError: whatever is wrong with it.
            PluginError: a component raised; it is not asked again.
        """
        read: Any = {**dict.fromkeys(READ, True), "train": {"validate_every", "batch_size"}, "evaluation": {"split"}}
        key = json.dumps([experiment.model_dump(mode="json", include=read), experiment.train.steps > 0, tokenizer], sort_keys=True)
        if key in self._failed:
            raise self._failed[key]
        if key not in self._found:
            while len(self._found) >= KEPT:
                self._found.pop(next(iter(self._found)))
            try:
                self._found[key] = prepare(experiment, self.plugins, self.reporter, tokenizer)
            except PluginError as error:
                self._failed[key] = error
                raise
        return self._found[key]
