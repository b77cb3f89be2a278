"""Which training a row starts from, known before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from suite_world import L1, expanded, hand_made, plugins_with, ranks, write_suite

from taco_bench.errors import ConfigError, DataError, InfeasibleError
from taco_bench.jobs.starts import mismatches, trained_losses
from taco_bench.store.cells import Store
from taco_bench.store.ledger import ask, asked_options
from taco_bench.suites.expand import expand
from taco_bench.suites.load import load_suite
from taco_bench.suites.starts import Starts

SEEDS = [0, 1, 2]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def chained(folder: Path, store: Store, data: str = "here", options: str = "", above: list[dict[str, Any]] | None = None) -> Any:
    """The suite L1 on ``here``, starting from its like on ``elsewhere``."""
    first = write_suite(folder, L1, "first")
    start = f'"losses.use" = ["l1"], "train.init" = "{first}@elsewhere:one"{options}'
    second = write_suite(folder, L1.replace('"losses.use" = ["l1"]', start), "second")
    plugins = plugins_with("here", "elsewhere")
    said: list[str] = []
    table = expand(load_suite(str(second)), data, [], above or [], SEEDS, plugins, said.append, Starts(store, plugins, said.append))
    return table.line("one"), said


def test_each_seed_starts_from_the_same_seed(tmp_path: Path, store: Store) -> None:
    line, _ = chained(tmp_path, store)
    first = expanded(tmp_path, seeds=SEEDS, text=L1).line("one")
    assert [job.start for job in line.jobs] == [job.training for job in first.jobs]
    assert [job.parts["training"]["start"]["seed"] for job in line.jobs] == SEEDS
    assert len({job.training for job in line.jobs}) == 3


def test_the_options_that_the_start_was_asked_for_with(tmp_path: Path, store: Store) -> None:
    plain, _ = chained(tmp_path, store)
    options = {"below": [{"train": {"clip_norm": 1.0}}], "above": [{"train": {"steps": 7}}]}
    ask(store, "first@elsewhere", {}, options=options)
    assert asked_options(store, "first@elsewhere") == options
    asked, _ = chained(tmp_path, store)
    (start,) = {str(job.parts["training"]["start"]["configuration"]["train"]) for job in asked.jobs}
    assert "'steps': 7" in start
    assert "'clip_norm': 1.0" in start
    assert not {job.training for job in asked.jobs} & {job.training for job in plain.jobs}


def test_where_its_data_are_not_here_what_was_made_serves(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = expanded(tmp_path, seeds=SEEDS, text=L1).line("one")
    for job in first.jobs:
        record, arrays = hand_made(ranks(3), job.seed, job)
        store.save_cell(job.cell, record, arrays)
    ask(store, "first@elsewhere", {"one": {job.seed: job.cell for job in first.jobs}})
    import taco_bench.suites.expand as module

    real = module.facts_of

    def gone(experiment: Any, plugins: Any) -> Any:
        if experiment.data["type"] == "elsewhere":
            raise DataError("captions.json is not there", where="x", hint="y")
        return real(experiment, plugins)

    monkeypatch.setattr(module, "facts_of", gone)
    line, said = chained(tmp_path, store)
    assert [job.start for job in line.jobs] == [job.training for job in first.jobs]
    assert any("as it was made last: its data are not here (captions.json is not there)" in line for line in said)
    none, _ = chained(tmp_path, Store(tmp_path / "empty"))
    assert none.not_run.endswith("which cannot be planned here: captions.json is not there")


def test_a_start_that_does_not_fit_is_not_run(tmp_path: Path, store: Store) -> None:
    line, _ = chained(tmp_path, store, options=', "model.width" = 32')
    assert line.not_run == "model.width is 32, but 16 in the training that it starts from"
    line, _ = chained(tmp_path, store, options=', "model.max_video_tokens" = 8, "train.steps" = 0')
    assert line.not_run == "model.max_video_tokens is 8, but the training that it starts from has places for 4"
    line, _ = chained(tmp_path, store, options=', "model.max_video_tokens" = 8')
    assert line.jobs


def test_a_row_of_a_data_set_that_is_not_installed(tmp_path: Path, store: Store) -> None:
    path = write_suite(tmp_path, L1.replace('["l1"] }', '["l1"], "train.init" = "paper/pretrain@nowhere:s3d-hm" }'), "third")
    plugins = plugins_with("here")
    line = expand(load_suite(str(path)), "here", [], [], [0], plugins, print, Starts(store, plugins)).line("one")
    assert (
        line.not_run
        == "it starts from paper/pretrain@nowhere:s3d-hm, which cannot be planned here: nowhere has no encoder that stands for S3D-HM"
    )


class TestMismatches:
    def parts(self, folder: Path, **changes: Any) -> tuple[Any, dict[str, Any]]:
        line = expanded(folder, seeds=[0], text=L1, above=[changes] if changes else []).line("one")
        return line.experiment, line.jobs[0].parts["training"]

    def test_none_with_itself(self, tmp_path: Path) -> None:
        experiment, parts = self.parts(tmp_path)
        assert list(mismatches(experiment, parts)) == []

    def test_what_only_training_reads_may_differ(self, tmp_path: Path) -> None:
        experiment, _ = self.parts(tmp_path, text_encoder={"dropout": 0.3}, model={"dropout": 0.5}, train={"learning_rate": 1.0})
        assert list(mismatches(experiment, self.parts(tmp_path)[1])) == []

    @pytest.mark.parametrize("steps", [0, 1])
    def test_what_scores_must_be_the_same_without_steps(self, steps: int, tmp_path: Path) -> None:
        experiment, _ = self.parts(tmp_path, losses={"normalize": True}, train={"steps": steps})
        found = list(mismatches(experiment, self.parts(tmp_path)[1]))
        assert [problem.hint for problem in found] == ([] if steps else ["--set losses.normalize=false"])
        assert all(isinstance(problem, InfeasibleError) for problem in found)

    def test_without_steps_a_training_has_learnt_what_its_start_has(self, tmp_path: Path) -> None:
        _, parts = self.parts(tmp_path)
        zero = {**parts, "configuration": {**parts["configuration"], "train": {"steps": 0}, "losses": {"use": ["l3"]}}}
        assert trained_losses(parts) == ["l1"]
        assert trained_losses({**zero, "start": parts}) == ["l1"]
        assert trained_losses(zero) == ["l3"]


def test_an_unknown_row_names_the_file(tmp_path: Path, store: Store) -> None:
    first = write_suite(tmp_path, L1, "first")
    path = write_suite(tmp_path, L1.replace('["l1"] }', f'["l1"], "train.init" = "{first}@here:none" }}'), "third")
    plugins = plugins_with("here")
    with pytest.raises(ConfigError, match="first has no row 'none'") as caught:
        expand(load_suite(str(path)), "here", [], [], [0], plugins, print, Starts(store, plugins))
    assert "third.toml: row 'one'" in caught.value.where
