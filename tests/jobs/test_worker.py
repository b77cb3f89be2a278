"""Several trainings at once: the same cells as one after the other, and no more work."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.cli import ONE, SMALL, Cli, Results, assert_told

from taco_bench.jobs.pool import workers_for

pytest_plugins = ("helpers.fixtures",)


def jobs(count: int, threads: int = 1, device: str = "cpu") -> list[SimpleNamespace]:
    train = SimpleNamespace(threads=threads, device=device)
    return [SimpleNamespace(experiment=SimpleNamespace(train=train), training=f"training {i}", cell=f"cell {i}") for i in range(count)]


class TestWorkersFor:
    @pytest.mark.parametrize(
        ("cores", "count", "threads", "expected"),
        [(8, 4, 1, 4), (8, 20, 1, 8), (8, 20, 2, 4), (8, 20, 3, 2), (2, 5, 2, 1), (2, 5, 4, 1), (8, 0, 1, 1)],
    )
    def test_as_many_as_have_their_threads(
        self, cores: int, count: int, threads: int, expected: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
        assert workers_for(jobs(count, threads)) == expected

    def test_one_on_a_gpu(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
        assert workers_for(jobs(10, device="cuda")) == 1

    def test_the_greediest_training_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
        assert workers_for([*jobs(4, threads=1), *jobs(1, threads=4)]) == 2


def test_workers_make_the_cells_of_one_process_and_train_each_training_once(
    cli: Cli, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two trainings, of which one has two cells: their scores are subsets of what it trains."""
    arguments = ("--sampler", "neighbours", "--scores", "sentence", "--scores", "sentence,token", "--steps", 4)
    alone = cli(*SMALL, *arguments, "--results", tmp_path / "alone")
    assert alone.code == 0, alone.err
    monkeypatch.setattr("taco_bench.jobs.pool.workers_for", lambda jobs: min(2, len(jobs)))
    monkeypatch.setenv("WATCH_FOLDER", str(tmp_path))
    together = cli(*SMALL, *arguments)
    assert together.code == 0, together.err
    assert results.figures() == Results(tmp_path / "alone").figures()
    assert results.weights() == Results(tmp_path / "alone").weights()
    processes = (tmp_path / "calls").read_text().split()
    assert len(set(processes)) == 2  # there were two workers
    assert len(processes) == 2 * 4


def test_a_failure_in_a_worker_is_told_and_stops_no_other(cli: Cli, results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taco_bench.jobs.pool.workers_for", lambda jobs: min(2, len(jobs)))
    found = cli(*ONE, "--sampler", "careless", "--sampler", "random", "--steps", 2)
    assert_told(found, 5, "failed: sampler careless", "Careless", "no valid negatives", "try:")
    assert [cell["experiment"]["sampler"]["type"] for cell in results.cells().values()] == ["random"]


def test_threads_are_those_of_the_configuration(cli: Cli) -> None:
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    seen: list[int] = []
    before = torch.get_num_threads()
    handle = register_optimizer_step_post_hook(lambda *_: seen.append(torch.get_num_threads()))
    try:
        assert cli(*ONE, "--steps", 2, "--set", "train.threads=3").code == 0
        assert seen == [3, 3]
    finally:
        handle.remove()
        torch.set_num_threads(before)
