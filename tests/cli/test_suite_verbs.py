"""The verbs on suites, end to end: reproduce, plan, table and list suites, on a data set of a few clips."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from suite_world import L1, SUITE, Cli, Result, write_suite

from taco_bench.cli.main import call
from taco_bench.plugins import load_plugins
from taco_bench.suites.load import suite_names

pytest_plugins = ("suite_fixtures",)

FORMS = ("md", "csv", "tex", "json")
ON = ("--data", "filed", "--seeds", 2)
THIRD = '"losses.use" = ["l3"]'
BROKEN = SUITE.replace(THIRD, f'{THIRD}, "train.learning_rate" = 1e30')


def quiet(arguments: list[object]) -> Result:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = call([str(argument) for argument in arguments])
    return Result(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def made(filed_site: Path, filed_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Result]]:
    """A folder with the suite and its results, and what reproduce said."""
    folder = tmp_path_factory.mktemp("suite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FILED_ROOT", str(filed_data))
        patch.syspath_prepend(str(filed_site))
        patch.setattr("taco_bench_launchers.local.Local.workers", lambda self, load: 1)
        load_plugins.cache_clear()
        yield folder, quiet(["reproduce", write_suite(folder), *ON, "--json", "--results", folder / "results"])
    load_plugins.cache_clear()


@pytest.fixture
def done(made: tuple[Path, Result], tmp_path: Path, suite_cli: Cli) -> Cli:
    """The command line in a folder of this test's own, where all cells of mine.toml are."""
    shutil.copytree(made[0], tmp_path, dirs_exist_ok=True)
    return suite_cli


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "results" / "tables").iterdir())}


def assert_told(found: Result, code: int, *words: str) -> None:
    assert found.code == code, found
    assert "Traceback" not in found.err
    for word in words:
        assert word in found.err, found.err


