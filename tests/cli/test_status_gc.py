"""``status`` and ``gc`` on the results of a real run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.cli import Cli, Results, assert_told
from helpers.made import DEAD, files, lease, train

from taco_bench.errors import UserError
from taco_bench.store.cells import Store

pytest_plugins = ("helpers.fixtures", "helpers.mini")

FORMATS = ("text", "md", "csv", "tex", "json")


@pytest.fixture
def store(reproduced: Results) -> Store:
    return Store(reproduced.root)


class TestStatus:
    def test_a_finished_table(self, cli: Cli, reproduced: Results) -> None:
        found = cli("status")
        assert found.code == 0
        assert found.out == f"{reproduced.root}: 6 cells, 6 trainings, 0 unfinished\ntable mini@small: 6 of 6 cells\n"

    def test_all_that_is_not_well(self, cli: Cli, store: Store) -> None:
        broken = sorted(path.stem for path in (store.root / "cells").glob("*.json"))[0]
        store.cell_file(broken).write_text("{")
        train(store, "begun", done=False)
        lease(store, "gone", DEAD)
        lease(store, "there", DEAD, machine="node7 1234 pid:[5]", progress={})
        lease(store, "here", 1)
        lease(store, "torn", DEAD).write_text("")
        out = cli("status").out.splitlines()
        assert out[0] == f"{store.root}: 5 cells, 6 trainings, 1 unfinished"
        assert out[1:] == [
            f"  not whole, will be made again: {broken}",
            "table mini@small: 5 of 6 cells",
            f"dead, will be taken over: label of gone (process {DEAD}, steps 3/7)",
            "running: label of here (process 1, steps 3/7)",
            f"running: label of there (process {DEAD}, on node7: whether it lives cannot be seen from here)",
            "a lease that cannot be read, will be taken over: torn",
        ]

    def test_a_dead_worker_whose_cell_failed_is_told_once(self, cli: Cli, store: Store) -> None:
        lease(store, "gone", DEAD)
        store.save_failure("gone", "run", "label of gone", UserError("its worker died"))
        out = cli("status").out
        assert "failed: label of gone: its worker died" in out
        assert "will be taken over" not in out

    def test_what_failed_and_why_until_it_is_mended(self, cli: Cli, results: Results) -> None:
        assert cli("run", "--data", "small", "--no-control", "--sampler", "careless", "--steps", 2).code == 5
        assert "failed: L1+L2+L3, careless" in cli("status").out
        (failure,) = cli("status", "--json").json["failed"]
        assert failure["what"]
        assert cli("status", "--json").json["cells"] == 0

    def test_json_holds_the_same(self, cli: Cli, reproduced: Results) -> None:
        found = cli("status", "--json").json
        assert found["tables"] == [{"title": "mini@small", "cells": 6, "done": 6}]
        assert (found["cells"], found["trainings"], found["unfinished"]) == (6, 6, 0)

    def test_an_empty_folder(self, cli: Cli, tmp_path: Path) -> None:
        found = cli("status", "--results", tmp_path / "nowhere")
        assert (found.code, found.out) == (0, f"{tmp_path / 'nowhere'}: 0 cells, 0 trainings, 0 unfinished\n")
        assert not (tmp_path / "nowhere").exists()


class TestGc:
    @pytest.fixture
    def tables(self, cli: Cli, suite_file: Path) -> Any:
        """The table of the last request in every form."""

        def printed(*arguments: object) -> list[str]:
            made = [cli("table", suite_file, "--data", "small", "--seeds", 2, *arguments, "--format", name) for name in FORMATS]
            assert [found.code for found in made] == [0] * len(FORMATS), made[0].err
            return [found.out for found in made]

        return printed

    @pytest.fixture
    def asked_anew(self, cli: Cli, store: Store, suite_file: Path) -> Store:
        """The table asked for once more, with other steps for L1 and so on; a run of its own; and what a kill leaves behind."""
        assert cli("reproduce", suite_file, "--data", "small", "--seeds", 2, "--steps", 5).code == 0
        assert cli("run", "--data", "small", "--no-control", "--losses", "l1", "--steps", 3).code == 0
        (store.root / "cells" / ".a1b2c3d4-0123456789abcdef.json").write_text("{")
        train(store, "begun", done=False)
        lease(store, "gone", DEAD)
        return store

    def test_nothing_to_remove(self, cli: Cli, reproduced: Results) -> None:
        for options in ([], ["--superseded", "--unfinished"]):
            assert cli("gc", *options).out == "nothing to remove\n"

    @pytest.mark.parametrize("options", [[], ["--superseded"], ["--superseded", "--unfinished"]])
    def test_without_yes_nothing_is_touched(self, options: list[str], cli: Cli, store: Store) -> None:
        (store.root / "cells" / ".a1b2c3d4-0123456789abcdef.json").write_text("{")
        train(store, "begun", done=False)
        lease(store, "gone", DEAD)
        before = files(store)
        found = cli("gc", *options)
        assert found.code == 0
        assert "cells/.a1b2c3d4-0123456789abcdef.json  (temporary file of a killed process)" in found.out
        assert "leases/gone.json  (lease of a dead worker)" in found.out
        assert ("trainings/begun/state.safetensors" in found.out) == ("--unfinished" in options)
        assert "would be removed; --yes removes them" in found.out
        assert files(store) == before

    def test_with_yes_the_table_is_the_same_to_the_byte(self, cli: Cli, asked_anew: Store, tables: Any) -> None:
        mine = {cell["id"] for cell in asked_anew.cells() if cell["experiment"]["train"]["steps"] == 3}
        assert len(mine) == 1
        before, listed = tables("--steps", 5), cli("gc", "--superseded", "--unfinished").out.splitlines()
        found = cli("gc", "--superseded", "--unfinished", "--yes")
        assert found.code == 0, found.err
        assert found.out.splitlines()[:-1] == listed[:-1]
        assert found.out.splitlines()[-1] == listed[-1].partition(" would")[0] + " removed"
        assert tables("--steps", 5) == before
        assert sorted(cell["experiment"]["train"]["steps"] for cell in asked_anew.cells()) == [3, 5, 5, 5, 5, 5, 5]
        assert {cell["id"] for cell in asked_anew.cells()} > mine
        assert len(list((asked_anew.root / "trainings").iterdir())) == 7
        assert list((asked_anew.root / "leases").iterdir()) == []
        assert cli("gc", "--superseded", "--unfinished").out == "nothing to remove\n"

    def test_without_superseded_every_table_ever_asked_for_stays(self, cli: Cli, asked_anew: Store, tables: Any) -> None:
        before = [tables(), tables("--steps", 5)]
        assert before[0] != before[1]
        assert cli("gc", "--yes").code == 0
        assert [tables(), tables("--steps", 5)] == before
        assert (asked_anew.training_folder("begun") / "state.safetensors").is_file()

    def test_a_worker_at_work_blocks_all_but_dead_leases_and_is_named(self, cli: Cli, store: Store) -> None:
        (store.root / "cells" / ".a1b2c3d4-0123456789abcdef.json").write_text("{")
        lease(store, "gone", DEAD)
        alive = lease(store, "alive", 1)
        found = cli("gc", "--superseded", "--unfinished", "--yes")
        assert found.out.splitlines()[-1].startswith("1 files, ")
        assert "only leases of the dead can go: label of alive" in found.err
        assert [path.name for path in (store.root / "leases").iterdir()] == [alive.name]
        assert (store.root / "cells" / ".a1b2c3d4-0123456789abcdef.json").exists()

    def test_what_cannot_be_removed(self, cli: Cli, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        lease(store, "gone", DEAD)

        def refuse(*_: Any, **__: Any) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "unlink", refuse)
        assert_told(cli("gc", "--yes"), 2, "cannot remove gone.json: Permission denied", "leases")
