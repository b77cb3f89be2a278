"""Cells as people name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taco_bench.cli.references import cells_of
from taco_bench.errors import UserError
from taco_bench.store.cells import Store
from taco_bench.store.ledger import ask


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Tables with a world, a default data set and rows whose names are numbers; each cell is called as row and seed are."""
    made = Store(tmp_path / "results")
    tables: dict[str, list[str]] = {
        "paper/table3@planted:holds": ["full", "l1", "full/shuffled-captions"],
        "paper/table3@babyai": ["full"],
        "mine@babyai": ["3", "4"],
    }
    for number, (title, rows) in enumerate(tables.items()):
        cells = {row: {seed: f"{number}{at}{seed:x}".rjust(16, "a") for seed in (0, 2, 10)} for at, row in enumerate(rows)}
        ask(made, title, cells)
        for row, seeds in cells.items():
            for seed, cell in seeds.items():
                made.save_cell(cell, {"seed": seed, "row": row, "title": title}, {})
    return made


def named(reference: str, store: Store) -> list[tuple[str, str, int]]:
    return [(cell["title"], cell["row"], cell["seed"]) for cell in cells_of(reference, store).cells]


@pytest.mark.parametrize(
    ("reference", "title", "row", "seeds"),
    [
        ("paper/table3@planted:holds:full:0", "paper/table3@planted:holds", "full", [0]),
        ("paper/table3@planted:holds:full", "paper/table3@planted:holds", "full", [0, 2, 10]),
        ("paper/table3@planted:holds:full/shuffled-captions:2", "paper/table3@planted:holds", "full/shuffled-captions", [2]),
        ("paper/table3@babyai:full:10", "paper/table3@babyai", "full", [10]),
        ("paper/table3@babyai:full:010", "paper/table3@babyai", "full", [10]),
        ("paper/table3:full", "paper/table3@babyai", "full", [0, 2, 10]),
        ("paper/table3:full:2", "paper/table3@babyai", "full", [2]),
        ("mine:3", "mine@babyai", "3", [0, 2, 10]),
        ("mine@babyai:4:2", "mine@babyai", "4", [2]),
    ],
)
def test_rows_and_seeds(reference: str, title: str, row: str, seeds: list[int], store: Store) -> None:
    assert named(reference, store) == [(title, row, seed) for seed in seeds]


def test_a_row_that_is_a_number_of_a_world(store: Store) -> None:
    """Read from the right, ``mine@planted:holds:3`` could be seed 3 of the row "holds"; there is no such row."""
    ask(store, "mine@planted:holds", {"3": {0: "f" * 16}})
    store.save_cell("f" * 16, {"seed": 0, "row": "3", "title": "mine@planted:holds"}, {})
    assert named("mine@planted:holds:3", store) == [("mine@planted:holds", "3", 0)]
    assert named("mine@planted:holds:3:0", store) == [("mine@planted:holds", "3", 0)]


class TestIds:
    def test_a_whole_id_and_its_beginning(self, store: Store) -> None:
        store.save_cell("0123456789abcdef", {"seed": 7, "row": "", "title": ""}, {})
        assert [cell["seed"] for cell in cells_of("0123456789abcdef", store).cells] == [7]
        assert [cell["seed"] for cell in cells_of("012", store).cells] == [7]

    def test_a_beginning_that_several_have_lists_them(self, store: Store) -> None:
        with pytest.raises(UserError, match="18 cells") as error:
            cells_of("aaa", store)
        assert error.value.hint.count(", ") == 17

    @pytest.mark.parametrize("reference", ["01", "fff", "xyz", "*", "../cells", "0123456789abcdef0", ""])
    def test_no_such_cell(self, reference: str, store: Store) -> None:
        with pytest.raises(UserError, match=r"no cell|no table"):
            cells_of(reference, store)

    def test_a_cell_that_is_not_whole(self, store: Store) -> None:
        store.save_cell("0123456789abcdef", {"seed": 7}, {})
        store.cell_file("0123456789abcdef").with_suffix(".npz").unlink()
        with pytest.raises(UserError, match="not whole") as error:
            cells_of("0123", store)
        assert "again" in error.value.hint


