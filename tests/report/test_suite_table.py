"""A suite's table from cells made by hand."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from suite_world import SUITE, expanded, save_row

from taco_bench.report.formats import text_of
from taco_bench.report.suite_table import SuiteRow, SuiteTable, suite_table
from taco_bench.store.cells import Store
from taco_bench.suites.expand import Expanded

HITS = {"good": [20, 22, 21, 23, 20, 24], "plain": [12, 12, 13, 12, 11, 12], "third": [10, 9, 10, 11, 10, 9]}
CHANCE = [1, 0, 2, 1, 1, 1]
"""Of 40 queries one is found by chance: 2.5 %."""


def filled(folder: Path, *, control: Sequence[int] = CHANCE, data: str = "elsewhere", **rows: Sequence[int]) -> tuple[Expanded, Store]:
    table, store = expanded(folder, data), Store(folder / "results")
    for line in table.lines:
        save_row(store, line, rows.get(line.name, HITS[line.name]))
    save_row(store, table.controls[0], control)
    return table, store


def row(table: SuiteTable, name: str) -> SuiteRow:
    (found,) = [row for row in table.rows if row.name == name]
    return found


class TestRows:
    def test_figures_of_every_seed_with_the_cells_behind_them(self, tmp_path: Path) -> None:
        table, store = filled(tmp_path)
        good = row(suite_table(table, store), "good")
        assert good.values["t2v R@1"] == pytest.approx([50, 55, 52.5, 57.5, 50, 60])
        assert good.seeds == (0, 1, 2, 3, 4, 5)
        assert list(good.cells) == [job.cell for job in table.line("good").jobs]
        assert good.status == ""

    def test_controls_are_at_the_foot(self, tmp_path: Path) -> None:
        made = suite_table(*filled(tmp_path))
        kinds = [row.kind for row in made.rows]
        assert kinds == ["result"] * 3 + ["control"] * 3
        assert [row.label for row in made.rows[3:]] == ["shuffled captions", "constant scores", "chance"]
        text = text_of(made)
        assert text.index("Third") < text.index("controls, which must land at chance:") < text.index("  shuffled captions")

    def test_a_row_that_is_not_there_says_so_and_how_to_get_it(self, tmp_path: Path) -> None:
        table, store = filled(tmp_path, third=[])
        made = suite_table(table, store)
        assert row(made, "third").status == "NOT RUN: not made yet: taco-bench reproduce mine.toml --data elsewhere"
        assert row(made, "third").values == {}
        assert row(made, "good").values
        assert [judged.verdict.word for judged in made.claims] == ["HOLDS", "NOT RUN"]

    def test_a_row_with_some_seeds_says_how_many(self, tmp_path: Path) -> None:
        made = suite_table(*filled(tmp_path, third=[10, 9]))
        assert row(made, "third").status == "2 of 6 seeds"
        assert row(made, "third").seeds == (0, 1)

    def test_a_failed_row_says_why(self, tmp_path: Path) -> None:
        table, store = filled(tmp_path, third=[])
        made = suite_table(table, store, {"third": "a loss is NaN"})
        assert row(made, "third").status == "FAILED: a loss is NaN"
        assert made.claims[1].verdict.word == "FAILED"

    def test_an_empty_store_makes_a_table_too(self, tmp_path: Path) -> None:
        table = expanded(tmp_path)
        made = suite_table(table, Store(tmp_path / "results"))
        assert all(row.status.startswith("NOT RUN") for row in made.rows)
        assert [judged.verdict.word for judged in made.claims] == ["NOT RUN", "NOT RUN"]
        assert "NOT RUN" in text_of(made)

    def test_a_broken_cell_is_one_that_is_not_there(self, tmp_path: Path) -> None:
        table, store = filled(tmp_path)
        path = store.cell_file(table.line("good").jobs[2].cell)
        path.write_bytes(path.read_bytes()[:-20])
        assert row(suite_table(table, store), "good").seeds == (0, 1, 3, 4, 5)

    def test_two_equal_rows_differ_by_exactly_0_and_are_null(self, tmp_path: Path) -> None:
        made = suite_table(*filled(tmp_path, plain=HITS["good"]))
        assert list(made.claims[0].differences.values()) == [0.0] * 6
        assert made.claims[0].verdict.word == "NULL"
        assert made.claims[0].query_interval == (0.0, 0.0)

    def test_two_names_of_one_configuration_are_one_cell(self, tmp_path: Path) -> None:
        same = SUITE.replace(
            'sampler = "random", tokens = "none", "losses.use" = ["l1", "l3"]',
            'sampler = "cascade", tokens = "none", "losses.use" = ["l1", "l3"]',
        )
        table, store = expanded(tmp_path, text=same), Store(tmp_path / "results")
        save_row(store, table.line("good"), HITS["good"])
        made = suite_table(table, store)
        assert row(made, "good").cells == row(made, "plain").cells
        assert made.claims[0].verdict.word == "NULL"


class TestPaper:
    def test_its_figures_stand_beside_ours_on_its_data(self, tmp_path: Path) -> None:
        made = suite_table(*filled(tmp_path, data="msrvtt"))
        assert row(made, "good").paper == {"t2v R@1": 23.7, "t2v R@10": 63.9, "t2v MedR": 5.0}
        assert row(made, "third").paper == {"t2v R@1": 21.4, "t2v R@10": 61.5, "t2v MedR": 6.0}
        text = text_of(made)
        assert "paper t2v R@1" in text
        assert "23.7" in text
        assert "(paper +1.2)" in text
        assert "not a data set of the paper" not in text

    @pytest.mark.parametrize("data", ["elsewhere", "babyai2", "msrvtt1k2"])
    def test_and_never_elsewhere(self, data: str, tmp_path: Path) -> None:
        made = suite_table(*filled(tmp_path, data=data))
        assert all(row.paper == {} for row in made.rows)
        text = text_of(made)
        assert "paper t2v" not in text
        assert "(paper" not in text
        assert "23.7" not in text
        assert "not a data set of the paper: its figures are not shown, its claims are tested here" in made.header

    def test_not_comparable_is_in_the_table_with_the_field(self, tmp_path: Path) -> None:
        made = suite_table(*filled(tmp_path, data="msrvtt"))
        assert made.claims[0].verdict.word == "NOT COMPARABLE"
        assert "pool.queries 40, the paper's 1000" in text_of(made)


class TestFooter:
    def test_a_control_at_chance(self, tmp_path: Path) -> None:
        made = suite_table(*filled(tmp_path))
        (line,) = [line for line in made.footer if "shuffled captions" in line]
        assert line.startswith("the control 'shuffled captions' is at chance: t2v R@1 2.5 in [")

    def test_a_control_above_chance_may_be_a_leak(self, tmp_path: Path) -> None:
        made = suite_table(*filled(tmp_path, control=[9] * 6))
        (line,) = [line for line in made.footer if "shuffled captions" in line]
        assert line.startswith("LEAK? the control 'shuffled captions' is not at chance")
        assert "t2v R@1 22.5 outside [" in line

    def test_a_row_that_is_not_above_chance_is_stamped(self, tmp_path: Path) -> None:
        made = suite_table(*filled(tmp_path, third=[1, 0, 2, 1, 1, 1]))
        stamped = [line for line in made.footer if line.startswith("NOT ABOVE ITS CONTROL")]
        assert len(stamped) == 1
        assert stamped[0].startswith("NOT ABOVE ITS CONTROL: Third: t2v R@1 2.5, but shuffled captions 2.5")
        assert "chance, up to" in stamped[0]

    def test_rows_that_learnt_something_are_not(self, tmp_path: Path) -> None:
        assert not any("NOT ABOVE" in line for line in suite_table(*filled(tmp_path)).footer)

    @pytest.mark.parametrize("first", ["good", "third"])
    def test_what_the_splits_share_is_told_whichever_rows_are_there(self, first: str, tmp_path: Path) -> None:
        """Each cell records what was known when it was made; a line is told once."""
        told = "LEAK, acknowledged: same video in train and test: 3 of 40 clips, such as test-0"
        table, store = expanded(tmp_path), Store(tmp_path / "results")
        for line in table.lines:
            save_row(store, line, HITS[line.name], leaks=[told] if line.name == first else [])
        made = suite_table(table, store)
        assert made.footer.count(told) == 1
        assert told in text_of(made)

    def test_the_cost_of_every_row(self, tmp_path: Path) -> None:
        (line,) = [line for line in suite_table(*filled(tmp_path)).footer if line.startswith("training of a seed on a hand")]
        assert "Good & proper 3 s, 40 pairs a step; Plain 3 s" in line


class TestHeader:
    def test_what_a_reader_must_know(self, tmp_path: Path) -> None:
        header = "\n".join(suite_table(*filled(tmp_path)).header)
        for fact in (
            "Two rows (mine), on elsewhere",
            "test split (40 clips, abc), 40 queries, 40 videos",
            "tie rule expected",
            "queries tied at most 0.0 %",
            "K = 8",
            "steps 2",
            "text encoder tiny",
            "seeds 0, 1, 2, 3, 4, 5",
            "protocol retrieval version",
        ):
            assert fact in header

    def test_a_note_of_the_suite(self, tmp_path: Path) -> None:
        text = SUITE.replace("[[row]]", '[data.elsewhere]\nnote = """VGG stands in\nfor R-152"""\n[[row]]', 1)
        table = expanded(tmp_path, text=text)
        made = suite_table(table, Store(tmp_path / "results"))
        assert "VGG stands in\nfor R-152" in made.header
        assert "\n% VGG stands in for R-152\n" in text_of(made, "tex")

    def test_options_that_rows_differ_in_are_not_told_as_if_they_were_all_rows(self, tmp_path: Path) -> None:
        text = SUITE.replace('"losses.use" = ["l3"] }', '"losses.use" = ["l3"], "train.steps" = 7 }')
        table, store = expanded(tmp_path, text=text), Store(tmp_path / "results")
        for line in table.lines:
            save_row(store, line, HITS[line.name])
        header = "\n".join(suite_table(table, store).header)
        assert "steps 2 (Third 7)" in header


def test_the_table_is_made_from_the_store_alone(tmp_path: Path) -> None:
    """A store that was copied gives the same table; cells of others in it change nothing."""
    table, store = filled(tmp_path)
    shutil.copytree(store.root, tmp_path / "copy")
    other: dict[str, Any] = {"schema_version": 2, "id": "ffff", "anything": 1}
    copy = Store(tmp_path / "copy")
    copy.save_cell("ffffffffffffffff", other, {})
    assert text_of(suite_table(table, copy)) == text_of(suite_table(table, store))
