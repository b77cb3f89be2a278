"""A suite's table as text, Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import io
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from suite_world import SUITE, expanded, save_paper_row, save_row, write_suite

from taco_bench.plugins import load_plugins
from taco_bench.report.formats import csv_of, json_of, text_of
from taco_bench.report.suite_table import SuiteTable, suite_table
from taco_bench.stats.reasons import p_number
from taco_bench.store.cells import Store
from taco_bench.suites.expand import expand
from taco_bench.suites.load import load_suite

HITS = {"good": [20, 22, 21], "plain": [12, 12, 13], "third": [10]}


@pytest.fixture
def table(tmp_path: Path) -> SuiteTable:
    """Seeds 4, 5 and 6; the third row has the first alone."""
    found, store = expanded(tmp_path, seeds=[4, 5, 6]), Store(tmp_path / "results")
    for line in found.lines:
        save_row(store, line, HITS[line.name])
    save_row(store, found.controls[0], [1, 1, 0])
    return suite_table(found, store)


class TestText:
    def test_a_mean_and_a_deviation_over_seeds(self, table: SuiteTable) -> None:
        """50, 55 and 52.5: mean 52.5, deviation 2.5."""
        (line,) = [line for line in text_of(table).splitlines() if line.startswith("Good & proper")]
        assert re.split(r"\s{2,}", line)[:2] == ["Good & proper", "52.5 ±2.5"]

    def test_one_seed_has_no_deviation(self, table: SuiteTable) -> None:
        (line,) = [line for line in text_of(table).splitlines() if line.startswith("Third")]
        assert re.split(r"\s{2,}", line)[:2] == ["Third (1 of 3 seeds)", "25.0"]

    def test_claims_have_their_own_table_and_a_sentence(self, table: SuiteTable) -> None:
        text = text_of(table)
        (line,) = [line for line in text.splitlines() if line.startswith("good over plain (primary)")]
        assert "UNDERPOWERED" in line
        assert "good over plain: UNDERPOWERED: 3 seeds cannot reach 0.05: 2 more are needed" in text

    def test_both_intervals_are_printed(self, table: SuiteTable) -> None:
        (line,) = [line for line in text_of(table).splitlines() if line.startswith("good over plain (primary)")]
        assert len(re.findall(r"\[[+-][\d.]+, [+-][\d.]+\]", line)) == 2


class TestMarkdown:
    def test_every_line_of_a_table_has_as_many_columns(self, tmp_path: Path) -> None:
        found, store = expanded(tmp_path, text=SUITE.replace('label = "Plain"', 'label = "a | b"')), Store(tmp_path / "results")
        for line in found.lines:
            save_row(store, line, HITS[line.name])
        text = text_of(suite_table(found, store), "md")
        for block in text.split("\n\n"):
            rows = [re.sub(r"\\\|", "", line) for line in block.splitlines() if line.startswith("|")]
            assert len({row.count("|") for row in rows}) <= 1, block
        assert r"a \| b" in text

    def test_notes_come_last(self, table: SuiteTable) -> None:
        assert text_of(table, "md", ["a choice"]).endswith("\n\n- a choice\n")


class TestLatex:
    def test_what_latex_would_read_is_escaped(self, table: SuiteTable) -> None:
        text = text_of(table, "tex")
        assert r"Good \& proper" in text
        body = [line for line in text.splitlines() if not line.startswith("%")]
        assert body
        for line in body:
            plain = line.removesuffix(r"\\").replace(r"\&", "").replace(r"\%", "").replace(r"\_", "")
            assert not re.search(r"[%#$_]", plain), line

    def test_every_row_has_as_many_columns_as_the_table_declares(self, table: SuiteTable) -> None:
        text = text_of(table, "tex")
        tables = re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", text, re.DOTALL)
        assert len(tables) == 2
        for columns, body in tables:
            for line in [line for line in body.splitlines() if line.endswith(r"\\")]:
                assert len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1, line

    def test_everything_else_is_a_comment(self, table: SuiteTable) -> None:
        outside = re.sub(r"\\begin\{tabular\}.*?\\end\{tabular\}", "", text_of(table, "tex"), flags=re.DOTALL)
        assert all(line.startswith("% ") for line in outside.splitlines() if line)


class TestCsv:
    def test_pandas_reads_it_with_the_real_seeds(self, table: SuiteTable) -> None:
        frame = pd.read_csv(io.StringIO(csv_of(table)), dtype={"seed": "Int64"})
        assert list(frame.columns) == ["row", "label", "kind", "column", "seed", "value", "paper", "paper as read"]
        good = frame[(frame.row == "good") & (frame.column == "t2v R@1")]
        assert good.seed.tolist() == [4, 5, 6]
        assert good.value.tolist() == pytest.approx([50.0, 55.0, 52.5])
        assert set(good.label) == {"Good & proper"}
        assert good.paper.isna().all()
        shuffled = frame[frame.label == "shuffled captions"]
        assert set(shuffled.seed) == {4, 5, 6}

    def test_controls_without_seeds_have_none(self, table: SuiteTable) -> None:
        frame = pd.read_csv(io.StringIO(csv_of(table)), dtype={"seed": "Int64"})
        chance = frame[frame.row == "chance"]
        assert len(chance)
        assert chance.seed.isna().all()

    def test_a_table_without_cells_has_its_head(self, tmp_path: Path) -> None:
        made = suite_table(expanded(tmp_path), Store(tmp_path / "results"))
        assert len(pd.read_csv(io.StringIO(csv_of(made)))) == 0

    def test_the_papers_figures_are_a_column(self, tmp_path: Path) -> None:
        found, store = expanded(tmp_path, "msrvtt", [0, 1]), Store(tmp_path / "results")
        save_paper_row(store, found.line("good"), [5, 6], "L1+L3, cascade")
        frame = pd.read_csv(io.StringIO(csv_of(suite_table(found, store))))
        assert set(frame["paper as read"].dropna()) == {"two conversions agree"}
        assert set(frame[(frame.row == "good") & (frame.column == "t2v R@1")].paper) == {23.7}


class TestJson:
    def test_everything_is_there(self, table: SuiteTable) -> None:
        found = json.loads(json_of(table))
        assert found["title"] == "mine@elsewhere"
        good = found["rows"][0]
        assert (good["name"], good["seeds"]) == ("good", [4, 5, 6])
        assert good["values"]["t2v R@1"] == pytest.approx([50.0, 55.0, 52.5])
        assert len(good["cells"]) == 3
        claim = found["claims"][0]
        assert (claim["word"], claim["seeds"], claim["primary"]) == ("UNDERPOWERED", 3, True)
        assert claim["differences"] == pytest.approx({"4": 20.0, "5": 25.0, "6": 20.0})
        assert claim["detectable"] is None

    def test_it_is_json_that_everyone_reads(self, table: SuiteTable) -> None:
        def refuse(constant: str) -> None:
            raise AssertionError(constant)

        json.loads(json_of(table), parse_constant=refuse)


SEVERAL = """
import sys
from taco_bench.cli.main import call
for form in ("text", "md", "csv", "tex", "json"):
    assert call(["--no-plugins", "table", *sys.argv[1:], "--format", form]) == 0
