"""What a results folder no longer needs, and what it always needs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.made import DEAD, files, lease, save, train
from hypothesis import given, settings
from hypothesis import strategies as st

from taco_bench.errors import UserError
from taco_bench.store.cells import Store
from taco_bench.store.gc import at_work, held_back, remove, waste
from taco_bench.store.ledger import ask, ledger_file
from taco_bench.store.processes import this_machine


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


@pytest.fixture
def living() -> Iterator[int]:
    """The number of another process that lives."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate(b"\n")


def paths(store: Store, **options: bool) -> list[str]:
    return sorted(item.path.relative_to(store.root).as_posix() for item in waste(store, **options))


def litter(store: Store) -> dict[str, Path]:
    """One of each thing that a killed process leaves behind, by its name below the root."""
    save(store, "kept")
    state = train(store, "t-kept") / "state.safetensors"
    train(store, "begun", done=False)
    made = {
        "temporary cell": store.root / "cells" / ".abc12_9z-0123456789abcdef.json",
        "temporary weights": store.training_folder("begun") / ".zzzzzzzz-model.safetensors",
        "temporary table": store.root / "tables" / ".a1b2c3d4-mini@small.md",
        "temporary beat": store.root / "leases" / f".0123456789abcdef-{'f' * 32}-12.tmp",
        "lease being removed": store.root / "leases" / f".0123456789abcdef-{'0' * 32}.dead",
        "probe": store.root / ".a1b2c3d4-is-writable",
        "grid": store.root / "grids" / "abc.json",
        "arrays": store.root / "cells" / "fedcba.npz",
        "state of a done one": state,
    }
    for path in made.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    return made


def test_nothing_in_a_folder_that_is_not_there(store: Store) -> None:
    assert waste(store, superseded=True, unfinished=True) == []
    assert not store.root.exists()


def test_nothing_where_all_is_well(store: Store) -> None:
    save(store, "a")
    ask(store, "t", {"row": {0: "a"}})
    assert waste(store, superseded=True, unfinished=True) == []


class TestLitter:
    def test_what_killed_processes_leave_behind(self, store: Store) -> None:
        made = litter(store)
        assert paths(store) == sorted(path.relative_to(store.root).as_posix() for path in made.values())

    @pytest.mark.parametrize(
        "name",
        [".gitignore", ".bashrc", "cells/.gitkeep", "tables/.DS_Store", ".git/index", ".cache/.a1b2c3d4-model", "notes/.a1b2c3d4-mine.txt"],
    )
    def test_other_peoples_hidden_files_stay(self, name: str, store: Store) -> None:
        """A results folder may be a home folder, or lie in git."""
        path = store.root / name
        path.parent.mkdir(parents=True)
        path.touch()
        assert waste(store, superseded=True, unfinished=True) == []

    def test_removing_leaves_the_rest(self, store: Store) -> None:
        made = litter(store)
        before = files(store)
        remove(store, waste(store))
        gone = {path.relative_to(store.root).as_posix() for path in made.values()}
        assert files(store) == {name: content for name, content in before.items() if name not in gone}
        assert store.cell("kept") is not None
        assert waste(store) == []


