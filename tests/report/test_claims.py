"""The claims of a suite, judged from cells made by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from suite_world import SUITE, expanded, hand_made, ranks, save_row

from taco_bench.report.claims import Judged, judge_claims
from taco_bench.report.queries import contributions, paired
from taco_bench.stats.verdicts import WORDS
from taco_bench.store.cells import Store

SIZE = 400
"""Queries: a hit is a quarter of a point."""
NO_PAPER = re.sub(r'paper(_row)? = ".*"\n', "", SUITE)


def judged(
    folder: Path,
    differences: Sequence[float],
    third: Sequence[float] = (),
    *,
    data: str = "elsewhere",
    text: str = SUITE,
    failed: Mapping[str, str] | None = None,
) -> list[Judged]:
    """The claims where good - plain has these differences in points by seed, and good - third those of ``third``."""
    table = expanded(folder, data, range(max(len(differences), 1)), text)
    store = Store(folder / "results")
    for name, below in {"good": [0.0] * len(differences), "plain": differences, "third": third}.items():
        save_row(store, table.line(name), [100 - round(4 * value) for value in below], SIZE)
    cells = {line.name: [cell for job in line.jobs if (cell := store.cell(job.cell))] for line in table.lines}
    missing = {name: "not made yet" for name, found in cells.items() if not found}
    return judge_claims(table, cells, missing, failed or {})


def with_plain(folder: Path, size: int = 40, **changes: Any) -> list[Judged]:
    """The claims where all is well but for the cells of ``plain``."""
    table, store = expanded(folder), Store(folder / "results")
    save_row(store, table.line("good"), [20, 21, 20, 22, 20, 23])
    save_row(store, table.line("plain"), [10, 9, 10, 11, 10, 9], size, **changes)
    save_row(store, table.line("third"), [4, 5, 4, 5, 4, 6])
    cells = {line.name: [cell for job in line.jobs if (cell := store.cell(job.cell))] for line in table.lines}
    return judge_claims(table, cells, {}, {})


class TestWords:
    @pytest.mark.parametrize(
        ("differences", "word", "reason"),
        [
            ([4, 5, 3, 4, 6, 4], "HOLDS", "+4.3, 6 of 6 seeds, p = 0.016 one-sided"),
            ([-4, -5, -3, -4, -6, -4], "REVERSED", "-4.3, 0 of 6 seeds"),
            ([0, 0, 0, 0, 0, 0], "NULL", "exactly 0 for every seed"),
            ([0.25, -0.25, 0, 0.25, -0.25, 0.25], "NULL", "inside +-1"),
            ([8, -4, 6, -3, 7, -2], "UNDERPOWERED", "seeds would do"),
            ([4, 5, 3, 4], "UNDERPOWERED", "4 seeds cannot reach 0.05: 1 more is needed"),
            ([1.5, -0.75, 1.25, -0.5, 1.25, 0.75], "LEANS", "+0.6, 4 of 6 seeds"),
            ([-1.5, 0.75, -1.25, 0.5, -1.25, -0.75], "INCONCLUSIVE", "-0.6, 2 of 6 seeds"),
            ([], "NOT RUN", "Good & proper: not made yet; Plain: not made yet"),
        ],
    )
    def test_each_has_its_differences(self, differences: list[float], word: str, reason: str, tmp_path: Path) -> None:
        primary, secondary = judged(tmp_path, differences)
        assert primary.verdict.word == word
        assert reason in primary.verdict.reason
        assert list(primary.differences.values()) == pytest.approx(differences)
        assert secondary.verdict.word == "NOT RUN"
        assert "Third: not made yet" in secondary.verdict.reason

    def test_failed(self, tmp_path: Path) -> None:
        primary, _ = judged(tmp_path, [], failed={"plain": "the loss is NaN"})
        assert (primary.verdict.word, primary.verdict.reason) == ("FAILED", "Plain: the loss is NaN")

    def test_a_row_that_failed_for_one_seed_is_judged_by_the_others(self, tmp_path: Path) -> None:
        primary, _ = judged(tmp_path, [4, 5, 3, 4, 6], failed={"plain": "the loss is NaN"})
        assert primary.verdict.word == "HOLDS"
        assert len(primary.differences) == 5

    def test_no_target(self, tmp_path: Path) -> None:
        primary, _ = judged(tmp_path, [4, 5, 3, 4, 6, 4], text=NO_PAPER)
        assert primary.verdict.word == "NO TARGET"
        assert primary.verdict.mean == pytest.approx(26 / 6)

    def test_no_target_for_a_row_that_the_paper_lacks(self, tmp_path: Path) -> None:
        """The suite names a table of the paper, and the second claim a row that is not in it."""
        text = SUITE.replace('paper_row = "L3"\n', "")
        words = [found.verdict.word for found in judged(tmp_path, [4, 5, 3, 4, 6, 4], [4, 5, 3, 4, 6, 4], text=text)]
        assert words == ["HOLDS", "NO TARGET"]

    def test_rows_that_were_asked_different_queries_are_not_judged(self, tmp_path: Path) -> None:
        primary, secondary = with_plain(tmp_path, size=80)
        assert primary.verdict.word == "NOT COMPARABLE"
        assert primary.verdict.reason == "the rows were asked different queries (40, 80)"
        assert primary.verdict.p is None
        assert secondary.verdict.word != "HOLDS"  # the gate is not opened by a claim that is not judged

    def test_the_same_number_of_other_queries(self, tmp_path: Path) -> None:
        others = {"clip": [f"val-{at}" for at in range(40)]}
        primary, _ = with_plain(tmp_path, queries=others)
        assert primary.verdict.reason == "the rows were asked different queries (40, 40)"

    def test_rows_that_count_ties_by_different_rules_are_not_judged(self, tmp_path: Path) -> None:
        primary, _ = with_plain(tmp_path, experiment={"evaluation": {"metric_convention": "howto100m"}})
        assert primary.verdict.word == "NOT COMPARABLE"
        assert primary.verdict.reason == "ties count by different rules (expected, howto100m)"

    def test_not_comparable_names_every_field_that_differs(self, tmp_path: Path) -> None:
        """A small model on a data set of the paper, on 400 queries where the paper has 1,000."""
        primary, _ = judged(tmp_path, [4, 5, 3, 4, 6, 4], data="msrvtt")
        assert primary.verdict.word == "NOT COMPARABLE"
        for field in ("pool.queries 400, the paper's 1000", "model.width 16, the paper's 768", "train.steps 2, the paper's 30000"):
            assert field in primary.verdict.reason
        assert "evaluation.token_weight" not in primary.verdict.reason
        assert primary.verdict.p is None

    def test_every_word_was_seen(self) -> None:
        seen = {"HOLDS", "REVERSED", "NULL", "UNDERPOWERED", "LEANS", "INCONCLUSIVE", "NOT RUN", "FAILED", "NO TARGET", "NOT COMPARABLE"}
        assert seen == set(WORDS)


class TestGate:
    def test_a_secondary_is_claimed_beneath_a_primary_that_holds(self, tmp_path: Path) -> None:
        assert [j.verdict.word for j in judged(tmp_path, [4] * 6, [5] * 6)] == ["HOLDS", "HOLDS"]

    def test_and_beneath_no_other(self, tmp_path: Path) -> None:
        primary, secondary = judged(tmp_path, [0] * 6, [5, 4, 5, 4, 5, 4])
        assert primary.verdict.word == "NULL"
        assert secondary.verdict.word != "HOLDS"
        assert "not claimed, since the primary does not hold" in secondary.verdict.reason
        assert secondary.verdict.p == pytest.approx(1 / 64)


class TestNumbers:
    def test_seeds_are_paired_by_their_number(self, tmp_path: Path) -> None:
        """The worse row lacks seed 0, the better one seed 3."""
        table, store = expanded(tmp_path, seeds=range(4)), Store(tmp_path / "results")
        save_row(store, table.line("good"), [10, 20, 30])
        for job, hits in list(zip(table.line("plain").jobs, [0, 12, 24, 36], strict=True))[1:]:
            store.save_cell(job.cell, *hand_made(ranks(hits), job.seed, job))
        cells = {name: [c for job in table.line(name).jobs if (c := store.cell(job.cell))] for name in ("good", "plain")}
        (primary, _) = judge_claims(table, cells, {}, {})
        assert primary.differences == pytest.approx({1: 20.0, 2: 15.0})

    def test_the_seed_interval_is_students(self, tmp_path: Path) -> None:
        values = [4, 5, 3, 4, 6, 4]
        (primary, _) = judged(tmp_path, values)
        expected = stats.t.interval(0.95, 5, np.mean(values), stats.sem(values))
        assert primary.verdict.interval == pytest.approx(expected)

    def test_the_query_interval_is_about_the_differences_of_queries(self, tmp_path: Path) -> None:
        """Of 400 queries 40 are won and 20 lost, alike for every seed: 5 points, with a standard error of 1.92."""
        table, store = expanded(tmp_path, seeds=range(2)), Store(tmp_path / "results")
        won, lost = [0] * 140 + [2] * 260, [2] * 40 + [0] * 120 + [2] * 240
        for name, better in {"good": won, "plain": lost}.items():
            for job in table.line(name).jobs:
                store.save_cell(job.cell, *hand_made(better, job.seed, job))
        cells = {name: [c for job in table.line(name).jobs if (c := store.cell(job.cell))] for name in ("good", "plain")}
        (primary, _) = judge_claims(table, cells, {}, {})
        assert primary.query_interval == pytest.approx((5 - 1.96 * 1.92, 5 + 1.96 * 1.92), abs=0.4)
        assert primary.verdict.interval == pytest.approx((5.0, 5.0))

    def test_one_source_video_has_no_query_interval(self, tmp_path: Path) -> None:
        table, store = expanded(tmp_path, seeds=range(2)), Store(tmp_path / "results")
        cells = {}
        for name in ("good", "plain"):
            for job in table.line(name).jobs:
                record, arrays = hand_made([0, 1, 2], job.seed, job)
                record["queries"]["video"] = ["one"] * 3
                store.save_cell(job.cell, record, arrays)
            cells[name] = [c for job in table.line(name).jobs if (c := store.cell(job.cell))]
        (primary, _) = judge_claims(table, cells, {}, {})
        assert primary.query_interval is None

    def test_the_smallest_effect_is_the_papers_on_its_data_alone(self, tmp_path: Path) -> None:
        """Tab. 3 on MSR-VTT: cascade 23.7, random 22.5. The cells are not made as the paper's are, so its effect is not shown."""
        (on_paper, _), (elsewhere, _) = judged(tmp_path, [4] * 6, data="msrvtt"), judged(tmp_path, [4] * 6)
        assert (on_paper.paper_effect, on_paper.verdict.smallest_effect) == (None, pytest.approx(1.2))
        assert (elsewhere.paper_effect, elsewhere.verdict.smallest_effect) == (None, 2.0)


