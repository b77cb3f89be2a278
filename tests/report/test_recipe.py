"""What a header says of rows side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from suite_world import expanded, hand_made

from taco_bench.report.recipe import recipe, side_by_side


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (["8", "8", "8"], "x 8"),
        (["8", "8", "4"], "x 8 (c 4)"),
        (["4", "8", "8"], "x 8 (a 4)"),
        (["1", "2", "3"], "x 1 (b 2; c 3)"),
        (["8", None, "8"], "x 8 (b none)"),
        ([None, None, "8"], "x 8 (c; not in the others)"),
        (["8", "4", None], "x 8 (b 4; c none)"),
    ],
)
def test_each_fact_once(values: list[str | None], line: str) -> None:
    rows = [(label, {} if value is None else {"x": value}) for label, value in zip("abc", values, strict=True)]
    assert side_by_side(rows) == [line]


class TestRecipe:
    """Of a cell made by hand, with options changed."""

    def facts(self, tmp_path: Path, **changes: Any) -> dict[str, str]:
        job = expanded(tmp_path, seeds=[0]).line("good").jobs[0]
        record, _ = hand_made([0, 1], 0, job)
        for key, value in changes.items():
            section, _, name = key.partition("__")
            record["experiment"][section][name] = value
        return recipe(record)

    def test_what_explains_a_cell(self, tmp_path: Path) -> None:
        found = self.facts(tmp_path)
        expected = {"K =": "8", "K' =": "2", "steps": "2", "d =": "16", "learning rate": "0.0001", "scores": "sentence+fusion"}
        assert expected.items() <= found.items()
        assert found["tie rule"] == "expected"
        assert not any(name.startswith(("losses.", "train.", "evaluation.")) for name in found)

    def test_scores_that_the_task_does_not_look_at_are_not_told(self, tmp_path: Path) -> None:
        """Frames are scored without the fusion module; a segmentation has no scores."""
        record, _ = hand_made([0, 1], 0, expanded(tmp_path, seeds=[0]).line("good").jobs[0])
        del record["pool"]["fusion pairs"]
        assert recipe(record)["scores"] == "sentence"
        record["rows"] = {"all frames": {"accuracy": 50.0}}
        assert "scores" not in recipe(record)

    @pytest.mark.parametrize(
        ("key", "value", "told"),
        [
            ("losses__symmetric", True, "losses.symmetric True (the protocol's default is False)"),
            ("losses__sentence_temperature", 0.1, "losses.sentence_temperature 0.1 (the protocol's default is 1.0)"),
            ("losses__reduction", "sum", "losses.reduction sum (the protocol's default is mean)"),
            ("evaluation__token_weight", 0.1, "evaluation.token_weight 0.1 (the protocol's default is 0.5)"),
            ("train__weight_decay", 0.5, "train.weight_decay 0.5 (the protocol's default is 1e-05)"),
            ("text_encoder__frozen", True, "text encoder tiny, frozen"),
            ("task__window", 32, "task.window 32"),
        ],
    )
    def test_what_is_no_default_is_told(self, key: str, value: object, told: str, tmp_path: Path) -> None:
        assert told in [f"{name} {fact}" for name, fact in self.facts(tmp_path, **{key: value}).items()]