class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        ("reference", "what", "hint"),
        [
            ("paper/table3@planted:holds:ful:0", "no row 'ful' was asked for in 'paper/table3@planted:holds'", "did you mean full?"),
            (
                "paper/table3@planted:holds:l2",
                "no row 'l2' was asked for in 'paper/table3@planted:holds'",
                "known names: full, full/shuffled-captions, l1",
            ),
            ("paper/table3@planted:hold:full", "no table 'paper/table3@planted:hold'", "paper/table3@planted:holds"),
            ("paper/table4@babyai:full:0", "no table 'paper/table4@babyai'", "did you mean paper/table3@babyai"),
            ("paper/table3@babyai", "which row of 'paper/table3@babyai'", "rows: full"),
            ("paper/table3@planted:holds", "which row of 'paper/table3@planted:holds'", "full/shuffled-captions"),
            ("paper/table3", "which row of 'paper/table3'", "rows: full"),
            ("mine@babyai", "which row of 'mine@babyai'", "rows: 3, 4"),
            ("paper/table3@babyai:full:1", "paper/table3@babyai:full has no seed 1", "seeds: 0, 2, 10"),
        ],
    )
    def test_the_nearest_is_named(self, reference: str, what: str, hint: str, store: Store) -> None:
        with pytest.raises(UserError) as error:
            cells_of(reference, store)
        assert what in error.value.what
        assert hint in error.value.hint

    def test_an_empty_folder_says_what_a_reference_looks_like(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="no table 'paper/table3@babyai' was asked for") as error:
            cells_of("paper/table3:full", Store(tmp_path))
        assert "paper/table3@babyai:full" in error.value.hint

    def test_a_row_without_cells_says_how_to_make_them(self, store: Store) -> None:
        ask(store, "paper/table3@planted:null", {"full": {0: "f" * 16}})
        with pytest.raises(UserError, match="no cell of") as error:
            cells_of("paper/table3@planted:null:full", store)
        assert error.value.hint == "taco-bench reproduce paper/table3 --data planted:null"


class TestWhatWasAskedForLast:
    def new(self, store: Store, cells: dict[int, str], **saved: Any) -> None:
        ask(store, "paper/table3@babyai", {"full": cells})
        for name, record in saved.items():
            store.save_cell(name, record, {})

    def test_it_is_taken_where_it_is_there(self, store: Store) -> None:
        new = {"bbbbbbbbbbbbbbbb": {"seed": 2, "row": "new", "title": ""}}
        self.new(store, {2: "b" * 16}, **new)
        assert [row for _, row, _ in named("paper/table3@babyai:full", store)] == ["full", "new", "full"]
        assert cells_of("paper/table3@babyai:full", store).notes == []

    def test_an_earlier_one_in_its_place_is_told(self, store: Store) -> None:
        self.new(store, {2: "b" * 16, 10: "c" * 16})
        assert [row for _, row, _ in named("paper/table3@babyai:full", store)] == ["full", "full", "full"]
        (note,) = cells_of("paper/table3@babyai:full", store).notes
        assert note.startswith("paper/table3@babyai:full, seeds 2, 10: what was asked for last is not there; an earlier cell is taken")
        assert note.endswith("the other seeds are of a newer configuration")
        (alone,) = cells_of("paper/table3@babyai:full:2", store).notes
        assert alone == "paper/table3@babyai:full, seed 2: what was asked for last is not there; an earlier cell is taken"


class TestADataSetThatIsNotNamed:
    """The default one is meant; a user who never typed its name is told what there is on others."""

    @pytest.mark.parametrize("reference", ["other/suite", "other/suite:full", "other/suite:full:0"])
    def test_what_is_there_is_listed(self, reference: str, store: Store) -> None:
        ask(store, "other/suite@planted:holds", {"full": {0: "f" * 16}, "l1": {0: "e" * 16}})
        with pytest.raises(UserError) as error:
            cells_of(reference, store)
        assert error.value.what == "'other/suite' was not asked for on babyai, the data set where none is named"
        assert error.value.hint == "there is other/suite@planted:holds:full, other/suite@planted:holds:l1"