class TestAtWork:
    @pytest.fixture
    def busy(self, store: Store) -> Store:
        litter(store)
        save(store, "old")
        save(store, "new")
        ask(store, "t", {"row": {0: "old"}})
        ask(store, "t", {"row": {0: "new"}})
        lease(store, "dead", DEAD)
        return store

    def test_nobody(self, busy: Store) -> None:
        assert at_work(busy) == []
        assert len(waste(busy, superseded=True, unfinished=True)) > 10

    def test_a_living_worker_blocks_all_but_dead_leases(self, busy: Store, living: int) -> None:
        lease(busy, "alive", living)
        assert paths(busy, superseded=True, unfinished=True) == ["leases/dead.json"]
        assert at_work(busy) == ["label of alive"]

    @pytest.mark.parametrize("text", ['{"machine": "elsewhere", "pid": 3, "started": "9"}', "{"], ids=["another machine", "not whole"])
    def test_so_does_one_of_whom_nothing_is_known(self, text: str, busy: Store) -> None:
        lease(busy, "who", DEAD).write_text(text)
        assert paths(busy, superseded=True, unfinished=True) == ["leases/dead.json"]
        assert at_work(busy) == ["who"]

    def test_so_does_a_run_whose_workers_have_not_begun(self, busy: Store, living: int) -> None:
        from taco_bench.store.processes import started_at

        owner = {"machine": this_machine(), "pid": living, "started": started_at(living)}
        (busy.root / "grids" / "live.json").write_text(json.dumps({"owner": owner, "jobs": []}))
        assert paths(busy, superseded=True, unfinished=True) == ["leases/dead.json"]
        assert at_work(busy) == ["the run of live.json"]

    def test_the_grid_of_a_run_that_has_ended(self, busy: Store) -> None:
        owner = {"machine": this_machine(), "pid": DEAD, "started": "1"}
        (busy.root / "grids" / "dead.json").write_text(json.dumps({"owner": owner, "jobs": []}))
        assert "grids/dead.json" in paths(busy)

    def test_a_lease_that_is_taken_over_meanwhile_stays(self, busy: Store, living: int) -> None:
        found = waste(busy)
        path = lease(busy, "dead", living)
        remove(busy, found)
        assert path.is_file()

    def test_a_grid_says_who_made_it(self, store: Store) -> None:
        from taco_bench.jobs.grid import Grid, load_grid, save_grid

        path = save_grid(Grid((), run="r"), store)
        assert at_work(store) == ["the run of r.json"]
        assert waste(store) == []
        assert load_grid(path).run == "r"


class TestUnfinished:
    def test_states_only_where_asked_for(self, store: Store) -> None:
        train(store, "begun", done=False)
        assert paths(store) == paths(store, superseded=True) == []
        assert paths(store, unfinished=True) == ["trainings/begun/best.safetensors", "trainings/begun/state.safetensors"]

    def test_the_empty_folder_goes_too(self, store: Store) -> None:
        folder, other = train(store, "begun", done=False), train(store, "more", done=False)
        (other / "notes.txt").touch()
        remove(store, waste(store, unfinished=True))
        assert not folder.exists()
        assert files(store) == {"trainings/more/notes.txt": b""}


