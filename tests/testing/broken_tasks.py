"""Tasks and controls, each whole but for one fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from naive_metrics import retrieval_figures
from rows_of_table import Row
from taco_bench_controls import ConstantScores, ShuffledCaptions
from taco_bench_tasks import ActionSegmentation, Retrieval, StepLocalization

from taco_bench.api import Chance, Evaluation, UserError
from taco_bench.testing import ControlContract, MadeTraining, TaskContract
from taco_bench.testing.made import made_experiment


def finding(change: Callable[[Evaluation, Any], Any], name: str) -> type[Retrieval]:
    """The retrieval task, with something changed in what it finds."""

    class Finding(Retrieval):
        def evaluate(self, trained: Any) -> Evaluation:
            found = super().evaluate(trained)
            change(found, trained)
            return found

    Finding.__name__ = name
    return Finding


def _row(found: Evaluation) -> dict[str, float]:
    return next(iter(found.rows.values()))


def _optimistic(found: Evaluation, trained: MadeTraining) -> None:
    if trained.knows == "constant":  # every tie won
        found.chance = {column: Chance(100.0, chance.draws) for column, chance in found.chance.items()}


def _half(found: Evaluation, trained: Any) -> None:
    found.chance = {column: Chance(chance.value / 2, chance.draws) for column, chance in found.chance.items()}


def _random(found: Evaluation, trained: Any) -> None:
    _row(found)["t2v MedR"] += torch.rand(1).item()


def _by_seed(found: Evaluation, trained: Any) -> None:
    found.chance = {column: Chance(chance.value, chance.draws + trained.seed) for column, chance in found.chance.items()}


class NoColumns(Retrieval):
    columns = ("R@1",)  # type: ignore[assignment]


class Refuses(Retrieval):
    def problems(self, experiment: Any) -> list[UserError]:
        return [UserError("I want a bigger model")]


class NeedsTokens(Retrieval):
    def evaluate(self, trained: MadeTraining) -> Evaluation:
        trained.pair_scores("test")["token"].mean()
        return super().evaluate(trained)


class TakesNan(Retrieval):
    def evaluate(self, trained: MadeTraining) -> Evaluation:
        clean = MadeTraining("everything" if trained.knows == "nan" else trained.knows, trained.seed, trained.experiment)  # nan_to_num
        return super().evaluate(clean)


class AlwaysTest(Retrieval):
    def evaluate(self, trained: MadeTraining) -> Evaluation:
        return super().evaluate(MadeTraining(trained.knows, trained.seed))


class OneLength(StepLocalization):
    """Takes every clip to be as long as the first one."""

    def evaluate(self, trained: Any) -> Evaluation:
        clips = trained.clips("test")
        np.stack([trained.frame_scores(clip, clip.procedure, self.window, self.stride) for clip in clips])
        return super().evaluate(trained)


class LongWindows(StepLocalization):
    """Does not ask how much the model takes."""

    def evaluate(self, trained: Any) -> Evaluation:
        self.window = 64
        return super().evaluate(trained)


class LeavesRowsOut(StepLocalization):
    def evaluate(self, trained: Any) -> Evaluation:
        self.stride = 48
        return super().evaluate(trained)


class OwnTexts(StepLocalization):
    def evaluate(self, trained: Any) -> Evaluation:
        trained.frame_scores(trained.clips("test")[0], ["a photo of a step"], self.window, self.stride)
        return super().evaluate(trained)


class KeepsLabels(ActionSegmentation):
    """Trains on the right labels in the control."""

    def __init__(self) -> None:
        super().__init__(window=16, train_stride=8, epochs=8, learning_rate=0.03)

    def evaluate(self, trained: MadeTraining) -> Evaluation:
        trained.experiment = made_experiment()
        return super().evaluate(trained)


class Twofold(Retrieval):
    """A recall that counts from 0."""

    def evaluate(self, trained: Any) -> Evaluation:
        found = super().evaluate(trained)
        _row(found)["t2v MedR"] -= 1
        return found


T = TaskContract
BY_HAND = {"reference": lambda self, trained, found: retrieval_figures(trained)}
TASKS = [
    Row(T, check, factory, message, BY_HAND)
    for check, factory, message in [
        ("test_the_first_row_is_the_result", finding(lambda f, _: f.rows.clear(), "NoRows"), "rows is empty|StopIteration"),
        ("test_the_first_row_is_the_result", finding(lambda f, _: _row(f).update(x=float("nan")), "NanFigure"), "finite number"),
        ("test_the_first_row_is_the_result", OneLength, "same shape"),
        ("test_the_first_row_is_the_result", LongWindows, "max_video_tokens"),
        ("test_the_first_row_is_the_result", LeavesRowsOut, "every 48 rows"),
        ("test_the_first_row_is_the_result", OwnTexts, "is in no clip"),
        ("test_columns_are_as_declared", NoColumns, "the first row has"),
        ("test_it_has_no_problem_with_a_usual_experiment", Refuses, "bigger model"),
        ("test_only_the_scores_that_were_trained", NeedsTokens, "where sentence alone was trained"),
        ("test_knowing_everything_is_best", finding(_half, "Half"), "where everything is known"),
        ("test_knowing_nothing_is_chance", finding(_optimistic, "Optimistic"), "count ties"),
        ("test_it_says_what_chance_is", finding(lambda f, _: f.chance.clear(), "NoChance"), "chance is empty"),
        ("test_it_says_what_chance_is", finding(lambda f, _: f.chance.update({"t2v R@1": Chance(9.0, np.zeros(9))}), "FewDraws"), "1,000"),
        ("test_a_nan_is_refused", TakesNan, "hold a NaN"),
        ("test_controls_are_there", finding(lambda f, _: f.controls.clear(), "NoControls"), "controls is empty"),
        ("test_controls_are_there", finding(lambda f, _: f.controls.update(x={"other": 1.0}), "OtherColumns"), "columns of the first row"),
        ("test_queries_can_be_resampled", finding(lambda f, _: f.queries.pop("video"), "NoVideo"), "for each query"),
        ("test_queries_can_be_resampled", finding(lambda f, _: f.queries["clip"].pop(), "OneShort"), "one entry a query"),
        ("test_queries_add_up_to_the_figures", finding(lambda f, _: f.queries.update({"t2v R@1": [0.0] * 30}), "NoSum"), "mean over"),
        ("test_the_split_that_is_asked_for", AlwaysTest, "evaluation.split"),
        ("test_it_can_be_stored", finding(lambda f, _: f.pool.update(size=np.int64(3)), "NumpyPool"), "tolist"),
        ("test_it_can_be_stored", finding(lambda f, _: f.arrays.update(x=np.array([None])), "Objects"), "numbers or texts"),
        ("test_the_same_training_gets_the_same_figures", finding(_random, "RandomFigure"), "numpy_stream"),
        ("test_all_seeds_get_the_same_draws", finding(_by_seed, "BySeed"), "not from trained.seed"),
        ("test_labels_are_shuffled_with_the_captions", KeepsLabels, "exchange their labels"),
        ("test_it_agrees_with_the_reference", Twofold, "by the reference"),
    ]
]


class Both(ConstantScores):
    def training(self, experiment: Any) -> Any:
        return experiment.shuffled()


class Neither(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        return None


class Unchanged(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        return experiment


class OtherTask(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        return experiment.shuffled().model_copy(update={"task": {"type": "easier"}})


class FromItsStart(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        return experiment.model_copy(update={"train": experiment.train.model_copy(update={"shuffle_captions": True})})


class ChangesItsRow(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        experiment.data["shuffled"] = True
        return experiment.shuffled()


class RandomTraining(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        found = experiment.shuffled()
        return found.model_copy(update={"train": found.train.model_copy(update={"learning_rate": torch.rand(1).item()})})


def disguised(name: str, **members: Any) -> type[ConstantScores]:
    """The control of constant scores, with some of the model's own members under the disguise."""

    class Disguised(ConstantScores):
        def disguise(self, trained: Any) -> Any:
            found: Any = super().disguise(trained)
            for member, make in members.items():
                setattr(type(found), member, make) if isinstance(make, property) else setattr(found, member, make(trained))
            return found

    Disguised.__name__ = name
    return Disguised


