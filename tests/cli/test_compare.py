"""``compare``: two rows of a real run, and where one of them wins."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.cli import Cli, Result, Results, assert_told

pytest_plugins = ("helpers.fixtures", "helpers.mini")

ROWS = ("mini@small:full", "mini@small:l1")
QUERIES = 64


def rows_of(text: str) -> dict[str, list[str]]:
    """The rows of the printed tables: by first column, the others."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    return {first: rest for first, *rest in lines if len(rest) >= 4}


def rewrite(results: Results, name: str, **changes: Any) -> None:
    path = results.root / "cells" / f"{name}.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def test_every_column_of_two_rows_over_the_seeds_that_both_have(cli: Cli, reproduced: Results) -> None:
    found = cli("compare", *ROWS)
    assert found.code == 0, found.err
    assert found.out.startswith("A mini@small:full\nB mini@small:l1\n")
    rows = rows_of(found.out)
    assert rows["seeds 0, 1"] == ["A", "B", "A - B", "seeds 95 %", "queries 95 %", "p"]
    by_row: dict[bool, dict[int, float]] = {True: {}, False: {}}
    for cell in reproduced.cells().values():
        if not cell["experiment"]["train"]["shuffle_captions"]:
            by_row["l2" in cell["experiment"]["losses"]["use"]][cell["seed"]] = cell["rows"]["all scores"]["v2t R@5"]
    a, b = np.mean(list(by_row[True].values())), np.mean(list(by_row[False].values()))
    assert rows["v2t R@5"][:3] == [f"{a:.1f}", f"{b:.1f}", f"{a - b:+.1f}"]
    assert [name for name in rows if name[:3] in ("t2v", "v2t")] == [
        f"{way} {name}" for way in ("t2v", "v2t") for name in ("R@1", "R@5", "R@10", "MedR")
    ]
    assert re.search(r"\]$", rows["t2v R@1"][-1])  # two seeds have no p
    assert "note: no p: 2 seeds cannot reach 0.05 two-sided, 4 more needed" in found.out


@pytest.mark.parametrize("reference", ["mini@small:full", "mini@small:full:1"])
def test_a_row_against_itself(reference: str, cli: Cli, reproduced: Results) -> None:
    found = cli("compare", reference, reference, "--json").json
    for column in found["columns"]:
        assert set(column["differences"].values()) == {0.0}
        assert column["p"] is None
    assert found["flips"] == [0, 0]
    assert found["warnings"] == []


def test_json_has_what_is_printed(cli: Cli, reproduced: Results) -> None:
    found, text = cli("compare", *ROWS, "--json").json, rows_of(cli("compare", *ROWS).out)
    for column in found["columns"]:
        if column["name"] in text:
            assert text[column["name"]][2] == f"{np.mean(list(column['differences'].values())):+.1f}"
    assert found["columns"][0]["differences"].keys() == {"0", "1"}


def test_flips_of_the_metric_asked_for(cli: Cli, reproduced: Results) -> None:
    """Counted from the ranks of the files."""
    credit: dict[tuple[bool, int], np.ndarray] = {}
    for cell in reproduced.cells().values():
        if not cell["experiment"]["train"]["shuffle_captions"]:
            better, tied = (np.array(cell["queries"][f"v2t {what}"]) for what in ("better", "tied"))
            credit["l2" in cell["experiment"]["losses"]["use"], cell["seed"]] = np.clip((5 - better) / tied, 0, 1)
    difference = sum(credit[True, seed] - credit[False, seed] for seed in (0, 1))
    won = int((difference > 0).sum())
    better = f"{won} quer{'y' if won == 1 else 'ies'}"
    expected = f"v2t R@5: A answers {better} better, B {(difference < 0).sum()}, in the mean over seeds"
    assert expected in cli("compare", *ROWS, "--metric", "v2t R@5").out


