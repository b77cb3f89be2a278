"""The retrieval task on score matrices written by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from taco_bench_tasks.retrieval import Retrieval

from taco_bench.api import Clip
from taco_bench.config import Evaluation
from taco_bench.metrics import retrieval_metrics
from taco_bench.options import check_options


def trained(captions: list[int], matrix: Any, **evaluation: Any) -> Any:
    """A model with one score, on clips with so many captions."""
    scores = np.asarray(matrix, np.float32)
    clips = [Clip(f"v{i}", "test", tuple(f"caption {c} of v{i}" for c in range(count)), f"source {i}") for i, count in enumerate(captions)]
    settings = Evaluation.model_validate({"scores": ("sentence",), **evaluation})
    return SimpleNamespace(
        experiment=SimpleNamespace(evaluation=settings),
        clips=lambda _: clips,
        pair_scores=lambda _: {"text->video": scores, "video->text": scores.T, "sentence": scores},
    )


def test_two_captions_by_hand() -> None:
    """v0 has two captions: one finds it, the other finds v1. v1 prefers v0's second caption to its own; the first of v0 decides for v0."""
    found = Retrieval((1, 2)).evaluate(trained([2, 1], [[3, 1], [2, 5], [0, 4]]))
    row = found.rows["all scores"]
    assert row["t2v R@1"] == pytest.approx(200 / 3)
    assert row["t2v R@2"] == 100
    assert row["v2t R@1"] == 50  # v0: best of its own 3, of v1's 0; v1: best of v0's 5, of its own 4
    assert found.rows["sentence score"] == row
    assert found.pool["queries"] == 3
    assert found.pool["videos"] == 2
    assert found.queries["clip"] == ["v0", "v0", "v1"]
    assert found.queries["video"] == ["source 0", "source 0", "source 1"]
    assert found.queries["t2v better"] == [0, 1, 0]
    assert {len(values) for values in found.queries.values()} == {3}
    assert found.arrays["v2t better"].tolist() == [0, 1]
    assert found.controls["chance"]["t2v R@1"] == found.controls["chance"]["v2t R@1"] == 50
    assert found.chance["t2v R@1"].value == row["t2v R@1"]
    assert found.chance["v2t R@2"].value == 100


def test_one_caption_a_video_is_the_plain_rule() -> None:
    matrix = np.random.default_rng(0).normal(size=(30, 30)).astype(np.float32)
    found = Retrieval().evaluate(trained([1] * 30, matrix))
    for short, scores in {"t2v": matrix, "v2t": matrix.T}.items():
        for name, value in retrieval_metrics(scores).items():
            assert found.rows["all scores"][f"{short} {name}"] == value
    assert set(found.queries) == {"clip", "video", "t2v better", "t2v tied", "v2t better", "v2t tied"}
    assert found.arrays == {}


def test_other_cut_offs() -> None:
    found = Retrieval((1, 5, 50)).evaluate(trained([1] * 60, np.eye(60)))
    assert {"t2v R@50", "v2t R@50"} <= set(found.rows["all scores"])
    assert "t2v R@10" not in found.rows["all scores"]
    assert found.controls["chance"]["t2v R@50"] == pytest.approx(5000 / 60)
    assert "t2v R@50" in found.chance


@pytest.mark.parametrize("ks", [[0], [1, -5], "many", 3.5, []])
def test_cut_offs_that_are_none(ks: Any) -> None:
    _, problems = check_options("task retrieval", Retrieval, {"ks": ks})
    assert len(problems) == 1
    assert "ks" in problems[0].what