class TestSuperseded:
    def ask(self, store: Store, title: str, *cells: str, row: str = "row", seed: int = 0) -> None:
        for cell in cells:
            ask(store, title, {row: {seed: cell}})

    def test_a_replaced_cell_with_its_training(self, store: Store) -> None:
        for name in ("old", "new"):
            save(store, name)
        self.ask(store, "t", "old", "new")
        assert paths(store) == []
        assert paths(store, superseded=True) == [
            "cells/old.json", "cells/old.npz", "trainings/t-old/model.safetensors", "trainings/t-old/training.json",
        ]  # fmt: skip
        remove(store, waste(store, superseded=True))
        assert not store.training_folder("t-old").exists()
        assert store.cell("new") is not None

    def test_a_training_that_another_cell_uses_stays(self, store: Store) -> None:
        save(store, "old", "both")
        save(store, "new", "both")
        self.ask(store, "t", "old", "new")
        assert paths(store, superseded=True) == ["cells/old.json", "cells/old.npz"]

    def test_what_another_table_asks_for_stays(self, store: Store) -> None:
        for name in ("old", "new"):
            save(store, name)
        self.ask(store, "t", "old", "new")
        self.ask(store, "u", "old")
        assert paths(store, superseded=True) == []

    def test_what_another_row_or_seed_asks_for_stays(self, store: Store) -> None:
        for name in ("old", "new"):
            save(store, name)
        self.ask(store, "t", "old", "new")
        self.ask(store, "t", "old", row="other", seed=4)
        assert paths(store, superseded=True) == []

    def test_the_last_that_is_there_stays_until_its_successor_is_whole(self, store: Store) -> None:
        """An interrupted `reproduce`: what was asked for last is not made, or not whole."""
        for name in ("oldest", "old", "new"):
            save(store, name)
        self.ask(store, "t", "oldest", "old", "new")
        store.cell_file("new").with_suffix(".npz").unlink()
        assert {path.split("/")[1].split(".")[0] for path in paths(store, superseded=True) if path.startswith("cells")} == {"oldest"}

    def test_what_was_asked_for_again_stays(self, store: Store) -> None:
        """There and back: the older cell is the last request."""
        for name in ("old", "new"):
            save(store, name)
        self.ask(store, "t", "old", "new", "old")
        assert {path for path in paths(store, superseded=True) if path.startswith("cells")} == {"cells/new.json", "cells/new.npz"}

    def test_cells_that_no_ledger_knows_stay(self, store: Store) -> None:
        """Those that `run` made."""
        save(store, "run")
        save(store, "new")
        self.ask(store, "t", "new")
        assert paths(store, superseded=True) == []

    def test_a_done_training_without_a_cell(self, store: Store) -> None:
        train(store, "alone")
        train(store, "begun", done=False)
        assert paths(store) == []
        assert paths(store, superseded=True) == ["trainings/alone/model.safetensors", "trainings/alone/training.json"]

    @pytest.mark.parametrize("harm", ["cut", "empty", "no arrays", "gone"])
    @pytest.mark.parametrize("known", [True, False], ids=["in the ledger", "in the cell alone"])
    def test_what_a_repair_needs_is_never_offered(self, harm: str, known: bool, store: Store) -> None:
        """The training of a damaged cell; where nobody knows which it is, no training at all, and that is told."""
        save(store, "a")
        train(store, "alone")
        ask(store, "t", {"row": {0: "a"}}, trainings={"a": "t-a"} if known else {})
        path = store.cell_file("a")
        if harm in ("cut", "empty"):
            path.write_bytes(path.read_bytes()[:-2] if harm == "cut" else b"")
        elif harm == "no arrays":
            path.with_suffix(".npz").unlink()
        else:
            path.unlink()
        found = {path.split("/")[1] for path in paths(store, superseded=True) if path.startswith("trainings")}
        sure = known or harm in ("cut", "no arrays")
        assert found == ({"alone"} if sure else set())
        assert bool(held_back(store)) == (not sure)

    def test_a_damaged_cell_that_no_table_asks_for_keeps_its_training(self, store: Store) -> None:
        """One that `run` made."""
        save(store, "a")
        store.cell_file("a").write_text(store.cell_file("a").read_text()[:-3])
        assert paths(store, superseded=True) == []

    def test_nothing_is_superseded_for_sure_while_a_ledger_is_damaged(self, store: Store) -> None:
        for name in ("old", "new"):
            save(store, name)
        self.ask(store, "t", "old", "new")
        self.ask(store, "u", "old")
        ledger_file(store, "u").write_text("{")
        assert paths(store, superseded=True) == []
        assert "ledger/u.json is damaged" in held_back(store)[0]

    def test_nothing_is_listed_twice(self, store: Store) -> None:
        folder = train(store, "alone")
        (folder / "state.safetensors").touch()
        (folder / ".a1b2c3d4-model.safetensors").touch()
        found = paths(store, superseded=True, unfinished=True)
        assert len(found) == len(set(found)) == 4

    @settings(max_examples=20)
    @given(
        st.lists(st.tuples(st.sampled_from("tu"), st.sampled_from("xy"), st.integers(0, 1), st.sampled_from("abcdef")), max_size=12),
        st.sets(st.sampled_from("abcdef")),
    )
    def test_no_last_request_and_no_stranger_ever_goes(self, requests: list[tuple[str, str, int, str]], there: set[str]) -> None:
        """Whatever was asked for in whatever order."""
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            for name in there:
                save(store, name)
            last: dict[tuple[str, str, int], list[str]] = {}
            for title, row, seed, cell in requests:
                ask(store, title, {row: {seed: cell}})
                last.setdefault((title, row, seed), []).append(cell)
            remove(store, waste(store, superseded=True))
            left = {path.stem for path in (store.root / "cells").glob("*.json")}
            asked = {cell for cells in last.values() for cell in cells}
            assert left >= there - asked
            assert left >= {cells[-1] for cells in last.values()} & there
            for cells in last.values():  # a row that had something to show still has
                assert (set(cells) & left != set()) == (set(cells) & there != set())
            assert all(store.training(f"t-{cell}") is not None for cell in left)


def test_what_cannot_be_removed_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    litter(store)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    found = waste(store)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(UserError, match=r"cannot remove .*: Permission denied"):
        remove(store, found)
