from __future__ import annotations

import json
import re

import pytest

from taco_bench.report.render import as_json, as_text
from taco_bench.report.rows import Row, Table, control_rows, result_rows


def table(*rows: Row) -> Table:
    return Table(list(rows), ["data, 4 videos", "seeds 0, 1"], ["a footnote"])


def figures(text: str, label: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.strip().strip("|").strip().startswith(label)]
    return re.split(r"\s{2,}", line.strip())[1:]


class TestText:
    def test_a_mean_and_a_standard_deviation_over_seeds(self) -> None:
        """Of 10, 20, 60: mean 30, deviations -20, -10, 30, squares 1400, over 2: 700, its root 26.46."""
        text = as_text(table(Row("model", {"t2v R@1": [10.0, 20.0, 60.0], "t2v MedR": [2.0, 2.0, 5.0]})))
        assert figures(text, "model") == ["30.0 ±26.5", "3.0 ±1.7"]

    def test_one_seed_has_no_deviation(self) -> None:
        assert figures(as_text(table(Row("model", {"t2v R@1": [12.25]}))), "model") == ["12.2"]

    def test_ten_seconds_of_reading(self) -> None:
        text = as_text(
            table(
                Row("model", {"t2v R@1": [10.0]}),
                Row("sentence score", {"t2v R@1": [5.0]}, "part"),
                Row("chance", {"t2v R@1": [1.0]}, "control"),
            )
        )
        lines = [line for line in text.splitlines() if line.strip()]
        assert lines[:2] == ["data, 4 videos", "seeds 0, 1"]
        assert lines[-1] == "a footnote"
        order = [
            next(i for i, line in enumerate(lines) if line.strip().startswith(word))
            for word in ("model", "sentence score alone", "controls", "chance")
        ]
        assert order == sorted(order)
        assert lines[order[1]].startswith("  sentence score alone")

    def test_columns_for_the_file_alone_are_not_printed(self) -> None:
        text = as_text(table(Row("model", {"t2v R@1": [10.0], "t2v MeanR": [3.0], "t2v ties": [0.0]})))
        assert "MeanR" not in text
        assert "ties" not in text

    def test_a_row_without_a_column_has_an_empty_place(self) -> None:
        text = as_text(table(Row("model", {"R@1": [10.0], "R@5": [20.0]}), Row("chance", {"R@5": [5.0]}, "control")))
        (line,) = [line for line in text.splitlines() if line.strip().startswith("chance")]
        assert line.split() == ["chance", "5.0"]
        assert line.endswith("5.0")

    def test_no_controls_no_rule(self) -> None:
        assert "controls" not in as_text(table(Row("model", {"R@1": [10.0]})))

    def test_markdown_has_the_same_figures(self) -> None:
        text = as_text(table(Row("model", {"t2v R@1": [10.0, 20.0]})), "github")
        (row,) = [line for line in text.splitlines() if line.startswith("| model")]
        assert [cell.strip() for cell in row.strip("|").split("|")] == ["model", "15.0 ±7.1"]
        assert "- seeds 0, 1" in text
        assert text.endswith("a footnote\n")

    def test_the_same_table_is_the_same_text(self) -> None:
        assert as_text(table(Row("model", {"R@1": [1 / 3]}))) == as_text(table(Row("model", {"R@1": [1 / 3]})))


def test_json_has_everything() -> None:
    made = table(Row("model", {"t2v R@1": [10.0, 20.0], "t2v ties": [0.0, 1.0]}), Row("chance", {"t2v R@1": [1.0]}, "control"))
    assert json.loads(json.dumps(as_json(made))) == {
        "header": ["data, 4 videos", "seeds 0, 1"],
        "rows": [
            {"label": "model", "kind": "result", "values": {"t2v R@1": [10.0, 20.0], "t2v ties": [0.0, 1.0]}},
            {"label": "chance", "kind": "control", "values": {"t2v R@1": [1.0]}},
        ],
        "footer": ["a footnote"],
    }


class TestRows:
    CELLS = tuple(
        {
            "rows": {"all": {"R@1": a}, "sentence": {"R@1": a + 1}, "token": {"R@1": a + 2}},
            "controls": {"chance": {"R@1": 0.5}},
            "cost": {"seconds": 2.5},
        }
        for a in (1.0, 5.0)
    )

    def test_a_result_has_the_figures_of_all_seeds_and_its_parts(self) -> None:
        rows = result_rows("model", self.CELLS)
        assert [(row.label, row.kind, row.values["R@1"]) for row in rows] == [
            ("model", "result", [1.0, 5.0]),
            ("sentence", "part", [2.0, 6.0]),
            ("token", "part", [3.0, 7.0]),
        ]
        assert rows[0].mean("R@1") == pytest.approx(3.0)

    def test_one_score_alone_is_the_result(self) -> None:
        cells = [{"rows": {"all": {"R@1": 1.0}, "sentence": {"R@1": 1.0}}, "cost": {"seconds": 2.5}}]
        assert [row.label for row in result_rows("model", cells)] == ["model"]

    def test_controls_have_one_figure(self) -> None:
        (row,) = control_rows(self.CELLS)
        assert (row.label, row.kind, row.values) == ("chance", "control", {"R@1": [0.5]})
