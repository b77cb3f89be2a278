"""Suite files that are wrong: what, where, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.suite_text import GOOD, problems, write

from taco_bench.errors import ConfigError, UserError
from taco_bench.suites.load import load_suite


def claim(name: str, primary: bool) -> str:
    return f'[[claim]]\nname = "{name}"\nbetter = "two"\nworse = "one"\nprimary = {str(primary).lower()}\nsource = "mine"\n'


class TestBadFiles:
    @pytest.mark.parametrize(
        ("old", "new", "what", "where", "hint"),
        [
            ('title = "Two rows"', "", "the key 'title' is missing", "mine.toml: title", "add title"),
            ('title = "Two rows"', 'titel = "x"\ntitle = "y"', "unknown key 'titel'", "mine.toml: titel", "did you mean title?"),
            ('label = "One"', 'label = "One"\nlable = "x"', "unknown key 'lable'", "mine.toml: row 'one': lable", "did you mean label?"),
            (
                "primary = true",
                "primry = true\nprimary = true",
                "unknown key 'primry'",
                "claim 'one over two': primry",
                "did you mean primary?",
            ),
            (
                "[[claim]]",
                "[data.babyai]\noptoins = {}\n[[claim]]",
                "unknown key 'optoins'",
                "data: babyai: optoins",
                "did you mean options",
            ),
            ('task = "retrieval"', "task = 3", "task is not valid: input should be a valid string", "mine.toml: task", ""),
            ('name = "two"', 'name = "Row Two"', "name is not valid: string should match", "row 'Row Two': name", ""),
            ("default = 1.0", "babyai = 1.0", "smallest_effect is not valid: it has no default", "mine.toml: smallest_effect", ""),
            ("default = 1.0", "default = 0.0", "default is not valid: input should be greater than 0", "smallest_effect: default", ""),
            ('name = "two"', 'name = "one"', "2 rows are named 'one'", "mine.toml: row 'one'", "a name of its own for each"),
            ('worse = "two"', 'worse = "tow"', "worse = 'tow' is no row", "claim 'one over two'", "did you mean two?"),
            ('worse = "two"', 'worse = "one"', "the claim compares the row 'one' with itself", "claim 'one over two'", "name two rows"),
            ('metric = "t2v R@1"', 'metric = "t2v MedR"', "no claim can be made in 't2v MedR'", "mine.toml: metric", "t2v R@1"),
            ('metric = "t2v R@1"', 'metric = "t2v R@3"', "the metric 't2v R@3' is not among the columns", "metric", "did you mean t2v R@1"),
            ("primary = true", "", "no claim is primary", "mine.toml: claim", "exactly one"),
            ('control = "one"', 'control = "on"', "the control 'on' is no row", "mine.toml: control", "did you mean one?"),
            (
                'task = "retrieval"',
                'task = "x"\npaper = "table33"',
                "the paper has no 'table33'",
                "mine.toml: paper",
                "did you mean table3",
            ),
            ('label = "Two"', 'label = "Two"\npaper_row = "L1"', "but the suite names no table of the paper", "row 'two'", "add paper"),
            (
                '{ "losses.use" = ["l1"] }',
                '{ sampler = "random", "sampler.hard_negatives" = 2 }',
                "options is not valid: sampler and sampler.hard_negatives contradict each other",
                "row 'one': options",
                "",
            ),
        ],
    )
    def test_the_message(self, old: str, new: str, what: str, where: str, hint: str, tmp_path: Path) -> None:
        assert old in GOOD
        lines = problems(tmp_path, GOOD.replace(old, new, 1))
        at = next(i for i, line in enumerate(lines) if what in line)
        assert where in lines[at + 1]
        assert not hint or hint in lines[at + 2]

    def test_a_row_that_the_papers_table_does_not_have(self, tmp_path: Path) -> None:
        text = GOOD.replace('task = "retrieval"', 'task = "retrieval"\npaper = "table3"').replace(
            'label = "Two"', 'label = "Two"\npaper_row = "L1+L3, randm"'
        )
        assert problems(tmp_path, text) == [
            "the paper's table3 has no row 'L1+L3, randm'",
            "  where: mine.toml: row 'two'",
            "  try:   did you mean L1+L3, random?",
        ]

    def test_two_primaries(self, tmp_path: Path) -> None:
        lines = problems(tmp_path, GOOD + claim("two over one", True))
        assert lines[0] == "2 claims are primary (one over two, two over one)"
        assert problems(tmp_path, GOOD + claim("one over two", False))[0] == "2 claims are named 'one over two'"
        assert load_suite(write(tmp_path, GOOD + claim("two over one", False))).primary.name == "one over two"  # type: ignore[union-attr]

    def test_all_problems_at_once(self, tmp_path: Path) -> None:
        text = (
            GOOD.replace('title = "Two rows"', "titel = 1")
            .replace('worse = "two"', 'worse = "tow"')
            .replace('control = "one"', 'control = "x"')
        )
        with pytest.raises(ConfigError) as caught:
            load_suite(write(tmp_path, text))
        assert {p.what for p in caught.value.problems} == {
            "the key 'title' is missing",
            "unknown key 'titel'",
            "the control 'x' is no row",
            "worse = 'tow' is no row",
        }

    def test_no_toml_names_the_line(self, tmp_path: Path) -> None:
        lines = problems(tmp_path, "schema = 1\ntitle = \n")
        assert lines[0] == "this is no valid TOML: Invalid value"
        assert lines[1] == "  where: mine.toml, line 2, column 9"

    def test_a_newer_schema_is_the_only_problem_told(self, tmp_path: Path) -> None:
        lines = problems(tmp_path, GOOD.replace("schema = 1", "schema = 2\nwhatever = 1"))
        assert lines[0] == "the file has schema 2, and this version of taco-bench reads schemas up to 1"
        assert lines[1:] == ["  where: mine.toml: schema", "  try:   pip install --upgrade taco-bench"]

    def test_no_schema(self, tmp_path: Path) -> None:
        assert problems(tmp_path, GOOD.replace("schema = 1", ""))[0] == "the key 'schema' is missing"

    def test_not_text(self, tmp_path: Path) -> None:
        (tmp_path / "mine.toml").write_bytes(b"\xff\xfe")
        with pytest.raises(UserError, match="not UTF-8"):
            load_suite(str(tmp_path / "mine.toml"))

    @pytest.mark.parametrize("text", ["", "row = 1\nclaim = 2", 'row = ["a"]\ndata = []\ncolumns = 3\n', "claim = [[]]", "schema = true"])
    def test_nothing_that_a_suite_should_be(self, text: str, tmp_path: Path) -> None:
        assert "the key 'title' is missing" in problems(tmp_path, text)

    def test_names_that_are_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="there is no suite 'table3'") as caught:
            load_suite("table3")
        assert "paper/table3" in caught.value.hint
        with pytest.raises(UserError, match="cannot be read: No such file"):
            load_suite(str(tmp_path / "none.toml"))
