"""Action segmentation on planted features."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from planted_model import PlantedModel, planted, random_clips
from taco_bench_controls import ConstantScores
from taco_bench_tasks import ActionSegmentation
from taco_bench_tasks.segmentation_labels import BACKGROUND, UNSEEN, exchanged, frame_classes, label_classes, stretched
from taco_bench_tasks.segmentation_pool import contributions, figures, permuted_accuracies, too_few_classes

from taco_bench.api import Clip, DataError, Evaluation, Step, UserError
from taco_bench.reporting import Advance, Silent
from taco_bench.stats.permutation import chance_interval

QUICK = {"window": 16, "stride": 8, "train_stride": 8, "epochs": 4, "learning_rate": 0.03}


def quick(**changes: object) -> ActionSegmentation:
    return ActionSegmentation(**{**QUICK, **changes})  # type: ignore[arg-type]


class TestSignal:
    @pytest.mark.parametrize("video_encoder", ["fine-tuned", "frozen"])
    def test_accuracy_rises_with_the_signal(self, video_encoder: str) -> None:
        rows = [quick(video_encoder=video_encoder, epochs=12).evaluate(planted(signal)).rows["all frames"] for signal in (0.0, 3.0, 10.0)]
        accuracies = [row["accuracy"] for row in rows]
        assert accuracies == sorted(accuracies)
        assert accuracies[2] > 95
        assert rows[2]["F1@50"] > 90
        assert rows[2]["edit"] > 90

    @pytest.mark.parametrize("seed", range(3))
    def test_labels_that_are_exchanged_land_at_chance(self, seed: int) -> None:
        found = quick().evaluate(planted(10.0, shuffle=True, test=60, seed=seed))
        assert found.chance
        for chance in found.chance.values():
            low, high = np.quantile(chance.draws, [0.0005, 0.9995])
            assert low <= chance.value <= high
            assert chance.of == "predictions permuted over the true classes"

    def test_a_blind_model_names_the_most_frequent_class(self) -> None:
        trained = planted(10.0)
        found = quick(epochs=12).evaluate(ConstantScores().disguise(trained))
        assert found.rows["all frames"] == found.controls["majority class"]

    def test_fine_tuning_leaves_the_trained_model_as_it_is(self) -> None:
        trained = planted(3.0)
        kept = {name: value.clone() for name, value in trained.video_network().state_dict().items()}
        quick().evaluate(trained)
        for name, value in trained.video_network().state_dict().items():
            assert torch.equal(value, kept[name])


class TestRepeats:
    def test_the_same_seed_gives_the_same_frames_whatever_was_drawn_before(self) -> None:
        first = quick().evaluate(planted(2.0))
        torch.rand(7)
        second = quick().evaluate(planted(2.0))
        for name, array in first.arrays.items():
            np.testing.assert_array_equal(array, second.arrays[name])
        assert first.rows == second.rows

    def test_another_seed_does_not(self) -> None:
        trained = [planted(2.0) for _ in range(2)]
        trained[1].seed = 1
        first, second = (quick().evaluate(t).arrays["predicted"] for t in trained)
        assert (first != second).any()


class Counting(Silent):
    """A reporter that keeps the length of each bar, how far it went, and what was said."""

    def __init__(self) -> None:
        self.totals, self.steps, self.said = list[int](), 0, list[str]()

    def say(self, line: str) -> None:
        self.said.append(line)

    @contextmanager
    def bar(self, what: str, total: int, done: int = 0) -> Iterator[Advance]:
        self.totals.append(total)

        def advance(steps: int = 1, text: str = "") -> None:
            self.steps += steps

        yield advance


class TestSteps:
    def counted(self, **changes: object) -> tuple[Counting, Evaluation]:
        trained = planted(10.0)
        trained.reporter = Counting()
        found = quick(**changes).evaluate(trained)
        return trained.reporter, found

    def test_they_bound_the_training_of_the_head(self) -> None:
        whole, free = self.counted()
        (total,) = whole.totals
        assert whole.steps == total
        for steps in (1, total - 1):
            reporter, found = self.counted(steps=steps)
            assert (reporter.totals, reporter.steps) == ([steps], steps)
            assert found.rows != free.rows
        assert self.counted(steps=total + 100)[1].rows == free.rows
        assert self.counted(steps=total + 100)[0].totals == [total]

    def test_many_that_nobody_bounds_are_announced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.counted()[0].said == []
        monkeypatch.setattr("taco_bench_tasks.segmentation_head.MANY", 2)
        (line,) = self.counted()[0].said
        assert "--set task.steps=N trains it for fewer" in line
        assert self.counted(steps=9)[0].said == []


class TestLabels:
    def test_classes_are_those_of_training_in_the_order_of_the_alphabet(self) -> None:
        clips = [Clip("a", "train", ("c",), steps=(Step("put a key", 0, 1, "put key"), Step("b", 1, 2)))]
        assert label_classes(clips) == {"b": 1, "put key": 2}

    def test_frames_of_a_clip(self) -> None:
        steps = (Step("x", 1, 3), Step("y", 2, 4), Step("new", 5, 6), Step("x", 7, 99))
        found = frame_classes(Clip("a", "test", ("c",), steps=steps), 8, {"x": 1, "y": 2})
        assert found.tolist() == [BACKGROUND, 1, 2, 2, BACKGROUND, UNSEEN, BACKGROUND, 1]

    def test_stretching(self) -> None:
        assert stretched(np.array([1, 2]), 4).tolist() == [1, 1, 2, 2]
        assert stretched(np.array([1, 1, 2, 2]), 2).tolist() == [1, 2]
        assert stretched(np.array([3, 1]), 2).tolist() == [3, 1]

    def test_exchanged_labels_are_those_of_other_clips(self) -> None:
        targets = [np.full(length, number) for number, length in enumerate((3, 4, 5, 6, 7))]
        found = exchanged(targets, 0)
        assert [len(some) for some in found] == [3, 4, 5, 6, 7]
        assert sorted(int(some[0]) for some in found) == [0, 1, 2, 3, 4]
        assert [int(some[0]) for some in found] != [0, 1, 2, 3, 4]

    def test_exchanged_labels_say_nothing_of_the_place_in_the_clip(self) -> None:
        """All clips begin with class 1; of the exchanged ones a tenth do."""
        targets = [np.array([1, *[0] * 9]) for _ in range(400)]
        first = np.mean([some[0] == 1 for some in exchanged(targets, 0)])
        assert first == pytest.approx(0.1, abs=4 * (0.09 / 400) ** 0.5)

    def test_a_label_that_training_lacks_is_counted_and_never_right(self) -> None:
        trained = planted(10.0)
        odd = Clip("odd", "test", ("c",), steps=(Step("never", 0, 40),))
        trained.place["never"] = 0
        trained._clips["test"] = [*trained._clips["test"], odd]
        trained.lengths["odd"] = 40
        found = quick().evaluate(trained)
        assert found.pool["frames of labels that training lacks"] == 40
        assert found.queries["accuracy"][-1] == 0.0

    def test_training_clips_without_steps(self) -> None:
        trained = PlantedModel({"train": [Clip("a", "train", ("c",))], "test": random_clips(2, "test")[0]}, {"a": 5}, 1.0)
        with pytest.raises(DataError, match="no training clip shows a step"):
            quick().evaluate(trained)

    def test_test_clips_without_steps(self) -> None:
        clips, lengths = random_clips(2, "train")
        trained = PlantedModel({"train": clips, "test": [Clip("a", "test", ("c",))]}, lengths | {"a": 5}, 1.0)
        with pytest.raises(DataError, match="no clip of the test split shows a step"):
            quick().evaluate(trained)


class TestFigures:
    def test_columns_are_means_over_the_videos(self) -> None:
        draw = np.random.default_rng(0)
        targets = [draw.integers(0, 4, size) for size in (5, 9, 14)]
        predicted = [draw.integers(0, 4, len(truth)) for truth in targets]
        row = figures(predicted, targets)
        for column, values in contributions(predicted, targets).items():
            assert np.mean(values) == pytest.approx(row[column])

    def test_permutations_against_a_slow_count(self) -> None:
        """Three true classes; each takes the share of its own class from the frames of another."""
        truth, guess = np.array([0, 0, 0, 0, 1, 1, 2, -1]), np.array([0, 0, 1, 2, 1, 0, 2, 0])
        found = permuted_accuracies([guess[:3], guess[3:]], [truth[:3], truth[3:]])
        classes = [-1, 0, 1, 2]
        possible = set()
        for order in itertools.permutations(classes):
            right = [(truth == c).sum() * (guess[truth == other] == c).mean() for c, other in zip(classes, order, strict=True)]
            possible.add((round(100 * sum(right) / 8, 9), round(100 * (sum(right) - right[1]) / 4, 9)))
        draws = zip(found["accuracy"].tolist(), found["accuracy without background"].tolist(), strict=True)
        assert {(round(a, 9), round(b, 9)) for a, b in draws} == possible

    @pytest.mark.parametrize(("count", "judged"), [(3, False), (6, False), (7, True), (12, True)])
    def test_a_perfect_head_is_above_its_permutations_where_they_can_judge(self, count: int, judged: bool) -> None:
        """Of n classes one order in n! leaves all in place; it must lie above the 99.9 % interval."""
        truth = np.repeat(np.arange(count), 5)
        high = chance_interval([permuted_accuracies([truth], [truth])["accuracy"]])[1]
        assert (high < 100) == judged == (not too_few_classes([truth[:9], truth[9:]]))

    def test_few_classes_are_told(self) -> None:
        clips, lengths = random_clips(6, "train", seed=1)
        cut = [replace(clip, steps=tuple(replace(step, label="ab"[at % 2]) for at, step in enumerate(clip.steps))) for clip in clips]
        test = [replace(clip, id=f"t{clip.id}", split="test") for clip in cut]
        trained = PlantedModel({"train": cut, "test": test}, lengths | {f"t{name}": size for name, size in lengths.items()}, 5.0)
        found = quick(epochs=1).evaluate(trained)
        assert found.chance == {}
        assert found.no_chance == "3 classes are too few to judge by permutation, which needs 7"
        assert found.pool["classes in training with the background"] == 3

    def test_the_value_is_the_figure(self) -> None:
        found = quick(epochs=1).evaluate(planted(2.0))
        assert found.chance
        assert not found.no_chance
        for column, chance in found.chance.items():
            assert chance.value == found.rows["all frames"][column]


def test_frames_are_arrays_and_the_rest_is_small_json() -> None:
    trained = planted(2.0)
    found = quick(epochs=1).evaluate(trained)
    assert len(found.arrays["predicted"]) == len(found.arrays["target"]) == found.arrays["frames"].sum() == found.pool["frames"]
    assert found.arrays["classes"][0] == "background"
    assert {len(values) for values in found.queries.values()} == {len(trained.clips("test"))}
    json.dumps([found.rows, found.controls, found.pool, found.queries], allow_nan=False)


def test_a_loss_that_is_not_finite_is_told() -> None:
    trained = planted(1.0)
    usual = trained.frames
    trained.frames = lambda clip: usual(clip) * np.float32(np.nan)  # type: ignore[method-assign]
    with pytest.raises(UserError, match="loss of the segmentation head is nan at step 0"):
        quick().evaluate(trained)


def test_windows_are_checked_against_the_model() -> None:
    experiment = planted(0.0, train=1, test=1).experiment
    problems = ActionSegmentation(window=4, stride=5, train_stride=6).problems(experiment)
    assert [problem.where for problem in problems] == ["task.stride", "task.train_stride"]
    assert [problem.where for problem in ActionSegmentation().problems(experiment)] == ["task.window"]
