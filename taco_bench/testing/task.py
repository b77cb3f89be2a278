"""The contract of tasks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from taco_bench.api import Chance, Evaluation, UserError
from taco_bench.config import Experiment
from taco_bench.stats.permutation import chance_interval
from taco_bench.testing.contract import Contract
from taco_bench.testing.made import Knows, MadeTraining, Score, made_experiment

ROUNDING = 1e-6
FEWER: tuple[tuple[Score, ...], ...] = (("sentence",), ("token",), ("fusion",), ("sentence", "token"))
"""Scores of trainings that leave out a loss."""


class TaskContract(Contract):
    """For tasks: how a trained model is evaluated. It is shown trainings made by hand, that know all of the truth or nothing of it.

    Attributes:
        best: what a model that knows everything gets, in the columns that the task gives a :class:`~taco_bench.api.Chance` for.
        tolerance: how far below it may lie, for a task that learns something itself.
    """

    kind: ClassVar[str] = "task"
    members: ClassVar[tuple[str, ...]] = ("evaluate",)
    best: ClassVar[float] = 100.0
    tolerance: ClassVar[float] = 0.0

    def reference(self, trained: MadeTraining, found: Evaluation) -> Mapping[str, float]:
        """Figures of the first row, computed the slow and obvious way. To be overridden.

        Args:
            trained: the training that was evaluated.
            found: what the task gave, for what it alone can know, such as its predictions.

        Returns:
            Some of its columns, or all.
        """
        return {}

    def evaluated(self, task: Any, knows: Knows, seed: int = 0, experiment: Experiment | None = None) -> Evaluation:
        """What the task finds out about a training."""
        found: Evaluation = task.evaluate(MadeTraining(knows, seed, experiment))
        return found

    def test_the_first_row_is_the_result(self, component: Any) -> None:
        """Tables print the first row as the result, and hold it against those of other rows, column by column."""
        rows = self.evaluated(component, "everything").rows
        assert rows, "rows is empty: the first row is the result"
        for name, row in rows.items():
            bad = {column: value for column, value in row.items() if not math.isfinite(value)}
            assert row and not bad, f"the row {name!r} has {bad or 'no figures'}: each column a finite number"  # noqa: PT018

    def test_columns_are_as_declared(self, component: Any) -> None:
        """A suite that names another column is refused before anything is trained."""
        if not hasattr(component, "columns"):
            pytest.skip("it declares no columns")
        row = next(iter(self.evaluated(component, "everything").rows.values()))
        assert list(component.columns) == list(row), f"columns is {list(component.columns)}, but the first row has {list(row)}"

    def test_it_has_no_problem_with_a_usual_experiment(self, component: Any) -> None:
        """What keeps an experiment from being evaluated is told before anything is trained."""
        problems = list(component.problems(made_experiment())) if hasattr(component, "problems") else []
        if hasattr(component, "clip_problems"):
            problems += component.clip_problems(MadeTraining("everything", 0, None).clips("test"))
        others = [each for each in problems if not isinstance(each, UserError)]
        assert not others, f"problems() or clip_problems() gave {others}: UserErrors, with what, where and hint"
        assert not problems, f"problems() or clip_problems() refuses an experiment with all losses and usual sizes: {problems}"

    @pytest.mark.parametrize("scores", FEWER, ids="+".join)
    def test_only_the_scores_that_were_trained(self, component: Any, scores: tuple[Score, ...]) -> None:
        """A training without a loss has not its score: the task does without, or its problems() refuse the experiment."""
        experiment = made_experiment(scores=scores)
        if hasattr(component, "problems") and component.problems(experiment):
            return  # not skipped: to refuse is right
        try:
            found = self.evaluated(component, "everything", experiment=experiment)
        except (UserError, KeyError) as error:
            pytest.fail(f"it failed where {' and '.join(scores)} alone was trained: {error}; do without, or refuse it in problems()")
        assert found.rows, f"rows is empty where {' and '.join(scores)} alone was trained"

    def test_knowing_everything_is_best(self, component: Any) -> None:
        """Scores that single out the truth get the best figure that there is."""
        for column, chance in self.evaluated(component, "everything").chance.items():
            least, found = self.best - self.tolerance, chance.value
            hint = "set best, and tolerance, in this test if it has another scale"
            assert least - ROUNDING <= found <= self.best + ROUNDING, (
                f"{column} is {found:g} where everything is known, not {self.best:g}; {hint}"
            )

    @pytest.mark.parametrize("knows", ["constant", "nothing"])
    def test_knowing_nothing_is_chance(self, component: Any, knows: Knows) -> None:
        """Scores that are all alike, or noise, land where the task itself says that chance is: ties give no credit."""
        for column, chance in self.evaluated(component, knows).chance.items():
            low, high = chance_interval([chance.draws])
            what = f"{column} is {chance.value:g} for scores that are {'all alike' if knows == 'constant' else 'noise'}"
            hint = "count ties by what they give on average, and draw chance from the same answers"
            assert low - ROUNDING <= chance.value <= high + ROUNDING, f"{what}, outside chance [{low:g}, {high:g}]; {hint}"

    def test_it_says_what_chance_is(self, component: Any) -> None:
        """Every table says whether its controls land at chance and its results above: the task draws what chance gives."""
        found = self.evaluated(component, "everything")
        row = next(iter(found.rows.values()))
        assert found.chance, "chance is empty: give the columns that count a Chance, with draws under permuted answers"
        for column, chance in found.chance.items():
            assert column in row, f"chance has the column {column!r}, which the first row lacks"
            assert isinstance(chance, Chance) and chance.of, "chance holds a Chance a column, with of in words"  # noqa: PT018
            draws = np.asarray(chance.draws, float)
            right = draws.ndim == 1 and len(draws) >= 1000 and np.isfinite(draws).all()
            assert right, f"the draws of {column!r} are {draws.shape}: 1,000 finite numbers or more, for the ends of a 99.9 % interval"
            high = chance_interval([draws])[1]
            assert chance.value > high, f"{column} of a model that knows everything, {chance.value:g}, is not above chance, {high:g}"

    def test_a_nan_is_refused(self, component: Any) -> None:
        """A NaN among scores or features has no rank: figures made from it would mean nothing."""
        try:
            found = self.evaluated(component, "nan")
        except UserError:
            return
        pytest.fail(
            f"it gave {next(iter(found.rows.values()))} where scores and features hold a NaN: raise a DataError that names the query"
        )

    def test_controls_are_there(self, component: Any) -> None:
        """Every table ends with rows that cost nothing and must land at chance, such as one class everywhere."""
        found = self.evaluated(component, "everything")
        row = next(iter(found.rows.values()))
        assert found.controls, "controls is empty: add a row of what comes of not looking, such as chance or a majority class"
        for name, control in found.controls.items():
            others = {column for column, value in control.items() if column not in row or not math.isfinite(value)}
            assert control and not others, f"the control {name!r} has {others or 'no figures'}: finite numbers in columns of the first row"  # noqa: PT018
            above = [column for column in control if column in found.chance and control[column] >= row[column]]
            assert not above, f"the control {name!r} reaches the figures of a model that knows everything in {above}"

    def test_queries_can_be_resampled(self, component: Any) -> None:
        """Intervals and comparisons are computed from what each query gave, resampled by source video."""
        trained = MadeTraining("everything")
        found = component.evaluate(trained)
        lengths = {name: len(values) for name, values in found.queries.items()}
        assert {"clip", "video"} <= set(lengths), f'queries has {sorted(lengths)}: add "clip" and "video", by id, for each query'
        assert len(set(lengths.values())) == 1, f"the lists of queries have the lengths {lengths}: one entry a query"
        clips = {clip.id: clip for clip in trained.clips("test")}
        others = [name for name in found.queries["clip"] if name not in clips]
        assert not others, f"a query is of the clip {others[0]!r}, which is not in the split that was asked for" if others else ""
        for name, video in zip(found.queries["clip"], found.queries["video"], strict=True):
            expected = clips[name].video or name
            assert video in (expected, clips[name].video) and video, f"the query of {name!r} has the video {video!r}, not {expected!r}"  # noqa: PT018

    def test_queries_add_up_to_the_figures(self, component: Any) -> None:
        """Values under the name of a column are compared query by query in its place: their mean is the figure."""
        found = self.evaluated(component, "nothing")
        row = next(iter(found.rows.values()))
        for column in set(row) & set(found.queries):
            mean = float(np.mean(found.queries[column]))
            assert math.isclose(mean, row[column], abs_tol=1e-6), (
                f"the mean over the queries of {column!r} is {mean:g}, its figure {row[column]:g}"
            )

    def test_the_split_that_is_asked_for(self, component: Any) -> None:
        """The experiment names the split, and the best checkpoint is never chosen on the test split."""
        experiment = made_experiment("val")
        found = self.evaluated(component, "everything", experiment=experiment)
        own = {clip.id for clip in MadeTraining("everything").clips("val")}
        others = set(found.queries.get("clip", ())) - own
        assert not others, f"split is val, but queries are of {sorted(others)[:2]}: evaluate trained.experiment.evaluation.split"
        assert found.pool.get("split") == "val", f'pool is {found.pool}: say what was evaluated, beginning with "split"'

    def test_it_can_be_stored(self, component: Any) -> None:
        """A cell is one JSON file, with arrays beside it that are never pickled."""
        found = self.evaluated(component, "everything")
        try:
            json.dumps([found.rows, found.controls, found.queries, found.pool], allow_nan=False)
        except (TypeError, ValueError) as error:
            pytest.fail(f"rows, controls, queries and pool go into a JSON file: {error}; use .tolist() and float()")
        for name, array in found.arrays.items():
            right = isinstance(array, np.ndarray) and not array.dtype.hasobject
            assert right, f"arrays[{name!r}] is no array of numbers or texts"
            assert not name.startswith("chance "), f"arrays has {name!r}: names that begin with chance are those of the draws"

    def test_the_same_training_gets_the_same_figures(self, component: Any, tmp_path: Path) -> None:
        """Whatever was drawn before, and in every process: random numbers come from streams of the training's seed."""
        found = self.evaluated(component, "nothing")
        torch.rand(3)
        np.random.rand(3)  # noqa: NPY002  # the global one is meant
        again = self.evaluated(self.new(tmp_path), "nothing")
        assert found.rows == again.rows, "another task gave other figures for the same training; draw from taco_bench.api.numpy_stream"
        same = all(np.array_equal(found.chance[column].draws, again.chance[column].draws) for column in found.chance)
        assert same, "another task drew another chance for the same training; draw from taco_bench.api.numpy_stream"

    def test_all_seeds_get_the_same_draws(self, component: Any) -> None:
        """Means over seeds are held against means of the draws: draw number i is the same permutation for every seed."""
        one, other = (self.evaluated(component, "everything", seed) for seed in (0, 1))
        if one.rows != other.rows or one.arrays.keys() != other.arrays.keys():
            pytest.skip("what the task learns differs from seed to seed")
        same = all(np.allclose(one.chance[column].draws, other.chance[column].draws) for column in one.chance)
        assert same, "two seeds with the same scores got other draws of chance; draw them from numpy_stream(0, ...), not from trained.seed"

    def test_labels_are_shuffled_with_the_captions(self, component: Any) -> None:
        """The control is trained on shuffled captions: a task that learns from labels of training clips shuffles those too."""
        trained = MadeTraining("everything", experiment=made_experiment(shuffle_captions=True))
        found = component.evaluate(trained)
        if "train" not in trained.asked:
            pytest.skip("it asks for no training clips, so it learns from no labels")
        for column, chance in found.chance.items():
            high = chance_interval([chance.draws])[1]
            hint = "where trained.experiment.train.shuffle_captions is set, let the training clips exchange their labels"
            assert chance.value <= high + ROUNDING, f"{column} is {chance.value:g}, above chance, {high:g}, in the control; {hint}"

    @pytest.mark.parametrize("knows", ["everything", "nothing"])
    def test_it_agrees_with_the_reference(self, component: Any, knows: Knows) -> None:
        """The metric against its definition, computed the slow and obvious way by the test."""
        trained = MadeTraining(knows)
        found = component.evaluate(trained)
        row = next(iter(found.rows.values()))
        expected = self.reference(trained, found)
        if not expected:
            pytest.skip("the test overrides no reference(); without it, nothing says that the metric is the one that is meant")
        for column, value in expected.items():
            assert math.isclose(row[column], value, abs_tol=1e-6), f"{column} is {row[column]:g}, by the reference {value:g}"
