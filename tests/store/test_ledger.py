"""The ledger remembers which cells a table was asked for, and nothing depends on it but words."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from taco_bench.errors import DataError, UserError
from taco_bench.store.cells import Store
from taco_bench.store.ledger import KEPT, ask, asked, file_name, ledger_file, ledgers
from taco_bench.store.schema import SCHEMA_VERSION

TABLE = "paper/table3@planted:holds"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def test_what_was_asked_comes_back_by_row_and_seed(store: Store) -> None:
    assert asked(store, TABLE) == {}
    ask(store, TABLE, {"cascade": {0: "a", 1: "b"}, "random": {0: "c"}})
    assert asked(store, TABLE) == {"cascade": {"0": ["a"], "1": ["b"]}, "random": {"0": ["c"]}}
    assert asked(store, "paper/table3@planted") == {}


def test_the_last_comes_last_and_the_earlier_ones_are_kept(store: Store) -> None:
    for cell in ("a", "b", "c", "a"):
        ask(store, TABLE, {"row": {0: cell}})
    assert asked(store, TABLE) == {"row": {"0": ["b", "c", "a"]}}


def test_asking_for_some_rows_and_seeds_forgets_no_other(store: Store) -> None:
    ask(store, TABLE, {"row": {0: "a", 1: "b"}, "other": {0: "c"}})
    ask(store, TABLE, {"row": {1: "d"}})
    assert asked(store, TABLE) == {"row": {"0": ["a"], "1": ["b", "d"]}, "other": {"0": ["c"]}}


def test_it_does_not_grow_without_end(store: Store) -> None:
    for number in range(KEPT + 5):
        ask(store, TABLE, {"row": {0: f"cell {number}"}})
    assert asked(store, TABLE)["row"]["0"] == [f"cell {number}" for number in range(5, KEPT + 5)]


def test_the_file_has_a_name_that_every_file_system_takes(store: Store) -> None:
    ask(store, "a/b@c:d e\u00e9?", {"row": {0: "a"}})
    (file,) = (store.root / "ledger").iterdir()
    assert file == ledger_file(store, "a/b@c:d e\u00e9?")
    assert file.name.isascii()
    assert not set('/\\:*?"<>| ') & set(file.name)
    record = json.loads(file.read_text())
    assert (record["table"], record["schema_version"]) == ("a/b@c:d e\u00e9?", SCHEMA_VERSION)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "null", "{}", '{"schema_version": 2}'])
def test_one_that_is_not_whole_is_begun_anew(content: str, store: Store) -> None:
    path = ledger_file(store, TABLE)
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert asked(store, TABLE) == {}
    ask(store, TABLE, {"row": {0: "a"}})
    assert asked(store, TABLE) == {"row": {"0": ["a"]}}


def test_one_of_a_newer_taco_bench_is_refused_and_left_alone(store: Store) -> None:
    ask(store, TABLE, {"row": {0: "a"}})
    path = ledger_file(store, TABLE)
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": SCHEMA_VERSION + 1}))
    before = path.read_bytes()
    for call in (lambda: asked(store, TABLE), lambda: ask(store, TABLE, {"row": {0: "b"}})):
        with pytest.raises(DataError) as caught:
            call()
        assert caught.value.where == str(path)
    assert path.read_bytes() == before


def test_titles_that_look_alike_have_ledgers_of_their_own(tmp_path: Path) -> None:
    store = Store(tmp_path)
    titles = [
        "paper/table3@x:a",
        "paper/table3@x-a",
        "paper-table3@x:a",
        "paper/table3@x,a",
        "paper/table3@x a",
        "paper--table3@x:a",
        "paper-/table3@x:a",
        "paper/-table3@x:a",
        "paper/table3@x=a",
    ]
    for title in titles:
        ask(store, title, {"row": {0: title}})
    assert len({file_name(title) for title in titles}) == len(titles)
    for title in titles:
        assert asked(store, title) == {"row": {"0": [title]}}


class TestNamesakes:
    """Suites of one file name in two folders."""

    @pytest.fixture
    def suites(self, tmp_path: Path) -> tuple[Path, Path]:
        found = tmp_path / "one" / "mine.toml", tmp_path / "two" / "mine.toml"
        for number, path in enumerate(found):
            path.parent.mkdir()
            path.write_text(f"number = {number}")
        return found

    def test_the_second_is_refused_and_the_first_keeps_its_ledger(self, store: Store, suites: tuple[Path, Path]) -> None:
        one, two = suites
        ask(store, TABLE, {"row": {0: "a"}}, suite=one)
        with pytest.raises(UserError, match="another suite has the table") as caught:
            ask(store, TABLE, {"row": {0: "b"}}, suite=two)
        assert str(one) in caught.value.what
        assert caught.value.where == str(two)
        assert "rename" in caught.value.hint
        ask(store, TABLE, {"row": {0: "c"}}, suite=one)
        assert asked(store, TABLE) == {"row": {"0": ["a", "c"]}}

    def test_one_that_moved_is_the_same(self, store: Store, suites: tuple[Path, Path]) -> None:
        one, two = suites
        ask(store, TABLE, {"row": {0: "a"}}, suite=one)
        one.rename(two)
        ask(store, TABLE, {"row": {0: "b"}}, suite=two)
        assert asked(store, TABLE) == {"row": {"0": ["a", "b"]}}

    def test_so_is_one_that_was_copied_with_its_results(self, tmp_path: Path) -> None:
        project = tmp_path / "project"
        project.mkdir()
        (project / "mine.toml").write_text("number = 1")
        ask(Store(project / "results"), TABLE, {"row": {0: "a"}}, suite=project / "mine.toml")
        shutil.copytree(project, tmp_path / "copy")
        (tmp_path / "copy" / "mine.toml").write_text("number = 2")
        copy = Store(tmp_path / "copy" / "results")
        ask(copy, TABLE, {"row": {0: "b"}}, suite=tmp_path / "copy" / "mine.toml")
        assert asked(copy, TABLE) == {"row": {"0": ["a", "b"]}}

    def test_in_two_results_folders_they_do_not_meet(self, tmp_path: Path, suites: tuple[Path, Path]) -> None:
        for number, path in enumerate(suites):
            ask(Store(tmp_path / f"results-{number}"), TABLE, {"row": {0: "a"}}, suite=path)

    def test_what_is_shipped_has_no_file_of_its_own(self, store: Store, suites: tuple[Path, Path]) -> None:
        ask(store, TABLE, {"row": {0: "a"}})
        ask(store, TABLE, {"row": {0: "b"}}, suite=suites[0])
        assert asked(store, TABLE) == {"row": {"0": ["a", "b"]}}


class TestDamaged:
    def test_it_is_made_again_from_the_cells_in_the_order_in_which_they_were_made(self, store: Store) -> None:
        for number, (name, table, row, seed) in enumerate(
            [("a", TABLE, "row", 0), ("b", TABLE, "row", 0), ("c", TABLE, "row", 1), ("d", "other@x", "row", 0), ("e", TABLE, "more", 0)]
        ):
            store.save_cell(name, {"seed": seed, "training": f"t-{name}", "asked_by": [[table, row]]}, {})
            os.utime(store.cell_file(name), (number, number))
        store.save_cell("run", {"seed": 0, "training": "t-run"}, {})
        ask(store, TABLE, {"row": {0: "lost"}})
        ledger_file(store, TABLE).write_text("{")
        assert asked(store, TABLE) == {"row": {"0": ["a", "b"], "1": ["c"]}, "more": {"0": ["e"]}}
        tables, damaged = ledgers(store)
        assert list(tables) == [TABLE]
        assert damaged == [ledger_file(store, TABLE)]
        ask(store, TABLE, {"row": {0: "f"}})
        assert asked(store, TABLE)["row"]["0"] == ["a", "b", "f"]
        assert ledgers(store)[1] == []
