"""What ``plan`` says of every cell, and that it looks at nothing but the store."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from suite_world import (
    L1,
    REPO,
    SUITE,
    Cli,
    Result,
    expanded,
    hand_made,
    install_package,
    plugins_with,
    ranks,
    save_row,
    shell,
    write_data,
    write_suite,
)

from taco_bench.errors import DataError, TrainingError
from taco_bench.jobs.states import State, states_of
from taco_bench.store.cells import Store
from taco_bench.store.ledger import ask, asked
from taco_bench.store.processes import this_machine
from taco_bench.suites.expand import Expanded

pytest_plugins = ("suite_fixtures",)


def by_row(states: list[State]) -> dict[tuple[str, int], str]:
    return {(state.line.name, state.job.seed): state.state for state in states}


@pytest.fixture
def table(tmp_path: Path) -> Expanded:
    return expanded(tmp_path, seeds=[0, 1])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


class TestStates:
    def test_an_empty_store_lacks_everything(self, table: Expanded, store: Store) -> None:
        states = states_of(table.every, store, {}, plugins_with("elsewhere"))
        assert set(by_row(states).values()) == {"missing"}
        assert len(states) == 8
        assert all(state.why == () for state in states)
        assert not store.root.exists()

    def test_each_state(self, table: Expanded, store: Store) -> None:
        good, plain, third = table.lines
        save_row(store, good, [10])
        store.save_failure(good.jobs[1].cell, "run", "label", TrainingError("a loss is NaN"))
        ask(store, table.title, {"plain": {0: "feedfeedfeedfeed"}})
        record, arrays = hand_made(ranks(3), 0, plain.jobs[0])
        old = json.loads(json.dumps(record))
        old["parts"]["training"]["configuration"]["train"]["steps"] = 99
        store.save_cell("feedfeedfeedfeed", old, arrays)
        with store.leases.take(third.jobs[0].training, "run"):  # type: ignore[union-attr]
            states = states_of(table.every, store, asked(store, table.title), plugins_with("elsewhere"))
        assert by_row(states) == {
            ("good", 0): "done",
            ("good", 1): "failed",
            ("plain", 0): "stale",
            ("plain", 1): "missing",
            ("third", 0): "running",
            ("third", 1): "missing",
            ("good/shuffled-captions", 0): "missing",
            ("good/shuffled-captions", 1): "missing",
        }
        why = {state.state: state.why for state in states if state.why}
        assert why == {"failed": ("a loss is NaN",), "stale": ("option train.steps: 99 -> 2",)}

    def test_a_worker_that_was_killed_runs_no_more(self, table: Expanded, store: Store) -> None:
        process = subprocess.Popen([sys.executable, "-c", ""])
        process.wait()
        lease = {"token": "a", "run": "b", "machine": this_machine(), "pid": process.pid, "started": "1", "beat": 3}
        path = store.leases.folder / f"{table.lines[0].jobs[0].training}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(lease))
        assert by_row(states_of(table.lines[:1], store, {}, plugins_with("elsewhere")))["good", 0] == "missing"
        path.write_text(json.dumps({**lease, "machine": "another"}))
        assert by_row(states_of(table.lines[:1], store, {}, plugins_with("elsewhere")))["good", 0] == "running"

    @pytest.mark.parametrize("harm", ["half", "no arrays", "half the arrays", "empty"])
    def test_what_is_not_whole_is_damaged(self, harm: str, table: Expanded, store: Store) -> None:
        save_row(store, table.lines[0], [10, 10])
        path = store.cell_file(table.lines[0].jobs[0].cell)
        if harm == "half":
            path.write_bytes(path.read_bytes()[:-200])
        elif harm == "empty":
            path.write_bytes(b"")
        elif harm == "no arrays":
            path.with_suffix(".npz").unlink()
        else:
            path.with_suffix(".npz").write_bytes(path.with_suffix(".npz").read_bytes()[:50])
        assert Counter(by_row(states_of(table.lines[:1], store, {}, plugins_with("elsewhere"))).values()) == {"damaged": 1, "done": 1}

    def test_a_cell_that_somebody_wrote_by_hand_counts(self, table: Expanded, store: Store) -> None:
        save_row(store, table.lines[0], [10])
        path = store.cell_file(table.lines[0].jobs[0].cell)
        path.write_text(json.dumps(json.loads(path.read_text()), indent=4, sort_keys=True))
        assert by_row(states_of(table.lines[:1], store, {}, plugins_with("elsewhere")))["good", 0] == "done"

    def test_a_newer_schema_is_refused(self, table: Expanded, store: Store) -> None:
        save_row(store, table.lines[0], [10])
        path = store.cell_file(table.lines[0].jobs[0].cell)
        path.write_text(re.sub(r'"schema_version": \d+', '"schema_version": 99', path.read_text(), count=1))
        with pytest.raises(DataError, match="schema version 99"):
            states_of(table.lines[:1], store, {}, plugins_with("elsewhere"))

    def test_done_cells_are_not_read(self, table: Expanded, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """A finished cell may have thousands of queries."""
        for line in table.every:
            save_row(store, line, [10, 10])
        monkeypatch.setattr("taco_bench.store.cells._read", lambda path: pytest.fail(f"{path} was read"))
        assert set(by_row(states_of(table.every, store, {}, plugins_with("elsewhere"))).values()) == {"done"}


class TestPrices:
    def test_they_appear_with_the_first_measured_cell(self, table: Expanded, store: Store) -> None:
        """3 s of training for 2 steps and 1 s of evaluation."""
        save_row(store, table.lines[0], [10])
        states = {(s.line.name, s.job.seed): s for s in states_of(table.every, store, {}, plugins_with("elsewhere"))}
        assert states["good", 0].price is None
        price = states["good", 1].price
        assert price is not None
        assert (price.training, price.evaluation) == pytest.approx((3.0, 1.0))
        assert price.disk > 1000
        assert states["plain", 0].price is not None  # on the same data

    def test_they_follow_the_steps(self, tmp_path: Path, store: Store, table: Expanded) -> None:
        save_row(store, table.lines[0], [10])
        longer = expanded(tmp_path, seeds=[0], above=[{"train": {"steps": 20}}])
        price = states_of(longer.lines[:1], store, {}, plugins_with("elsewhere"))[0].price
        assert price is not None
        assert price.training == pytest.approx(30.0)

    def test_a_training_that_is_there_or_counted_costs_nothing(self, tmp_path: Path, store: Store) -> None:
        text = SUITE.replace(
            'sampler = "random", tokens = "none", "losses.use" = ["l1", "l3"] }',
            'sampler = "cascade", tokens = "none", "losses.use" = ["l1", "l3"], "evaluation.scores" = ["sentence"] }',
        )
        table = expanded(tmp_path, seeds=[0, 1], text=text)
        good, plain, _ = table.lines
        assert good.jobs[0].training == plain.jobs[0].training
        save_row(store, good, [10])
        prices = {(s.line.name, s.job.seed): s.price for s in states_of([good, plain], store, {}, plugins_with("elsewhere"))}
        found = {key: price.training for key, price in prices.items() if price}
        assert found == pytest.approx({("good", 1): 3.0, ("plain", 0): 3.0, ("plain", 1): 0.0})  # the store has no weights of seed 0

    def test_like_is_priced_by_like(self, table: Expanded, store: Store) -> None:
        good, _, third = table.lines
        cost = {"steps": 2, "fusion_pairs_per_step": 1, "parameters": 1, "evaluation_seconds": 1.0}
        save_row(store, good, [10], cost={**cost, "seconds": 4.0})
        save_row(store, third, [10], cost={**cost, "seconds": 40.0})
        prices = {(s.line.name, s.job.seed): s.price for s in states_of(table.lines, store, {}, plugins_with("elsewhere"))}
        found = {key: price.training for key, price in prices.items() if price}
        assert (found["good", 1], found["third", 1]) == pytest.approx((4.0, 40.0))
        assert found["plain", 0] == pytest.approx(4.0)  # the same losses


def counts(found: Result) -> Counter[str]:
    assert found.code == 0, found
    return Counter(cell["state"] for cell in found.json["cells"])


def reasons(found: Result) -> set[str]:
    return {why for cell in found.json["cells"] for why in cell["why"]}


def call_in(folder: Path, verb: str, *arguments: object) -> Result:
    names = {"FILED_ROOT": "data", "TACO_BENCH_RESULTS": "results", "TACO_BENCH_CACHE": "cache"}
    command = (verb, folder / "mine.toml", "--data", "filed", "--seeds", 1, "--json", *arguments)
    return shell(command, {name: str(folder / part) for name, part in names.items()}, folder / "site")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, installed packages, a suite, and results in which its one cell is."""
    folder = tmp_path_factory.mktemp("made")
    write_data(folder / "data")
    install_package(folder / "site")
    write_suite(folder, L1)
    found = call_in(folder, "reproduce")
    assert found.code == 0, found
    return folder