class TestReproduce:
    def test_every_row_has_every_seed_and_every_claim_a_verdict(self, made: tuple[Path, Result]) -> None:
        folder, found = made
        assert found.code == 0, found
        table = found.json
        assert table["title"] == "mine@filed"
        trained = {row["name"]: row["seeds"] for row in table["rows"] if row["cells"]}
        assert trained == {name: [0, 1] for name in ("good", "plain", "third", "good/shuffled-captions")}
        assert {claim["word"] for claim in table["claims"]} <= {"UNDERPOWERED", "NULL"}
        assert len(list((folder / "results" / "cells").glob("*.json"))) == 8

    def test_the_table_is_there_in_every_form(self, made: tuple[Path, Result]) -> None:
        folder, found = made
        files = tables(folder)
        assert sorted(files) == sorted(f"mine@filed.{form}" for form in FORMS)
        assert json.loads(files["mine@filed.json"]) == found.json
        frame = pd.read_csv(io.BytesIO(files["mine@filed.csv"]), dtype={"seed": "Int64"})
        assert set(frame[frame.row == "good"].seed) == {0, 1}

    def test_again_it_trains_nothing_and_says_the_same(self, made: tuple[Path, Result], done: Cli, tmp_path: Path) -> None:
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "results" / "cells").iterdir()}
        found = done("reproduce", tmp_path / "mine.toml", *ON)
        assert found.code == 0
        assert "8 of 8 cells are there already" in found.err
        assert {path: path.stat().st_mtime_ns for path in (tmp_path / "results" / "cells").iterdir()} == before
        assert "claims, t2v R@1" in found.out
        assert "taco-bench explain mine@filed:ROW" in found.out
        assert tables(tmp_path) == tables(made[0])

    def test_deleted_tables_come_back_byte_by_byte(self, made: tuple[Path, Result], done: Cli, tmp_path: Path) -> None:
        shutil.rmtree(tmp_path / "results" / "tables")
        assert done("reproduce", tmp_path / "mine.toml", *ON, "--quiet").code == 0
        assert tables(tmp_path) == tables(made[0])

    def test_a_deleted_cell_is_made_again_as_it_was(self, made: tuple[Path, Result], done: Cli, tmp_path: Path) -> None:
        """With its training there, nothing is trained; without, everything but the seconds is the same."""
        (cell, other) = sorted((tmp_path / "results" / "cells").glob("*.json"))[:2]
        before, training = json.loads(cell.read_text()), json.loads(other.read_text())["training"]
        cell.unlink()
        other.unlink()
        shutil.rmtree(tmp_path / "results" / "trainings" / training)
        assert done("reproduce", tmp_path / "mine.toml", *ON, "--quiet").code == 0
        after = json.loads(cell.read_text())
        assert {**after, "cost": 0} == {**before, "cost": 0}
        shown, expected = (tables(folder)["mine@filed.csv"] for folder in (tmp_path, made[0]))
        assert shown == expected

    def test_more_seeds_add_to_those_there(self, done: Cli, tmp_path: Path) -> None:
        found = done("reproduce", tmp_path / "mine.toml", "--data", "filed", "--seeds", 3, "--no-control")
        assert found.code == 0
        assert "6 of 9 cells are there already" in found.err

    def test_a_failed_row_is_in_the_table_and_in_the_exit_code(self, tmp_path: Path, suite_cli: Cli) -> None:
        found = suite_cli("reproduce", write_suite(tmp_path, BROKEN), "--data", "filed", "--seeds", 1, "--no-control", "--json")
        assert_told(found, 5, "failed: Third on filed, seed 0: ")
        third = found.json["rows"][2]
        assert third["status"].startswith("FAILED: ")
        assert [claim["word"] for claim in found.json["claims"]][1] == "FAILED"
        assert found.json["rows"][0]["values"]
        planned = suite_cli("plan", tmp_path / "mine.toml", "--data", "filed", "--seeds", 1, "--no-control", "--json").json["cells"]
        assert [cell["state"] for cell in planned] == ["done", "done", "failed"]
        assert planned[2]["why"]

    def test_fail_fast_leaves_the_rest_unmade(self, tmp_path: Path, suite_cli: Cli) -> None:
        text = BROKEN.replace('name = "good over plain"', 'name = "x"')
        first = text.index("[[row]]")
        third = text.index('[[row]]\nname = "third"')
        claims = text.index("[[claim]]")
        moved = text[:first] + text[third:claims] + text[first:third] + text[claims:]
        found = suite_cli(
            "reproduce", write_suite(tmp_path, moved), "--data", "filed", "--seeds", 1, "--no-control", "--fail-fast", "--json"
        )
        assert_told(found, 5, "failed: Third on filed, seed 0")
        assert [row["status"][:7] for row in found.json["rows"][:3]] == ["FAILED:", "NOT RUN", "NOT RUN"]

    def test_two_data_sets_make_two_tables(self, done: Cli, tmp_path: Path) -> None:
        found = done("table", tmp_path / "mine.toml", "--data", "filed", "--data", "planted", "--seeds", 2)
        assert found.code == 0
        assert "Two rows (mine), on filed" in found.out
        assert "Two rows (mine), on planted" in found.out

    def test_a_user_who_forces_it_gets_it_trained_again(self, done: Cli, tmp_path: Path) -> None:
        before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "results" / "cells").glob("*.json")}
        assert done("reproduce", tmp_path / "mine.toml", "--data", "filed", "--seeds", 1, "--no-control", "--force", "--quiet").code == 0
        after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "results" / "cells").glob("*.json")}
        assert sum(after[name] > before[name] for name in before) == 3
        assert set(after) == set(before)