"""


def test_the_same_store_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    """Whatever the order of sets and the folder."""
    path = write_suite(tmp_path)
    table, store = expand(load_suite(str(path)), "planted", [], [], range(5), load_plugins(False), print), Store(tmp_path / "results")
    for line in table.lines:
        save_row(store, line, [20, 22, 21, 20, 19] if line.name == "good" else [12, 11, 12, 13, 12])
    outputs = []
    for seed, folder in (("1", tmp_path), ("2", tmp_path / "elsewhere")):
        folder.mkdir(exist_ok=True)
        moved = write_suite(folder)
        command = [sys.executable, "-c", SEVERAL, str(moved), "--data", "planted", "--results", str(store.root)]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        outputs.append(subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=True).stdout)
    assert outputs[0] == outputs[1]
    assert outputs[0].count(b"HOLDS") >= 4


@pytest.mark.parametrize("style", ["text", "md", "tex"])
def test_a_p_is_never_printed_as_0(style: str, tmp_path: Path) -> None:
    """14 seeds, all in favour: p = 2^-14 = 0.00006, of the primary and after Holm of the secondary."""
    found, store = expanded(tmp_path, seeds=range(14)), Store(tmp_path / "results")
    for name, hits in (("good", 20), ("plain", 10), ("third", 5)):
        save_row(store, found.line(name), [hits + at % 3 * (name == "good") for at in range(14)])
    text = text_of(suite_table(found, store), style)
    assert "p < 0.001 one-sided" in text
    assert not re.search(r"\b0\.000\b", text)
    assert p_number(2**-20) == "< 0.001"
    assert p_number(0.0312) == "0.031"


class TestReasons:
    """What is long, or has several lines, stands below the table in one line, and widens no column."""

    LONG = "the loss is not finite\n  Traceback:\n\tat step 3: " + "NaN " * 60

    @pytest.mark.parametrize("style", ["text", "md", "tex"])
    def test_a_failure(self, style: str, tmp_path: Path) -> None:
        found, store = expanded(tmp_path, seeds=[0, 1]), Store(tmp_path / "results")
        save_row(store, found.line("good"), [20, 21])
        save_row(store, found.line("plain"), [10])
        text = text_of(suite_table(found, store, {"third": self.LONG, "plain": self.LONG}), style)
        mark = {"text": "", "md": "- ", "tex": "% "}[style]
        told = " ".join(self.LONG.split())
        lines = text.splitlines()
        assert f"{mark}Third: FAILED: {told}" in lines
        assert f"{mark}Plain: FAILED: 1 of 2 seeds are there: {told}" in lines
        table = [line for line in lines if "Third (FAILED)" in line]
        assert len(table) == 1
        assert len(table[0]) < 120

    def test_rows_with_one_reason_share_it(self, tmp_path: Path) -> None:
        found = expanded(tmp_path, seeds=[0])
        text = text_of(suite_table(found, Store(tmp_path / "results")))
        assert "Good & proper; Plain; Third; shuffled captions: NOT RUN: not made yet" in text
        assert text.count("taco-bench reproduce") == 1


def test_detectable_effects_are_beside_each_verdict(table: SuiteTable) -> None:
    """Of 40 queries the first 20, 22 and 21 are hits of one row, and the first 12, 12 and 13 of the other: in the mean over seeds seven
    differ by 1, two by 2/3 and one by 1/3, and the squares add up to 8.
    """
    header, line = [line for line in text_of(table).splitlines() if line.startswith(("claims, ", "good over plain (primary)"))]
    assert re.split(r"\s{2,}", header)[-2:] == ["detectable, seeds", "detectable, queries"]
    expected = 100 * 2.8 * math.sqrt(8) / 40
    assert json.loads(json_of(table))["claims"][0]["query_detectable"] == pytest.approx(expected)
    assert line.split()[-1] == f"{expected:.1f}" == "19.8"
    assert "80 % power" in text_of(table)
