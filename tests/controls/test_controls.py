"""Controls know no task: a third party's is judged by them like our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.cli import ONE, SMALL, Cli, Results
from helpers.distributions import install
from taco_bench_controls import ConstantScores, ShuffledCaptions

from taco_bench.api import Clip
from taco_bench.config import Experiment
from taco_bench.plugins import load_plugins
from taco_bench.resolve import resolve

pytest_plugins = ("helpers.fixtures",)

MARGINS = '''
"""A task of a third party: how much better the right pair scores than the mean of the wrong ones."""

from taco_bench import hookimpl
from taco_bench.api import Evaluation


class Margins:
    """Margins."""

    def evaluate(self, trained):
        split = trained.experiment.evaluation.split
        clips = trained.clips(split)
        scores = trained.pair_scores(split)
        figures = {}
        for way, short in {"text->video": "t2v", "video->text": "v2t"}.items():
            matrix = scores[way].astype("float64")
            right = matrix.diagonal().mean()
            figures[f"{short} margin"] = float(right - (matrix.sum() - matrix.trace()) / (matrix.size - len(matrix)))
        return Evaluation({"all scores": figures}, pool={"split": split, "queries": len(clips), "videos": len(clips)})


@hookimpl
def taco_bench_tasks(register):
    register("margins", Margins, summary="how much better the right pair scores")
'''


@pytest.fixture
def margins(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The task ``margins`` is installed."""
    monkeypatch.syspath_prepend(str(install(tmp_path / "site", "taco-margins", "1.0", "taco_margins", MARGINS)))
    load_plugins.cache_clear()
    yield
    load_plugins.cache_clear()


@pytest.fixture
def experiment(site: Path) -> Experiment:
    return resolve([{"data": "small"}], load_plugins())


@pytest.fixture
def trained(experiment: Experiment) -> SimpleNamespace:
    """A model whose scores nobody may ask for."""
    clips = {split: [Clip(f"{split}-{i}", split, ("a caption",)) for i in range(size)] for split, size in {"val": 3, "test": 5}.items()}

    def refuse(split: str) -> None:
        raise AssertionError("the scores were computed, which costs what a control must not cost")

    return SimpleNamespace(experiment=experiment, clips=lambda split: clips[split], pair_scores=refuse)


class TestConstantScores:
    def test_it_trains_nothing(self, experiment: Experiment) -> None:
        assert ConstantScores().training(experiment) is None

    @pytest.mark.parametrize(("split", "size"), [("val", 3), ("test", 5)])
    def test_every_pair_scores_alike_in_both_directions(self, split: str, size: int, trained: SimpleNamespace) -> None:
        disguised = ConstantScores().disguise(trained)
        scores = disguised.pair_scores(split)
        assert set(scores) == {"text->video", "video->text"}
        for matrix in scores.values():
            assert matrix.shape == (size, size)
            assert matrix.dtype == np.float32
            assert len(np.unique(matrix)) == 1

    def test_all_else_is_the_models(self, trained: SimpleNamespace) -> None:
        disguised = ConstantScores().disguise(trained)
        assert disguised.experiment is trained.experiment
        assert disguised.clips("test") is trained.clips("test")


class TestShuffledCaptions:
    def test_its_training_differs_in_the_captions_alone(self, experiment: Experiment) -> None:
        shuffled = ShuffledCaptions().training(experiment).model_dump()
        plain = experiment.model_dump()
        assert shuffled["train"].pop("shuffle_captions") is True
        assert plain["train"].pop("shuffle_captions") is False
        assert shuffled == plain

    def test_it_disguises_nothing(self, trained: SimpleNamespace) -> None:
        assert ShuffledCaptions().disguise(trained) is None


class TestATaskOfAThirdParty:
    def test_it_inherits_both(self, margins: None, cli: Cli, results: Results) -> None:
        found = cli(*SMALL, "--task", "margins", "--steps", 40)
        assert found.code == 0, found.err
        plain, shuffled = sorted(results.cells().values(), key=lambda cell: cell["experiment"]["train"]["shuffle_captions"])
        for cell in (plain, shuffled):
            assert cell["controls"] == {"constant scores": {"t2v margin": 0.0, "v2t margin": 0.0}}
        assert plain["rows"]["all scores"] != shuffled["rows"]["all scores"]
        assert plain["rows"]["all scores"]["t2v margin"] > 0
        labels = [line.strip().split("  ")[0] for line in found.out.splitlines()]
        assert any(label.startswith("shuffled captions") for label in labels)
        assert "constant scores" in labels

    def test_it_can_do_without(self, margins: None, cli: Cli, results: Results) -> None:
        assert cli(*ONE, "--task", "margins", "--steps", 1, "--set", "controls=none").code == 0
        (cell,) = results.cells().values()
        assert cell["controls"] == {}

    def test_a_control_more_is_another_cell_of_the_same_training(self, margins: None, cli: Cli, results: Results) -> None:
        assert cli(*ONE, "--task", "margins", "--steps", 1).code == 0
        assert cli(*ONE, "--task", "margins", "--steps", 1, "--set", "controls=none").code == 0
        assert len(results.cells()) == 2
        assert len(results.weights()) == 1


def test_a_model_that_sees_nothing_lands_where_the_task_puts_chance(cli: Cli, results: Results) -> None:
    """Retrieval: constant scores, chance by arithmetic, and the mean over permuted galleries agree."""
    assert cli(*ONE, "--steps", 1).code == 0
    ((name, cell),) = results.cells().items()
    constant, chance = ({k: v for k, v in cell["controls"][name].items() if "ties" not in k} for name in ("constant scores", "chance"))
    assert constant == pytest.approx(chance)
    with np.load(results.root / "cells" / f"{name}.npz") as arrays:
        draws = arrays["chance t2v R@1"]
    assert draws.mean() == pytest.approx(cell["controls"]["chance"]["t2v R@1"], abs=5 * draws.std() / len(draws) ** 0.5)
