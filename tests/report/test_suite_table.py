"""A suite's table from cells made by hand."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from suite_world import SUITE, expanded, plugins_with, save_paper_row, save_row

from taco_bench.report.formats import csv_of, json_of, text_of
from taco_bench.report.paper import notes
from taco_bench.report.suite_table import SuiteRow, SuiteTable, suite_table
from taco_bench.store.cells import Store
from taco_bench.suites.expand import Expanded
from taco_bench.suites.load import load_suite
from taco_bench.suites.published import published, reported_as

HITS = {"good": [20, 22, 21, 23, 20, 24], "plain": [12, 12, 13, 12, 11, 12], "third": [10, 9, 10, 11, 10, 9]}
CHANCE = [1, 0, 2, 1, 1, 1]
"""Of 40 queries one is found by chance: 2.5 %."""


def filled(folder: Path, *, control: Sequence[int] = CHANCE, data: str = "elsewhere", **rows: Sequence[int]) -> tuple[Expanded, Store]:
    table, store = expanded(folder, data), Store(folder / "results")
    for line in table.lines:
        save_row(store, line, rows.get(line.name, HITS[line.name]))
    save_row(store, table.controls[0], control)
    return table, store


PAPER_ROWS = {"good": "L1+L3, cascade", "plain": "L1+L3, random", "third": "L3"}


def on_msrvtt(folder: Path, **changes: dict[str, Any]) -> SuiteTable:
    """The table where every cell is made as the paper's is, but for what is given by row."""
    table, store = expanded(folder, "msrvtt"), Store(folder / "results")
    for line in table.lines:
        save_paper_row(store, line, [10 * hits for hits in HITS[line.name]], PAPER_ROWS[line.name], **changes.get(line.name, {}))
    return suite_table(table, store)


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
        assert row(made, "third").status == "NOT RUN: not made yet"
        command = f"taco-bench reproduce {tmp_path}/mine.toml --data elsewhere"
        assert made.footer[-1] == f"what is missing is made by: {command}"
        lines = text_of(made).splitlines()
        assert any(line.startswith("Third (NOT RUN)") for line in lines)
        assert "Third: NOT RUN: not made yet" in lines
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
        made = on_msrvtt(tmp_path)
        assert [row.departures for row in made.rows[:3]] == [(), (), ()]
        assert made.claims[0].verdict.word == "HOLDS"
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

    def test_where_it_is_not_comparable_no_figure_of_the_paper_is_in_any_form(self, tmp_path: Path) -> None:
        made = suite_table(*filled(tmp_path, data="msrvtt"))
        assert all(row.paper == {} for row in made.rows)
        assert all(judged.paper_effect is None for judged in made.claims)
        for text in (text_of(made), text_of(made, "md"), text_of(made, "tex"), csv_of(made), json_of(made)):
            for figure in ("23.7", "63.9", "21.4", "paper t2v", "(paper +"):
                assert figure not in text
        (line,) = [line for line in made.footer if line.startswith("not comparable with P Tab. 3, whose figures are left out: ")]
        assert "Good & proper; Plain" in line
        assert "model.width 16, the paper's 768" in line

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"encoder": "vgg16"}, "encoder vgg16, the paper's r152+s3d-hm"),
            ({"splits": {"train": "7010 clips, abc"}}, "splits.train.clips 7010, the paper's 9000"),
            ({"losses__normalize": True}, "losses.normalize True, the paper's False"),
            ({"losses__symmetric": True}, "losses.symmetric True, the paper's False"),
            ({"text_encoder__frozen": True}, "text_encoder.frozen True, the paper's False"),
            ({"train__learning_rate": 1e-3}, "train.learning_rate 0.001, the paper's 0.0001"),
            ({"pool": {"split": "test", "queries": 1000, "videos": 999}}, "pool.videos 999, the paper's 1000"),
            (
                {"evaluation__metric_convention": "howto100m"},
                "evaluation.metric_convention howto100m, where the paper states nothing and the protocol has expected",
            ),
            ({"train__checkpoint": "best"}, "train.checkpoint best, where the paper states nothing and the protocol has last"),
            (
                {"losses__fusion_directions": "text->video"},
                "losses.fusion_directions text->video, where the paper states nothing and the protocol has both",
            ),
        ],
    )
    def test_one_field_is_enough_and_is_named(self, changes: dict[str, Any], field: str, tmp_path: Path) -> None:
        """In one row: its figures are left out, and what compares with it; the others stay."""
        if "encoder" in changes:
            changes = {"experiment__encoder": [{"type": changes["encoder"]}]}
        made = on_msrvtt(tmp_path, plain=changes)
        assert row(made, "plain").departures == (field,)
        assert row(made, "plain").paper == {}
        assert row(made, "good").paper["t2v R@1"] == 23.7
        assert made.claims[0].verdict.word == "NOT COMPARABLE"
        assert field in made.claims[0].verdict.reason
        assert made.claims[1].paper_effect == pytest.approx(2.3)
        assert "(paper +1.2)" not in text_of(made)
        assert f"not comparable with P Tab. 3, whose figures are left out: Plain: {field}" in made.footer

    def test_streams_in_another_order_are_the_same(self, tmp_path: Path) -> None:
        made = on_msrvtt(tmp_path, plain={"experiment__encoder": [{"type": "s3d-hm"}, {"type": "r152"}]})
        assert row(made, "plain").departures == ()

    def test_how_surely_it_was_read_and_its_slips(self, tmp_path: Path) -> None:
        made = on_msrvtt(tmp_path)
        assert "the paper's figures are those of P Tab. 3, as read: two conversions agree" in made.footer
        slips = [line for line in made.footer if line.startswith("known slip of P Tab. 3: ")]
        assert len(slips) == len(published("table3").slips) == 2
        assert row(made, "good").readings["t2v R@1"] == "two conversions agree"
        assert not any("slip" in line or "as read" in line for line in suite_table(*filled(tmp_path)).footer)

    def test_figures_that_one_conversion_alone_shows_are_named(self, tmp_path: Path) -> None:
        lines = notes(
            load_suite("paper/table2"),
            "msrvtt",
            [SuiteRow("i3d-taco", "I3D", "result", {}, {"t2v R@1": 20.6, "t2v R@10": 56.9})],
            shown=True,
        )
        assert lines[0] == "the paper's figures are those of P Tab. 2, as read: one conversion only"
        assert lines[1] == "of the paper's figures, I3D t2v R@1: beside a lower R@5 than that of R-152"
        assert lines[2] == "of the paper's figures, I3D t2v R@10: two conversions agree"

    def test_a_data_set_of_a_third_party_may_say_that_it_is_one_of_the_papers(self, tmp_path: Path) -> None:
        """By its options: of the world "real" of ``theirs`` alone."""
        plugins = plugins_with("theirs")
        (component,) = [found for found in plugins.all() if found.name == "theirs"]
        for declared, expected in (("msrvtt", "msrvtt"), (lambda **options: "msrvtt-7k", "msrvtt-7k"), ("", ""), ("elsewhere", "")):
            assert reported_as(replace(component, reported_as=declared), {"type": "theirs"}) == expected
        assert reported_as(replace(component, name="coin"), {"type": "coin"}) == "coin"
        assert reported_as(replace(component, name="model"), {"type": "model"}) == ""


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
            "K' = 2",
            "learning rate 0.0001",
            "heads 2",
            "scores sentence+fusion (Third fusion)",
            "streams rows",
            "device cpu (float32)",
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
