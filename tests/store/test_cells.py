from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taco_bench.errors import DataError, UserError
from taco_bench.store.cells import SCHEMA_VERSION, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


ARRAYS = {"permuted t2v": np.arange(6.0).reshape(2, 3)}


def test_a_cell_comes_back_as_it_was_saved(store: Store) -> None:
    assert store.cell("abc") is None
    store.save_cell("abc", {"rows": {"é": {"R@1": 0.1}}, "seed": 3}, ARRAYS)
    assert store.cell("abc") == {"schema_version": SCHEMA_VERSION, "id": "abc", "rows": {"é": {"R@1": 0.1}}, "seed": 3}
    np.testing.assert_array_equal(store.arrays("abc")["permuted t2v"], ARRAYS["permuted t2v"])
    assert store.cell("abd") is None


@pytest.mark.parametrize("keep", [0, 1, 20, -3])
def test_a_truncated_cell_counts_as_missing(keep: int, store: Store) -> None:
    store.save_cell("abc", {"seed": 3}, {})
    path = store.cell_file("abc")
    path.write_bytes(path.read_bytes().rstrip()[:keep])
    assert store.cell("abc") is None


@pytest.mark.parametrize("text", ["[]", "[1]", "3", "null", '"text"'])
def test_a_file_that_is_no_cell_counts_as_missing(text: str, store: Store) -> None:
    store.save_cell("abc", {"seed": 3}, {})
    store.cell_file("abc").write_text(text)
    assert store.cell("abc") is None


def test_a_cell_whose_arrays_are_gone_counts_as_missing(store: Store) -> None:
    store.save_cell("abc", {"seed": 3}, ARRAYS)
    store.cell_file("abc").with_suffix(".npz").unlink()
    assert store.cell("abc") is None


def test_the_json_comes_last(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("taco_bench.store.cells._write_arrays", fail)
    with pytest.raises(RuntimeError):
        store.save_cell("abc", {}, ARRAYS)
    assert list((store.root / "cells").iterdir()) == []


def test_a_number_that_json_does_not_have_is_not_written(store: Store) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.save_cell("abc", {"rows": {"R@1": float("nan")}}, {})
    assert store.cell("abc") is None


def test_a_newer_schema_is_refused(store: Store) -> None:
    store.save_cell("abc", {"seed": 3}, {})
    path = store.cell_file("abc")
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": SCHEMA_VERSION + 1}))
    with pytest.raises(DataError, match="newer") as caught:
        store.cell("abc")
    assert caught.value.where == str(path)


def test_pickled_arrays_are_refused(store: Store) -> None:
    store.save_cell("abc", {}, {})
    np.savez(store.cell_file("abc").with_suffix(".npz"), secret=np.array([{}], dtype=object))
    with pytest.raises((ValueError, DataError)):
        store.arrays("abc")


MALFORMED = [{"id": 5, "rows": "x"}, {"rows": "x"}, {"rows": {"all scores": 3}}, {"experiment": []}, {"seed": "0"}, {"schema_version": "2"}]


@pytest.mark.parametrize("changes", MALFORMED)
@pytest.mark.parametrize("indent", [None, 1])
def test_json_that_is_no_cell_is_damaged(changes: dict[str, Any], indent: int | None, store: Store) -> None:
    store.save_cell("abc", {"seed": 3, "rows": {"all scores": {"R@1": 1.0}}}, ARRAYS)
    assert store.damage("abc") == ""
    path = store.cell_file("abc")
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}, indent=indent))
    assert store.cell("abc") is None
    assert list(store.cells()) == []
    assert store.damage("abc") == "cells/abc.json is JSON, but no record of this cell"
    assert not store.looks_whole("abc")


class TestTrainings:
    def test_the_record_counts_only_with_its_weights(self, store: Store) -> None:
        store.save_training("t", {"seed": 3})
        assert store.training("t") is None
        store.weights("t").write_bytes(b"weights")
        assert store.training("t")["seed"] == 3

    def test_weights_count_only_with_their_record(self, store: Store) -> None:
        store.training_folder("t").mkdir(parents=True)
        store.weights("t").write_bytes(b"weights")
        assert store.training("t") is None

    def test_a_finished_training_has_no_state(self, store: Store) -> None:
        store.training_folder("t").mkdir(parents=True)
        for name in ("state.safetensors", "best.safetensors", "model.safetensors"):
            (store.training_folder("t") / name).write_bytes(b"")
        store.save_training("t", {})
        assert sorted(path.name for path in store.training_folder("t").iterdir()) == ["model.safetensors", "training.json"]

    def test_forgetting_takes_one_cell_and_its_training(self, store: Store) -> None:
        for name in ("a", "b"):
            store.save_cell(name, {}, ARRAYS)
            store.save_training(name, {})
            store.weights(name).write_bytes(b"")
            (store.training_folder(name) / "state.safetensors").write_bytes(b"")
        store.forget("a", "a")
        assert store.cell("a") is None
        assert store.training("a") is None
        assert not list(store.training_folder("a").iterdir())
        assert store.cell("b") is not None
        assert store.training("b") is not None

    def test_forgetting_what_is_not_there_is_no_error(self, store: Store) -> None:
        store.forget("a", "a")


class TestCheckWritable:
    def test_it_leaves_nothing(self, store: Store) -> None:
        store.check_writable()
        assert list(store.root.iterdir()) == []

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(UserError) as caught:
            Store(tmp_path / "file" / "results").check_writable()
        assert str(tmp_path / "file" / "results") in caught.value.where
        assert caught.value.what == "cannot write to the results folder: Not a directory"
        assert "--results" in caught.value.hint

    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine")
        with pytest.raises(UserError, match="the results folder is a file"):
            Store(tmp_path / "file").check_writable()


def test_two_runs_keep_their_failures_apart(tmp_path):
    store = Store(tmp_path)
    store.save_failure("abc", "run1", "L1, seed 0", UserError("first"))
    store.save_failure("abc", "run2", "L1, seed 0", UserError("second"))
    assert store.failure("abc", "run1")["what"] == "first"
    assert store.failure("abc", "run2")["what"] == "second"
    assert [failure["cell"] for failure in store.failures()] == ["abc"]
    store.forgive("abc", {"run2"})
    assert store.failure("abc", "run1") is None
    assert store.failure("abc")["what"] == "second"
    store.save_cell("abc", {"seed": 0}, {})
    assert store.failures() == []


def test_two_runs_that_begin_together_both_find_the_folder_writable(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Store(tmp_path).check_writable(), range(100)))