class TestStale:
    """End to end: one changed byte, and what names it. Every call is a process of its own, as module sources are read once."""

    @pytest.fixture
    def own(self, made: Path, tmp_path: Path) -> Callable[..., Result]:
        """Calls of the command line in a copy of it."""
        shutil.copytree(made, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        return partial(call_in, tmp_path)

    def test_one_byte_of_each_input(self, own: Callable[..., Result], tmp_path: Path) -> None:
        features, captions = tmp_path / "data" / "features.npy", tmp_path / "data" / "captions.json"
        scaling = tmp_path / "site" / "taco_filed" / "scaling.py"
        assert counts(own("plan")) == {"done": 1}
        for path, change, cause in (
            (features, lambda old: old[:-1] + bytes([old[-1] ^ 1]), "data features.npy changed"),
            (captions, lambda old: old.replace(b"lamp", b"lump", 1), "data captions.json changed"),
            (scaling, lambda old: old.replace(b"1.0", b"1.5"), "the source of encoder rows changed"),
        ):
            before, times = path.read_bytes(), path.stat()
            path.write_bytes(change(before))
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # the time of the last change set back, as rsync may
            found = own("plan")
            assert counts(found) == {"stale": 1}, path
            assert reasons(found) == {cause}
            path.write_bytes(before)
            assert counts(own("plan")) == {"done": 1}, f"{path} is as it was"

    def test_an_option_and_a_touched_file(self, own: Callable[..., Result], tmp_path: Path) -> None:
        found = own("plan", "--set", "train.learning_rate=0.5")
        assert counts(found) == {"stale": 1}
        assert reasons(found) == {"option train.learning_rate: 0.0001 -> 0.5"}
        for path in (tmp_path / "data").iterdir():
            path.touch()
        assert counts(own("plan")) == {"done": 1}

    def test_a_copy_of_the_data_elsewhere_is_the_same_data(self, own: Callable[..., Result], tmp_path: Path) -> None:
        write_data(tmp_path / "moved")
        assert counts(own("plan", "--set", f"data.root={tmp_path / 'moved'}")) == {"done": 1}

    def test_without_a_ledger_stale_cells_are_missing(self, own: Callable[..., Result], tmp_path: Path) -> None:
        for path in (tmp_path / "results" / "ledger").iterdir():
            path.unlink()
        assert counts(own("plan", "--steps", 3)) == {"missing": 1}


WATCH_FILES = """
import sys, os
opened = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
import atexit
atexit.register(lambda: print("opened:", [name for name in opened if name.startswith(os.environ["FILED_ROOT"])], file=sys.stderr))
"""
HEAVY = ("torch", "transformers", "pandas", "scipy.stats", "spacy", "sklearn")
WATCH_IMPORTS = (
    f"import atexit, sys; atexit.register(lambda: print('imported:', [n for n in {HEAVY} if n in sys.modules], file=sys.stderr)); "
)


class TestTripwire:
    def test_no_data_file_is_opened_once_the_facts_are_known(self, tmp_path: Path, suite_shell: Cli) -> None:
        """Neither by the data set, whose methods raise, nor by anything else in the process."""
        suite, cache = write_suite(tmp_path, L1), str(tmp_path / "cache")
        command = ("plan", suite, "--data", "filed", "--json")
        first = suite_shell(*command, before=WATCH_FILES, TACO_BENCH_CACHE=cache)
        assert "features.npy" in first.err
        second = suite_shell(*command, before=WATCH_FILES + WATCH_IMPORTS, TACO_BENCH_CACHE=cache, TRIPWIRE="1")
        assert second.code == 0, second.err
        assert "opened: []" in second.err
        assert "imported: []" in second.err
        assert second.out == first.out

    def test_the_tripwire_is_one(self, tmp_path: Path, suite_shell: Cli) -> None:
        found = suite_shell("plan", write_suite(tmp_path, L1), "--data", "filed", TACO_BENCH_CACHE=str(tmp_path / "cache"), TRIPWIRE="1")
        assert found.code != 0

    def test_nothing_is_written_to_the_results(self, tmp_path: Path, suite_cli: Cli) -> None:
        assert suite_cli("plan", write_suite(tmp_path), "--data", "filed").code == 0
        assert not (tmp_path / "results").exists()


class TestSeeds:
    @pytest.mark.parametrize(
        ("seeds", "warning"),
        [
            (3, "3 seeds can decide nothing (smallest p 0.125): the primary needs 5, the secondary needs 5"),
            (5, "5 seeds can decide each of the 2 claims that can be tested here (smallest p 0.031)"),
        ],
    )
    def test_what_the_seeds_can_decide_is_told(self, seeds: int, warning: str, tmp_path: Path, suite_cli: Cli) -> None:
        found = suite_cli("plan", write_suite(tmp_path), "--data", "filed", "--seeds", seeds)
        assert found.code == 0
        assert found.out.startswith(f"mine@filed, {seeds} seeds\n")
        assert warning in found.out
        assert ("can decide nothing" in found.out) == (seeds == 3)

    def test_table_3_says_what_6_seeds_would_add(self, suite_cli: Cli) -> None:
        found = suite_cli("plan", "paper/table3", "--data", "planted")
        assert "5 seeds can decide the primary alone (smallest p 0.031); the 2 secondaries by Holm need 6" in found.out

    def test_reproduce_tells_it_before_anything_is_trained(self, tmp_path: Path, suite_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        def stop(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("taco_bench.cli.working.make", stop)
        found = suite_cli("reproduce", write_suite(tmp_path), "--data", "filed", "--seeds", 3)
        assert found.code == 130
        assert "3 seeds can decide nothing" in found.err


class TestMany:
    def test_a_thousand_cells(self, tmp_path: Path, suite_cli: Cli) -> None:
        head = SUITE.partition("[[row]]")[0].replace('paper = "table3"\n', "").replace('control = "good"', 'control = "row-0"')
        rows = [
            f'[[row]]\nname = "row-{n}"\nlabel = "row {n}"\noptions = {{ sampler = "random", "train.learning_rate" = {(n + 1) / 1e4} }}\n'
            for n in range(200)
        ]
        suite = write_suite(tmp_path, head + "".join(rows))
        found = suite_cli("plan", suite, "--data", "filed", "--json", "--no-control")
        assert counts(found) == {"missing": 1000}
        assert len({cell["cell"] for cell in found.json["cells"]}) == 1000

    @pytest.mark.slow
    def test_the_benchmark_prints_a_line_a_store(self, tmp_path: Path) -> None:
        command = [sys.executable, str(REPO / "benchmarks" / "plan_speed.py"), "--rows", "2", "--repeats", "1", "--queries", "3"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        assert [line.split()[:3] for line in out.splitlines()] == [[name, "10", "cells:"] for name in ("empty", "done", "stale")]


def test_one_row_more_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    """Ids do not depend on what else is in the suite."""
    table = expanded(tmp_path, seeds=[0])
    more = expanded(tmp_path, seeds=[1, 0], text=SUITE.replace("[[claim]]", '[[row]]\nname = "x"\nlabel = "X"\n[[claim]]', 1))
    assert {job.cell for line in table.lines for job in line.jobs} < {job.cell for line in more.lines for job in line.jobs}
    assert np.unique([job.cell for line in more.lines for job in line.jobs]).size == 8
