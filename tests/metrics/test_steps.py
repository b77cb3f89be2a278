"""Recall of steps: pooled a task, or a video at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.metrics import step_recall, video_recall

VIDEOS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from("abc")), min_size=1, max_size=20).map(
    lambda rows: [(min(right, of), max(right, of), task) for right, of, task in rows]
)


def test_worked_example() -> None:
    """Task a: 1 of 2 and 3 of 8 are 4 of 10; task b: 1 of 1."""
    found = step_recall([1, 3, 1], [2, 8, 1], ["a", "a", "b"])
    assert found.tasks == {"a": 40.0, "b": 100.0}
    assert found.mean == 70.0
    per_video = video_recall([1, 3, 1], [2, 8, 1], ["a", "a", "b"])
    assert per_video.tasks == {"a": 43.75, "b": 100.0}
    assert per_video.mean == 71.875


@given(VIDEOS)
def test_against_a_naive_count(videos: list[tuple[int, int, str]]) -> None:
    correct, total, tasks = (list(column) for column in zip(*videos, strict=True))
    if not any(total):
        with pytest.raises(ValueError, match="no video"):
            step_recall(correct, total, tasks)
        return
    pooled, averaged = {}, {}
    for task in set(tasks):
        own = [(right, of) for right, of, name in videos if name == task and of]
        if own:
            pooled[task] = 100 * sum(right for right, _ in own) / sum(of for _, of in own)
            averaged[task] = 100 * sum(right / of for right, of in own) / len(own)
    assert step_recall(correct, total, tasks).tasks == pytest.approx(pooled)
    assert step_recall(correct, total, tasks).mean == pytest.approx(sum(pooled.values()) / len(pooled))
    assert video_recall(correct, total, tasks).tasks == pytest.approx(averaged)
    assert video_recall(correct, total, tasks).mean == pytest.approx(sum(averaged.values()) / len(averaged))


def test_without_tasks_there_is_one() -> None:
    assert step_recall([1, 2], [4, 4]) == (37.5, {"": 37.5})


@pytest.mark.parametrize(
    ("correct", "total", "tasks"), [([1], [1, 2], None), ([1], [1], ["a", "b"]), ([2], [1], None), ([-1], [1], None), ([[1]], [[1]], None)]
)
def test_what_is_refused(correct: list[int], total: list[int], tasks: list[str] | None) -> None:
    with pytest.raises(ValueError, match=r"a number a video|fewer correct"):
        step_recall(correct, total, tasks)