def _renamed(trained: Any) -> Any:
    return lambda split: trained.clips(split)[::-1]


C = ControlContract
CONTROLS = [
    Row(C, "test_it_trains_or_it_disguises", Both, "gave both"),
    Row(C, "test_it_trains_or_it_disguises", Neither, "gave neither"),
    Row(C, "test_its_training_is_another", Unchanged, "the row's own training"),
    Row(C, "test_its_training_is_evaluated_as_its_row", OtherTask, "changed task"),
    Row(C, "test_its_training_begins_from_scratch", FromItsStart, "set train.init to None"),
    Row(C, "test_its_row_stays_as_it_is", ChangesItsRow, "model_copy"),
    Row(C, "test_the_same_training_each_time", RandomTraining, "draw nothing"),
    Row(C, "test_a_disguise_knows_no_pairs", disguised("Pairs", pair_scores=lambda t: t.pair_scores), "what the model knows"),
    Row(C, "test_a_disguise_knows_no_pairs", disguised("NoScores", pair_scores=lambda t: lambda split: {}), "queries first"),
    Row(C, "test_a_disguise_knows_no_frames", disguised("Scores", frame_scores=lambda t: t.frame_scores), "what the model knows"),
    Row(
        C,
        "test_a_disguise_has_blind_features",
        disguised("Features", frames=lambda t: t.frames, video_network=lambda t: t.video_network),
        "not blind",
    ),
    Row(C, "test_a_disguise_is_a_whole_model", disguised("Reversed", clips=_renamed), "must be the model's"),
]

ROWS = [*TASKS, *CONTROLS]
WHOLE = [(T, Retrieval), (C, ConstantScores), (C, ShuffledCaptions)]
