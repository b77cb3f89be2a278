"""What a results folder holds, counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.made import DEAD, lease, save, train

from taco_bench.errors import TrainingError
from taco_bench.store.cells import Store
from taco_bench.store.ledger import ask, ledger_file
from taco_bench.store.overview import overview


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def test_a_folder_that_is_not_there_is_empty(store: Store) -> None:
    found = overview(store)
    assert found == {
        "root": str(store.root), "cells": 0, "broken": [], "trainings": 0, "unfinished": 0, "tables": [], "damaged": [], "running": [],
        "failed": [],
    }  # fmt: skip
    assert not store.root.exists()


def test_cells_and_trainings(store: Store) -> None:
    """Two cells share a training; a training has no cell; one is unfinished; one is done, but was killed before its state was dropped."""
    save(store, "a", "shared")
    save(store, "b", "shared")
    train(store, "alone")
    train(store, "begun", done=False)
    train(store, "killed")
    (train(store, "killed") / "state.safetensors").write_bytes(b"old")
    found = overview(store)
    assert (found["cells"], found["trainings"], found["unfinished"]) == (2, 3, 1)


class TestBroken:
    @pytest.mark.parametrize("how", ["truncated", "no arrays", "arrays truncated", "a list"])
    def test_it_is_named_and_counts_nowhere(self, how: str, store: Store) -> None:
        for name in ("a", "b"):
            save(store, name)
        ask(store, "table", {"row": {0: "a", 1: "b"}})
        path = store.cell_file("b")
        if how == "no arrays":
            path.with_suffix(".npz").unlink()
        elif how == "arrays truncated":
            path.with_suffix(".npz").write_bytes(b"PK")
        else:
            path.write_text("[1]" if how == "a list" else path.read_text()[:-9])
        found = overview(store)
        assert (found["cells"], found["broken"]) == (1, ["b"])
        assert found["tables"] == [{"title": "table", "cells": 2, "done": 1}]


class TestTables:
    def test_what_was_asked_for_last_counts(self, store: Store) -> None:
        save(store, "old")
        ask(store, "t@d", {"row": {0: "old"}})
        assert overview(store)["tables"] == [{"title": "t@d", "cells": 1, "done": 1}]
        ask(store, "t@d", {"row": {0: "new"}, "other": {0: "more", 1: "most"}})
        assert overview(store)["tables"] == [{"title": "t@d", "cells": 3, "done": 0}]

    def test_a_cell_that_rows_share_counts_once(self, store: Store) -> None:
        save(store, "a")
        ask(store, "t@d", {"row": {0: "a"}, "same": {0: "a"}})
        assert overview(store)["tables"] == [{"title": "t@d", "cells": 1, "done": 1}]

    @pytest.mark.parametrize("text", ["", "[]", "3", "{}", '{"table": "t@d"'])
    def test_a_ledger_that_is_not_whole_is_left_out(self, text: str, store: Store) -> None:
        ask(store, "t@d", {"row": {0: "a"}})
        ledger_file(store, "t@d").write_text(text)
        assert overview(store)["tables"] == []


class TestLeases:
    def test_of_the_dead_and_of_the_living(self, store: Store) -> None:
        lease(store, "gone", DEAD)
        lease(store, "here", 1)  # the first process of any system
        lease(store, "there", DEAD, machine="another machine")
        found = {entry["training"]: entry for entry in overview(store)["running"]}
        assert {name: (entry["alive"], entry["here"]) for name, entry in found.items()} == {
            "gone": (False, True),
            "here": (True, True),
            "there": (True, False),
        }
        assert found["here"]["label"] == "label of here"
        assert found["here"]["progress"] == {"what": "steps", "done": 3, "total": 7}

    def test_a_process_that_has_another_ones_number(self, store: Store) -> None:
        lease(store, "gone", 1, started="another time")
        assert [entry["alive"] for entry in overview(store)["running"]] == [False]

    def test_one_that_cannot_be_read(self, store: Store) -> None:
        lease(store, "torn", DEAD).write_text("{")
        (found,) = overview(store)["running"]
        assert (found["training"], found["machine"], found["alive"]) == ("torn", None, True)


def test_failures_until_they_are_mended(store: Store) -> None:
    error = TrainingError("the loss is NaN", where="step 3", hint="a lower learning rate")
    store.save_failure("a", "run", "row, seed 0", error)
    (store.root / "failures" / "b.json").write_text("{")
    (failure,) = overview(store)["failed"]
    assert (failure["label"], failure["what"]) == ("row, seed 0", "the loss is NaN")
    save(store, "a")
    assert overview(store)["failed"] == []


def test_it_is_json(store: Store) -> None:
    save(store, "a")
    lease(store, "t", DEAD)
    ask(store, "t@d", {"row": {0: "a"}})
    found = overview(store)
    assert json.loads(json.dumps(found)) == found
