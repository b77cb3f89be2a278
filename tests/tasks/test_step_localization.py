"""Step localization on planted scores, and on clips made by hand."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_model import PlantedModel, planted
from taco_bench_controls import ConstantScores
from taco_bench_tasks import StepLocalization
from taco_bench_tasks.localization_controls import order_alone, random_placements, uniform_placement

from taco_bench.api import Clip, DataError, Step, UserError
from taco_bench.metrics import ordered_assignment, step_recall, video_recall


def model(clips: list[Clip], frames: int = 10, signal: float = 20.0) -> PlantedModel:
    return PlantedModel({"train": [], "test": clips}, {clip.id: frames for clip in clips}, signal)


def clip(name: str, *steps: Step, procedure: tuple[str, ...] = (), task: str = "") -> Clip:
    return Clip(name, "test", ("a caption",), f"video {name}", steps, task, procedure)


def test_recall_rises_with_the_signal_from_chance_to_all() -> None:
    found = {signal: StepLocalization().evaluate(planted(signal)) for signal in (0.0, 1.0, 2.0, 4.0, 20.0)}
    recalls = [evaluation.rows["all scores"]["recall"] for evaluation in found.values()]
    assert recalls == sorted(recalls)
    none, full = found[0.0], found[20.0]
    uniform = none.controls["uniform placement"]["recall"]
    assert recalls[0] < uniform + 10
    low, high = np.quantile(none.chance["recall"].draws, [0.0005, 0.9995])
    assert low <= recalls[0] <= high
    assert recalls[1] > high
    assert full.rows["all scores"] == {"recall": 100.0, "recall per video": 100.0}
    assert full.chance["recall"].draws.max() < 100
    assert all(evaluation.controls == none.controls for evaluation in found.values())


class TestRecall:
    @pytest.mark.parametrize("options", [{}, {"join": 3}, {"runs": 4, "left_out": 5}], ids=str)
    def test_it_is_the_metric_and_the_mean_over_queries(self, options: dict[str, int]) -> None:
        found = StepLocalization(**options).evaluate(planted(1.0))
        row, queries = found.rows["all scores"], found.queries
        for column, value in row.items():
            assert np.mean(queries[column]) == pytest.approx(value)
        if options == {}:
            videos = sorted(set(queries["video"]))
            own = [[i for i, video in enumerate(queries["video"]) if video == name] for name in videos]
            correct, total = [sum(queries["correct"][i] for i in some) for some in own], [len(some) for some in own]
            tasks = [queries["task"][some[0]] for some in own]
            assert row["recall"] == pytest.approx(step_recall(correct, total, tasks).mean)
            assert row["recall per video"] == pytest.approx(video_recall(correct, total, tasks).mean)

    def test_against_a_naive_evaluation(self) -> None:
        trained = planted(1.0)
        hits: dict[str, list[bool]] = {}
        for video in trained.clips("test"):
            logits = trained.frame_scores(video, video.procedure, 32, 16).astype(float)
            scores = np.log(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
            best = (
                max(
                    itertools.combinations(range(len(scores)), len(video.procedure)),
                    key=lambda chosen: sum(scores[t, k] for k, t in enumerate(chosen)),
                )
                if len(scores) < 15
                else ordered_assignment(scores)
            )
            for text in {step.text for step in video.steps}:
                at = best[video.procedure.index(text)]
                hits.setdefault(video.task, []).append(any(s.text == text and s.start <= at < s.end for s in video.steps))
        naive = np.mean([100 * np.mean(found) for found in hits.values()])
        assert StepLocalization().evaluate(trained).rows["all scores"]["recall"] == pytest.approx(naive)

    def test_a_step_counts_once_and_is_right_in_any_of_its_segments(self) -> None:
        one = clip("a", Step("x", 0, 2), Step("y", 4, 5), Step("x", 8, 10), procedure=("y", "x"))
        found = StepLocalization().evaluate(model([one]))
        assert found.queries["text"] == ["y", "x"]
        assert found.queries["correct"] == [1, 1]
        assert found.arrays["second"].tolist()[0] == 4
        assert found.arrays["second"].tolist()[1] in (8, 9)

    def test_a_step_that_is_not_shown_is_placed_but_not_counted(self) -> None:
        one = clip("a", Step("x", 0, 2), Step("z", 8, 9), procedure=("x", "y", "z"))
        assert StepLocalization().evaluate(model([one])).queries["text"] == ["x", "z"]

    def test_a_step_after_the_features_end_is_not_counted(self) -> None:
        one = clip("a", Step("x", 0, 2), Step("y", 12, 14))
        assert StepLocalization().evaluate(model([one])).queries["text"] == ["x"]

    def test_steps_without_a_procedure_are_each_right_in_their_own_segment(self) -> None:
        one = clip("a", Step("x", 0, 10), Step("x", 3, 4))
        found = StepLocalization().evaluate(ConstantScores().disguise(model([one])))
        assert found.queries["text"] == ["x", "x"]
        assert found.queries["correct"] == [1, 0]  # on the first second and on the last, which is the first step's


class TestPool:
    def test_too_short_videos_and_clips_without_steps_are_counted(self) -> None:
        clips = [clip("a", Step("x", 0, 2)), clip("b", Step("x", 0, 2), procedure=tuple("abcdefghijkx")), clip("c")]
        found = StepLocalization().evaluate(model(clips))
        assert found.pool["videos"] == 1
        assert found.pool["videos left out, with fewer rows than steps"] == 1
        assert found.pool["clips left out, without steps"] == 1

    def test_joined_clips_are_one_video_of_one_task(self) -> None:
        trained = planted(20.0, tasks=3)
        found = StepLocalization(join=4).evaluate(trained)
        sizes = {task: sum(c.task == task for c in trained.clips("test")) for task in {c.task for c in trained.clips("test")}}
        assert found.pool["videos"] == sum(-(-size // 4) for size in sizes.values())
        assert found.pool["clips joined to a video"] == 4
        assert found.pool["queries"] == len(found.queries["clip"]) == sum(len({s.text for s in c.steps}) for c in trained.clips("test"))
        tasks = dict(zip(found.queries["video"], found.queries["task"], strict=True))
        assert all(tasks[video] == task for video, task in zip(found.queries["video"], found.queries["task"], strict=True))
        by_id = {c.id: c for c in trained.clips("test")}
        assert all(by_id[name].task == task for name, task in zip(found.queries["clip"], found.queries["task"], strict=True))

    def test_runs_leave_the_same_videos_out_for_every_seed(self) -> None:
        task = StepLocalization(runs=3, left_out=4)
        weights = [task.evaluate(planted(20.0, seed=seed)).queries["recall"] for seed in (0, 1)]
        assert weights[0] == weights[1]
        assert len(set(weights[0])) > 1

    def test_no_video_of_a_task_is_left(self) -> None:
        with pytest.raises(UserError, match="leaves none of the 2"):
            StepLocalization(left_out=2).evaluate(model([clip("a", Step("x", 0, 1)), clip("b", Step("x", 0, 1))]))

    def test_that_is_known_before_anything_is_trained(self) -> None:
        shown = [clip(name, Step("x", 0, 1)) for name in "abc"]
        assert StepLocalization(left_out=2).clip_problems([*shown, clip("without")]) == []
        (problem,) = StepLocalization(left_out=3).clip_problems(shown)
        assert problem.lines() == [
            "leaving out 3 videos leaves none of the 3 of task ''",
            "  where: task.left_out",
            "  try:   --set task.left_out=2 or fewer",
        ]
        assert len(StepLocalization(left_out=2, join=2).clip_problems(shown)) == 1  # two videos of two and one clips
        assert StepLocalization().clip_problems([clip("a", Step("x", 0, 1))]) == []

    def test_no_steps(self) -> None:
        with pytest.raises(DataError, match="no clip of the test split shows a step"):
            StepLocalization().evaluate(model([clip("a")]))

    def test_a_step_outside_its_procedure(self) -> None:
        with pytest.raises(DataError, match="'a' shows 'z', which is not in its procedure"):
            StepLocalization().evaluate(model([clip("a", Step("z", 0, 1), procedure=("x",))]))

    def test_it_all_goes_into_json(self) -> None:
        found = StepLocalization(join=2).evaluate(planted(1.0))
        json.dumps([found.rows, found.controls, found.pool, found.queries], allow_nan=False)


class TestControls:
    @given(st.integers(1, 9).flatmap(lambda steps: st.tuples(st.integers(steps, 30), st.just(steps))))
    def test_uniform_placement_is_the_official_one(self, sizes: tuple[int, int]) -> None:
        seconds, steps = sizes
        placed = uniform_placement(seconds, steps)
        assert placed.tolist() == [min(round(seconds / steps * (step + 0.5)), seconds - 1) for step in range(steps)]
        assert (np.diff(placed) >= (1 if seconds >= 2 * steps else 0)).all()

    @pytest.mark.parametrize("sizes", [(1, 1), (5, 1), (5, 5), (6, 3), (9, 4)])
    def test_order_alone_counts_all_placements(self, sizes: tuple[int, int]) -> None:
        counts = np.zeros(sizes)
        every = list(itertools.combinations(range(sizes[0]), sizes[1]))
        for chosen in every:
            counts[chosen, range(sizes[1])] += 1
        np.testing.assert_allclose(order_alone(*sizes), counts / len(every), atol=1e-12)

    def test_random_placements_are_equally_likely(self) -> None:
        placed = random_placements(9, 4, 20_000, np.random.default_rng(0))
        assert (np.diff(placed) > 0).all()
        likely = np.stack([(placed == second).mean(axis=0) for second in range(9)])
        np.testing.assert_allclose(likely, order_alone(9, 4), atol=0.015)

    def test_the_expected_recall_of_order_alone_is_the_mean_of_its_draws(self) -> None:
        trained = planted(0.0)
        found = StepLocalization().evaluate(trained)
        (name,) = (label for label in found.controls if label.startswith("order alone"))
        draw = np.random.default_rng(0)
        recalls = []
        for _ in range(200):
            hits: dict[str, list[bool]] = {}
            for video in trained.clips("test"):
                at = np.sort(draw.choice(40, len(video.procedure), replace=False))
                for text in {step.text for step in video.steps}:
                    second = at[video.procedure.index(text)]
                    hits.setdefault(video.task, []).append(any(s.text == text and s.start <= second < s.end for s in video.steps))
            recalls.append(np.mean([100 * np.mean(values) for values in hits.values()]))
        assert found.controls[name]["recall"] == pytest.approx(np.mean(recalls), abs=4 * np.std(recalls) / 200**0.5)
        assert float(name.split("±")[1].rstrip(")")) == pytest.approx(np.std(recalls), rel=0.3)

    def test_constant_scores_leave_the_tie_rule_alone(self) -> None:
        trained = planted(20.0)
        found = StepLocalization().evaluate(ConstantScores().disguise(trained))
        rule = ordered_assignment(np.zeros((40, 4))).tolist()
        assert rule == [0, 1, 2, 39]
        assert set(found.arrays["second"].tolist()) <= set(rule)

    def test_chance_is_the_same_draws_for_every_seed_and_near_what_no_signal_gives(self) -> None:
        draws = [StepLocalization().evaluate(planted(0.0, seed=seed)).chance["recall"] for seed in range(6)]
        assert np.mean([chance.value for chance in draws]) == pytest.approx(np.mean([c.draws.mean() for c in draws]), abs=3.0)
        assert draws[0].of == "step texts permuted within each video"


class TestProblems:
    def told(self, task: StepLocalization, **changes: object) -> list[str]:
        experiment = planted(0.0, train=1, test=1).experiment
        model = experiment.model.model_copy(update={"max_video_tokens": 16})
        evaluation = experiment.evaluation.model_copy(update=changes)
        return [str(problem.what) for problem in task.problems(experiment.model_copy(update={"model": model, "evaluation": evaluation}))]

    def test_windows_longer_than_the_model_takes(self) -> None:
        assert self.told(StepLocalization()) == ["windows of 32 rows, but the model takes at most 16 video tokens"]
        assert self.told(StepLocalization(window=16, stride=16)) == []

    def test_a_stride_that_leaves_rows_out(self) -> None:
        assert self.told(StepLocalization(window=8, stride=9)) == ["windows of 8 rows every 9 rows leave rows out"]

    def test_fusion_alone_scores_no_second(self) -> None:
        (told,) = self.told(StepLocalization(window=16), scores=("fusion",))
        assert "without the fusion module" in told


def test_the_model_is_asked_in_the_windows_of_the_options() -> None:
    trained = planted(0.0, test=3)
    StepLocalization(window=7, stride=3).evaluate(trained)
    assert trained.asked == [(7, 3)] * 3


def test_every_other_option_of_a_clip_changes_nothing() -> None:
    trained = planted(1.0)
    before = StepLocalization().evaluate(trained).rows
    trained._clips["test"] = [replace(c, captions=("other",), start=1.0, end=9.0) for c in trained._clips["test"]]
    assert StepLocalization().evaluate(trained).rows == before