class TestQueries:
    def test_the_mean_of_the_contributions_is_the_figure(self, tmp_path: Path) -> None:
        table = expanded(tmp_path, seeds=[0])
        better = np.random.default_rng(0).integers(0, 20, 50)
        record, _ = hand_made(better.tolist(), 0, table.lines[0].jobs[0])
        for column in ("t2v R@1", "t2v R@5", "t2v R@10"):
            found = contributions(record, column)
            assert found is not None
            assert found.mean() == pytest.approx(record["rows"]["all scores"][column])
        assert contributions(record, "t2v MedR") is None
        assert contributions(record, "v2t R@1") is None

    def test_a_task_may_keep_them_under_the_columns_name(self) -> None:
        found = contributions({"queries": {"recall": [1, 0, 1]}}, "recall")
        assert found is not None
        assert found.tolist() == [1, 0, 1]

    def test_other_queries_are_not_compared(self, tmp_path: Path) -> None:
        table = expanded(tmp_path, seeds=[0])
        one, _ = hand_made([0, 1], 0, table.lines[0].jobs[0])
        other = json.loads(json.dumps(one))
        assert paired([one], [other], "t2v R@1") is not None
        other["queries"]["clip"][0] = "another"
        assert paired([one], [other], "t2v R@1") is None
        assert paired([one], [{**one, "seed": 1}], "t2v R@1") is None
