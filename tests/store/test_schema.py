"""Records of older versions are read as this one writes them; those of newer ones are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taco_bench.errors import DataError
from taco_bench.store import schema
from taco_bench.store.cells import Store
from taco_bench.store.schema import MIGRATIONS, SCHEMA_VERSION, migrated

FIRST = {"schema_version": 1, "id": "abc", "training": "t", "seed": 0, "rows": {"all scores": {"t2v R@1": 25.0}}, "controls": {}}
"""What version 1 wrote, in short."""


def test_a_record_of_version_1_gets_what_it_lacks() -> None:
    found = migrated(FIRST, "here")
    assert found == {**FIRST, "schema_version": SCHEMA_VERSION, "parts": None, "sources": {}, "chance": {}, "leaks": [], "splits": {}}


def test_what_it_has_stays() -> None:
    assert migrated({**FIRST, "chance": {"t2v R@1": 6.25}}, "here")["chance"] == {"t2v R@1": 6.25}


def test_the_record_given_is_not_touched() -> None:
    before = dict(FIRST)
    migrated(FIRST, "here")
    assert before == FIRST


def test_there_is_a_way_from_every_older_version() -> None:
    assert sorted(MIGRATIONS) == list(range(1, SCHEMA_VERSION))


def test_migrations_follow_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 4)
    monkeypatch.setattr(schema, "MIGRATIONS", {**MIGRATIONS, 2: lambda r: {**r, "way": [2]}, 3: lambda r: {**r, "way": [*r["way"], 3]}})
    found = migrated(FIRST, "here")
    assert found["way"] == [2, 3]
    assert found["schema_version"] == 4
    assert found["leaks"] == []


@pytest.mark.parametrize("newer", [SCHEMA_VERSION + 1, 99])
def test_a_newer_one_is_refused_with_where_and_what_to_do(newer: int) -> None:
    with pytest.raises(DataError, match=f"version {newer}, this taco-bench reads up to {SCHEMA_VERSION}") as caught:
        migrated({**FIRST, "schema_version": newer}, "results/cells/abc.json")
    assert caught.value.where == "results/cells/abc.json"
    assert "upgrade taco-bench" in caught.value.hint
    assert caught.value.exit_code == 3


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def put(store: Store, cell: str, record: dict[str, Any]) -> Path:
    path = store.cell_file(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
    np.savez(path.with_suffix(".npz"), ranks=np.arange(3))
    return path


def test_a_stored_cell_of_version_1_is_migrated_as_it_is_read_and_its_file_stays(store: Store) -> None:
    path = put(store, "abc", FIRST)
    before = path.read_bytes(), path.stat().st_mtime_ns
    found = store.cell("abc")
    assert found is not None
    assert found["schema_version"] == SCHEMA_VERSION
    assert found["parts"] is None
    assert found["rows"] == FIRST["rows"]
    assert [cell["leaks"] for cell in store.cells()] == [[]]
    assert store.has("abc")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_cell_without_its_parts_is_stale_for_that_reason() -> None:
    from taco_bench.jobs.stale import causes

    (cause,) = causes(migrated(FIRST, "here"), {"training": {}, "cell": {}})
    assert "before the parts of ids were recorded" in cause


def test_a_newer_one_stops_whoever_reads_the_folder(store: Store) -> None:
    path = put(store, "abc", {**FIRST, "schema_version": SCHEMA_VERSION + 1})
    for read in (lambda: store.cell("abc"), lambda: store.has("abc"), lambda: list(store.cells())):
        with pytest.raises(DataError) as caught:
            read()
        assert caught.value.where == str(path)


def test_a_newer_training_is_not_evaluated_as_if_it_were_of_ours(store: Store) -> None:
    store.save_training("t", {"seed": 0})
    store.weights("t").write_bytes(b"weights")
    path = store.training_folder("t") / "training.json"
    path.write_text(json.dumps({"schema_version": SCHEMA_VERSION + 1, "seed": 0}))
    with pytest.raises(DataError) as caught:
        store.training("t")
    assert caught.value.where == str(path)


@pytest.mark.parametrize("what", [[], 3, None, "text"])
def test_what_is_no_record_is_no_older_version(what: object) -> None:
    with pytest.raises(ValueError, match="here holds no record"):
        migrated(what, "here")