class TestWhatCannotBeCompared:
    def test_a_metric_that_is_not_there(self, cli: Cli, reproduced: Results) -> None:
        assert_told(cli("compare", *ROWS, "--metric", "R@3"), 2, "not both rows have the column 'R@3'", "--metric", "t2v R@1, t2v R@5")

    def test_no_common_seed(self, cli: Cli, reproduced: Results) -> None:
        assert_told(cli("compare", "mini@small:full:0", "mini@small:l1:1"), 2, "no seed in common", "--seeds")

    def test_rows_that_are_not_there(self, cli: Cli, reproduced: Results) -> None:
        assert_told(cli("compare", "mini@small:full", "mini@small:l3"), 2, "no row 'l3'")

    def test_a_figure_that_is_no_mean_over_queries(self, cli: Cli, reproduced: Results) -> None:
        found = cli("compare", *ROWS, "--metric", "t2v MedR")
        assert found.code == 0
        assert "note: t2v MedR cannot be compared query by query" in found.out
        assert "answers" not in found.out

    def test_different_queries(self, cli: Cli, reproduced: Results) -> None:
        """The validation split has other clips: the figures stand there, with a note; nothing is said about queries."""
        arguments = ("run", "--data", "small", "--losses", "l1", "--no-control", "--set", "evaluation.split=val", "--json")
        (path,) = cli(*arguments).json["tables"][0]["cells"]
        found = cli("compare", "mini@small:l1:0", Path(path).stem)
        assert found.code == 0, found.err
        assert "note: they were asked different queries" in found.out
        assert re.search(r"^t2v R@1 +[\d.]+ +[\d.]+ +[+-][\d.]+ *$", found.out, re.MULTILINE)  # one seed has neither interval nor p
        assert "answers" not in found.out
        assert found.err == ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sliced") / "kept"


class TestSlices:
    @pytest.fixture
    def cells(self, cli: Cli, results: Results, folder: Path) -> list[str]:
        """Two cells with test splits large enough for slices, of rows without a tagger; what was changed in one test is made anew."""

        if not folder.exists():
            arguments = ("run", "--data", "small", "--losses", "l1", "--losses", "l3", "--sampler", "random", "--no-control")
            assert cli(*arguments, "--set", f"data.test={QUERIES}", "--steps", 2, "--results", folder).code == 0
        shutil.copytree(folder, results.root)
        return list(results.cells())

    def sliced(self, found: Result) -> dict[str, list[str]]:
        return {name: rest for name, rest in rows_of(found.out).items() if re.search(r"^(caption|nouns|verbs|mean|clip).*[<>]", name)}

    def test_they_are_printed_with_the_data_sets_own_tagger(self, cli: Cli, cells: list[str]) -> None:
        found = cli("compare", *cells)
        assert found.code == 0, found.err
        assert found.err == ""
        sliced = self.sliced(found)
        assert {name.partition(" <")[0].partition(" >")[0] for name in sliced} == {"caption length (words)", "nouns"}
        lengths = [int(rest[0]) for name, rest in sliced.items() if name.startswith("caption length")]
        assert sum(lengths) <= QUERIES
        missing = [line for line in found.out.splitlines() if line.startswith("no slice")]
        assert "no slices by verbs: all queries are alike in it" in missing
        assert all(re.search(r"fewer than 30 or 20$|all queries are alike in it$", line) for line in missing), missing
        header = rows_of(found.out)["t2v R@1 by"]
        assert header == ["queries", "videos", "A - B", "queries 95 %", "p", "p adjusted"]
        assert all(float(rest[-1]) >= float(rest[-2]) for rest in sliced.values())

    def test_of_another_metric(self, cli: Cli, cells: list[str]) -> None:
        found = cli("compare", *cells, "--metric", "v2t R@10", "--json").json
        from taco_bench.report.queries import contributions

        a, b = (
            contributions(json.loads((Path(cli("status", "--json").json["root"]) / "cells" / f"{c}.json").read_text()), "v2t R@10")
            for c in cells
        )
        assert a is not None
        assert b is not None
        parts = [part for part in found["slices"] if part["name"].startswith("caption length")]
        total = sum(part["mean"] * part["queries"] for part in parts)
        if sum(part["queries"] for part in parts) == QUERIES:
            assert total == pytest.approx((a - b).sum())
        assert parts

    def test_the_data_set_is_not_at_hand(self, cli: Cli, cells: list[str]) -> None:
        found, usual = cli("--no-plugins", "compare", *cells), cli("compare", *cells)
        assert found.code == 0, found.err
        told = found.out.splitlines()[-1]
        assert told.startswith("no slices: ")
        assert "small" in told
        assert found.err == ""
        assert self.sliced(found) == {}
        assert usual.out.startswith(found.out.removesuffix(f"{told}\n").rstrip("\n"))
        assert cli("--no-plugins", "compare", *cells, "--json").json["unsliced"] == [told]

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"data": {"captions": "others"}}, "not what it was when the cells were made"),
            ({"experiment": {"model": {"depth": 3}}}, "another version of taco-bench"),
        ],
        ids=["data", "options"],
    )
    def test_cells_of_another_time(self, changes: dict[str, Any], told: str, cli: Cli, results: Results, cells: list[str]) -> None:
        for name in cells:
            rewrite(results, name, **changes)
        found = cli("compare", *cells)
        assert found.code == 0, found.err
        assert found.out.splitlines()[-1].startswith("no slices: ")
        assert told in found.out.splitlines()[-1]
        assert found.err == ""
        assert rows_of(found.out)["t2v R@1"]
        assert self.sliced(found) == {}