class TestTable:
    @pytest.mark.parametrize("form", FORMS)
    def test_each_form_is_the_file(self, form: str, made: tuple[Path, Result], done: Cli, tmp_path: Path) -> None:
        found = done("table", tmp_path / "mine.toml", *ON, "--format", form)
        assert found.code == 0
        assert found.out.encode() == tables(made[0])[f"mine@filed.{form}"]

    def test_it_writes_nothing(self, done: Cli, tmp_path: Path) -> None:
        shutil.rmtree(tmp_path / "results" / "tables")
        before = sorted(tmp_path.rglob("*"))
        assert done("table", tmp_path / "mine.toml", *ON).code == 0
        assert sorted(tmp_path.rglob("*")) == before

    def test_rows_that_are_not_there_say_how_to_make_them(self, suite_cli: Cli, tmp_path: Path) -> None:
        found = suite_cli("table", write_suite(tmp_path), *ON)
        assert found.code == 0
        assert "Good & proper; Plain; Third; shuffled captions: NOT RUN: not made yet" in found.out
        assert found.out.count("taco-bench reproduce") == 1

    def test_the_command_that_is_printed_makes_what_is_missing(self, suite_cli: Cli, tmp_path: Path) -> None:
        """With every option that was given, as a shell reads it; the table is then whole."""
        options: list[object] = ["--data", "filed", "--steps", 3, "--seeds", 2, "--seed", 4, "--no-control", "--device", "cpu"]
        options += ["--set", "model.dropout=0.25", "--set", "train.clip_norm=none", "--token-weights", "uniform"]
        options += ["--results", tmp_path / "my results", "--acknowledge", "same-caption"]
        asked = ("table", write_suite(tmp_path), *options)
        (line,) = [line for line in suite_cli(*asked).out.splitlines() if line.startswith("what is missing is made by: ")]
        program, *words = shlex.split(line.removeprefix("what is missing is made by: "))
        assert program == "taco-bench"
        made = suite_cli(*words, "--quiet")
        assert made.code == 0, made
        whole = suite_cli(*asked).out
        assert whole == made.out
        assert "NOT RUN" not in whole
        assert "what is missing" not in whole
        assert "seeds 4, 5" in whole
        assert len(list((tmp_path / "my results" / "cells").glob("*.json"))) == 6

    def test_a_users_file_below_the_working_folder_is_named_from_there(
        self, suite_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """So that two folders with the same give the same bytes."""
        monkeypatch.chdir(tmp_path)
        assert "made by: taco-bench reproduce mine.toml --data filed --seeds 2\n" in suite_cli("table", write_suite(tmp_path), *ON).out


class TestPlan:
    def test_it_says_what_enough_seeds_can_decide(self, suite_cli: Cli, tmp_path: Path) -> None:
        found = suite_cli("plan", write_suite(tmp_path), "--data", "filed", "--seeds", 8)
        assert found.out.splitlines()[1] == "8 seeds can decide each of the 2 claims that can be tested here (smallest p 0.004)"

    def test_all_done(self, done: Cli, tmp_path: Path) -> None:
        found = done("plan", tmp_path / "mine.toml", *ON)
        assert found.code == 0
        assert "all cells are there; `taco-bench table` prints them" in found.out

    def test_a_changed_option_with_its_price(self, done: Cli, tmp_path: Path) -> None:
        found = done("plan", tmp_path / "mine.toml", *ON, "--set", "train.weight_decay=0.5")
        assert "stale: option train.weight_decay: 1e-05 -> 0.5 (8 cells)" in found.out
        assert "8 cells to make, 8 trainings among them, by 1 worker: about " in found.out
        assert "MiB" in found.out

    def test_json(self, done: Cli, tmp_path: Path) -> None:
        found = done("plan", tmp_path / "mine.toml", "--data", "filed", "--seeds", 3, "--json").json
        assert found["title"] == "mine@filed"
        assert found["warnings"][0].startswith("3 seeds can decide nothing")
        missing = [cell for cell in found["cells"] if cell["state"] == "missing"]
        assert len(missing) == 4
        assert all(cell["seconds"] > 0 and cell["bytes"] > 0 for cell in missing)

    @pytest.mark.parametrize("arguments", [("plan", "--json"), ("table", "--format", "json")])
    def test_json_of_several_data_sets_parses(self, arguments: tuple[str, ...], done: Cli, tmp_path: Path) -> None:
        verb, *rest = arguments
        found = done(verb, tmp_path / "mine.toml", "--data", "filed", "--data", "planted", *rest).json
        assert [table["title"] for table in found] == ["mine@filed", "mine@planted"]

    @pytest.mark.parametrize("verb", ["plan", "table"])
    def test_a_suite_without_a_target_says_so(self, verb: str, suite_cli: Cli, tmp_path: Path) -> None:
        """As a copy of the paper's from which ``paper`` was lost."""
        told = "the suite names no table of the paper (`paper = ...` in its file): each claim can only read NO TARGET (2)"
        lost = re.sub(r'paper(_row)? = ".*"\n', "", SUITE)
        assert told in suite_cli(verb, write_suite(tmp_path, lost), *ON).out
        assert "NO TARGET" not in suite_cli(verb, write_suite(tmp_path), *ON).out
        one = suite_cli(verb, write_suite(tmp_path, SUITE.replace('paper_row = "L3"\n', "")), *ON)
        assert "these claims can only read NO TARGET: good over third" in one.out

    def test_a_row_that_is_not_run(self, suite_cli: Cli, tmp_path: Path) -> None:
        text = SUITE.replace('label = "Third"', 'label = "Third"\nfeature = "R-152"')
        found = suite_cli("plan", write_suite(tmp_path, text), *ON)
        assert "Third  (NOT RUN: filed has no encoder that stands for R-152)" in found.out


class TestListSuites:
    @pytest.mark.parametrize("word", ["suite", "suites"])
    def test_each_with_its_title(self, word: str, suite_cli: Cli) -> None:
        found = suite_cli("list", word)
        assert found.code == 0
        assert [line.split()[0] for line in found.out.splitlines()] == suite_names()
        assert "Losses and cascade sampling (P Tab. 3), 5 rows" in found.out

    def test_json(self, suite_cli: Cli) -> None:
        found = suite_cli("list", "suites", "--json").json
        assert found[0].keys() == {"name", "title", "source"}
        assert [suite["name"] for suite in found] == suite_names()


class TestBadInput:
    @pytest.mark.parametrize("verb", ["reproduce", "plan", "table"])
    def test_an_unknown_suite_names_the_nearest(self, verb: str, suite_cli: Cli) -> None:
        assert_told(suite_cli(verb, "paper/tabel3"), 2, "there is no suite 'paper/tabel3'", "did you mean paper/table3")

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda text: text.replace("schema = 1", "schema = 2"), ["the file has schema 2", "pip install --upgrade taco-bench"]),
            (lambda text: text.replace("[[row]]", "[[row", 1), ["no valid TOML", "mine.toml, line "]),
            (lambda text: text.replace('name = "plain"', 'name = "good"'), ["2 rows are named 'good'", "mine.toml: row 'good'"]),
            (lambda text: text.replace('worse = "plain"', 'worse = "plane"'), ["worse = 'plane' is no row", "did you mean plain?"]),
            (lambda text: text.replace('worse = "plain"', 'worse = "good"'), ["compares the row 'good' with itself"]),
            (lambda text: text.replace('sampler = "cascade"', 'sampler = "cascde"'), ["unknown sampler 'cascde'", "mine.toml: row 'good'"]),
        ],
    )  # fmt: skip
    def test_a_bad_file(self, change: Callable[[str], str], words: list[str], suite_cli: Cli, tmp_path: Path) -> None:
        for verb in ("reproduce", "plan", "table"):
            assert_told(suite_cli(verb, write_suite(tmp_path, change(SUITE)), *ON), 2, *words)
        assert not (tmp_path / "results").exists()

    def test_no_file(self, suite_cli: Cli, tmp_path: Path) -> None:
        assert_told(suite_cli("plan", tmp_path / "none.toml"), 2, "the file cannot be read: No such file", "none.toml")

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (
                ["--sampler", "cascade", "--sampler", "random"],
                ["--sampler is given 2 times, but a suite is a grid already", "give it once"],
            ),
            (["--token-weights", "idf", "--token-weights", "uniform"], ["--token-weights is given 2 times"]),
            (["--task", "step-localization"], ["mine is about the task retrieval", "leave it out"]),
            (["--set", "train.stpes=3"], ["unknown option 'train.stpes'", "where: --set train.stpes", "steps"]),
            (["--losses", "l1"], ["--losses is what the rows of mine differ in", "copy the suite's file", "mine.toml"]),
            (["--set", "sampler.type=random"], ["--sampler is what the rows of mine differ in"]),
            (["--data", "fild"], ["unknown data 'fild'", "did you mean filed?"]),
            (["--format", "pdf"], ["--format", "'csv'"]),
        ],
    )
    def test_a_bad_option(self, options: list[str], words: list[str], suite_cli: Cli, tmp_path: Path) -> None:
        usual = [] if "--data" in options else ["--data", "filed"]
        assert_told(suite_cli("table", write_suite(tmp_path), *usual, *options), 2, *words)

    @pytest.mark.parametrize(
        ("options", "where"),
        [
            (["--set", "train.stpes=3"], "--set train.stpes"),
            (["--set", "train.warmup_steps=9", "--steps", 3], "--set train.warmup_steps"),
            (["--text-encoder", "brt"], "--text-encoder"),
            (["--encoder", "rosw"], "--encoder"),
        ],
    )
    def test_one_wrong_option_is_told_once_and_not_blamed_on_the_suite(
        self, options: list[object], where: str, suite_cli: Cli, tmp_path: Path
    ) -> None:
        found = suite_cli("plan", write_suite(tmp_path), *ON, *options)
        assert_told(found, 2, f"  where: {where}\n")
        assert found.err.count("where: ") == 1
        assert "mine.toml" not in found.err

    def test_in_the_configuration_file(self, suite_cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "mine.json").write_text('{"train": {"stpes": 3}}', encoding="utf-8")
        found = suite_cli("plan", write_suite(tmp_path), *ON, "--config", tmp_path / "mine.json")
        assert_told(found, 2, "where: the configuration file, train.stpes")
        assert found.err.count("where: ") == 1

    def test_in_the_options_of_the_suite(self, suite_cli: Cli, tmp_path: Path) -> None:
        text = SUITE.replace('token_weights = "idf"', 'token_weights = "idf"\n"train.stpes" = 3')
        found = suite_cli("plan", write_suite(tmp_path, text), *ON)
        assert_told(found, 2, "mine.toml: options, train.stpes")
        assert found.err.count("where: ") == 1

    def test_a_missing_data_file(self, suite_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FILED_ROOT", str(tmp_path))
        assert_told(suite_cli("plan", write_suite(tmp_path), *ON), 3, "captions.json cannot be looked at: No such file", str(tmp_path))


class TestLeaks:
    """A planted leak: test clips are copied into the training split."""

    PLANTED = ("--data", "planted", "--set", "data.leakage=0.25", "--steps", 1, "--seeds", 1, "--no-control")
    """L1 alone in a suite's rows; `run` is told so."""

    @pytest.mark.parametrize("verb", ["run", "reproduce"])
    def test_it_stops_before_anything_is_trained(self, verb: str, suite_cli: Cli, tmp_path: Path) -> None:
        suite = [write_suite(tmp_path, L1)] if verb == "reproduce" else ["--losses", "l1"]
        found = suite_cli(verb, *suite, *self.PLANTED)
        assert_told(found, 3, "32 of 128 test clips have the same video as train clips", "--acknowledge same-video")
        assert not (tmp_path / "results" / "cells").exists()
        assert not (tmp_path / "results" / "trainings").exists()

    def test_acknowledged_it_is_in_every_cell_and_under_the_table(self, suite_cli: Cli, tmp_path: Path) -> None:
        told = "LEAK, acknowledged: same video in train and test: 32 of 128 clips, such as test-"
        found = suite_cli("reproduce", write_suite(tmp_path, L1), *self.PLANTED, "--acknowledge", "same-video")
        assert found.code == 0, found
        assert told in found.err
        assert told in found.out
        cells = [json.loads(path.read_text()) for path in (tmp_path / "results" / "cells").glob("*.json")]
        assert len(cells) == 1
        for cell in cells:
            assert any(line.startswith(told) for line in cell["leaks"])
            assert any(
                line.startswith("shared by the splits: near identical features in train and test: 32 of 128") for line in cell["leaks"]
            )
        assert told in (tmp_path / "results" / "tables" / "mine@planted.md").read_text()

    def test_a_run_prints_it_too(self, suite_cli: Cli) -> None:
        found = suite_cli("run", *self.PLANTED, "--losses", "l1", "--acknowledge", "same-video", "--quiet")
        assert found.code == 0, found
        assert "LEAK, acknowledged: same video in train and test: 32 of 128 clips" in found.out


def test_the_modules_of_the_package_are_forgotten(suite_cli: Cli) -> None:
    """Other tests must not see what this module installs."""
    assert "filed" in suite_cli("list", "data").out
    assert [name for name in sys.modules if name == "taco_filed"] == ["taco_filed"]