class TestAnEarlierCell:
    """What was asked for last is not there: that must stand in what is printed, in each form."""

    NOTE = (
        "mini@small:l1, seed 0: what was asked for last is not there; an earlier cell is taken; "
        "the other seeds are of a newer configuration"
    )

    @pytest.fixture
    def asked_again(self, cli: Cli, reproduced: Results) -> Results:
        path = reproduced.root / "ledger" / "mini@small.json"
        ledger = json.loads(path.read_text(encoding="utf-8"))
        ledger["rows"]["l1"]["0"].append("f" * 16)
        path.write_text(json.dumps(ledger), encoding="utf-8")
        return reproduced

    def test_compare(self, cli: Cli, asked_again: Results) -> None:
        assert f"note: {self.NOTE}" in cli("compare", *ROWS).out
        assert cli("compare", *ROWS, "--json").json["warnings"] == [self.NOTE]

    def test_explain(self, cli: Cli, asked_again: Results) -> None:
        assert cli("explain", ROWS[1]).out.startswith(f"note: {self.NOTE}\n")
        assert self.NOTE in cli("explain", ROWS[1], "--json").err


def test_rows_of_two_devices_are_told(cli: Cli, reproduced: Results) -> None:
    """As a GPU would have made one of them."""
    for name, cell in reproduced.cells().items():
        if "l2" in cell["experiment"]["losses"]["use"]:
            experiment = cell["experiment"]
            rewrite(
                reproduced, name, experiment={**experiment, "train": {**experiment["train"], "device": "cuda", "precision": "bfloat16"}}
            )
    assert "note: made on different devices: A cuda in bfloat16; B cpu in float32" in cli("compare", *ROWS).out


@pytest.mark.parametrize("verb", ["compare", "explain"])
def test_a_seed_whose_cell_is_damaged_is_named_with_its_file(verb: str, cli: Cli, reproduced: Results) -> None:
    name = json.loads((reproduced.root / "ledger" / "mini@small.json").read_text(encoding="utf-8"))["rows"]["l1"]["1"][-1]
    (reproduced.root / "cells" / f"{name}.json").write_text('{"schema_version": 2, "id": 5, "rows": "x"}')
    found = cli(verb, *(ROWS if verb == "compare" else ROWS[1:]))
    assert found.code == 0, found.err
    assert f"note: mini@small:l1, seed 1: its cell is damaged: cells/{name}.json is JSON, but no record of this cell" in found.out
    assert ("left out, since only A has a cell of it: seed 1" in found.out) == (verb == "compare")
