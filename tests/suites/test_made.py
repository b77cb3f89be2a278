"""A table that was made on another kind of device is found where there is none of that kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from suite_world import Paperlike, expanded, plugins_with, save_row, write_suite

from taco_bench.jobs.facts import facts_of
from taco_bench.jobs.plan import job_of
from taco_bench.report.formats import text_of
from taco_bench.report.suite_table import suite_table
from taco_bench.store.cells import Store
from taco_bench.store.ledger import ask
from taco_bench.suites.expand import Expanded, expand
from taco_bench.suites.load import load_suite
from taco_bench.suites.made import _on, as_made

GPU = ("cuda", "bfloat16")
HITS = {"good": [20, 22, 21], "plain": [12, 12, 13], "third": [10, 9, 10]}


@pytest.fixture
def here(tmp_path: Path) -> Expanded:
    return expanded(tmp_path, seeds=range(3))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def on(table: Expanded, place: tuple[str, str]) -> Expanded:
    lines, controls = (
        tuple(replace(line, jobs=tuple(_on(job, place) for job in line.jobs)) for line in part) for part in (table.lines, table.controls)
    )
    return replace(table, lines=lines, controls=controls)


def save(table: Expanded, store: Store, *rows: str) -> None:
    for line in table.lines:
        if line.name in (rows or HITS):
            save_row(store, line, HITS[line.name])


def test_the_ids_are_those_that_the_other_machine_would_make(here: Expanded, tmp_path: Path) -> None:
    """Of an experiment whose device is given, not left to the machine."""
    job = here.line("good").jobs[1]
    train = job.experiment.train.model_copy(update={"device": "cuda", "precision": "bfloat16"})
    plugins = plugins_with("elsewhere")
    experiment = job.experiment.model_copy(update={"train": train})
    there = job_of("", experiment, facts_of(experiment, plugins), 1, plugins)
    assert there.cell != job.cell
    assert (_on(job, GPU).cell, _on(job, GPU).training) == (there.cell, there.training)
    assert _on(job, ("cpu", "float32")).cell == job.cell


def test_cells_of_a_gpu_are_found_and_the_device_is_told(here: Expanded, store: Store) -> None:
    save(on(here, GPU), store)
    assert suite_table(here, store).rows[0].values == {}
    made = suite_table(as_made(here, store), store)
    assert made.rows[0].values["t2v R@1"] == pytest.approx([50, 55, 52.5])
    assert "device cuda (bfloat16)" in "\n".join(made.header)
    assert made.footer[-1].endswith("--data elsewhere --device cuda")  # the control is missing


def test_a_table_is_never_of_two_devices(here: Expanded, store: Store) -> None:
    """The one with most cells is taken; the others are missing in it."""
    save(on(here, GPU), store, "good", "plain")
    save(here, store, "third")
    made = suite_table(as_made(here, store), store)
    assert [bool(row.values) for row in made.rows[:3]] == [True, True, False]
    save(here, store, "good", "plain")
    assert as_made(here, store) == here


def test_of_two_whole_tables_that_which_was_asked_for_last(here: Expanded, store: Store) -> None:
    for table in (here, on(here, GPU)):
        save(table, store)
    assert as_made(here, store) == here
    for table in (here, on(here, GPU)):
        ask(store, table.title, {line.name: {job.seed: job.cell for job in line.jobs} for line in table.lines})
        assert as_made(here, store).lines == table.lines


def test_a_device_that_was_asked_for_is_the_only_one(tmp_path: Path, store: Store) -> None:
    asked = expanded(tmp_path, seeds=range(3), above=[{"train": {"device": "cpu"}}])
    save(on(asked, GPU), store)
    assert as_made(asked, store) == asked
    precise = expanded(tmp_path, seeds=range(3), above=[{"train": {"precision": "float32"}}])
    assert precise.automatic == ("device",)
    assert as_made(precise, store) == precise
    save(on(precise, ("cuda", "float32")), store)
    assert as_made(precise, store).lines == on(precise, ("cuda", "float32")).lines


def test_any_other_difference_is_another_cell(here: Expanded, tmp_path: Path, store: Store) -> None:
    other: dict[str, Any] = {"train": {"learning_rate": 0.5}}
    save(on(expanded(tmp_path, seeds=range(3), above=[other]), GPU), store)
    assert as_made(here, store) == here


def test_the_same_bytes_wherever_it_is_read(here: Expanded, store: Store) -> None:
    """On the machine with the GPU, "auto" is that GPU."""
    save(on(here, GPU), store)
    save_row(store, on(here, GPU).controls[0], [1, 1, 0])
    there = on(here, GPU)
    for style in ("text", "md", "tex"):
        assert text_of(suite_table(as_made(here, store), store), style) == text_of(suite_table(as_made(there, store), store), style)


def test_what_a_third_partys_data_set_is_called_in_the_paper(tmp_path: Path) -> None:
    plugins = plugins_with("theirs")
    plugins.add(replace(plugins.get("data", "theirs"), name="ours", factory=Paperlike, reported_as="msrvtt"))
    suite = load_suite(str(write_suite(tmp_path)))
    found = {name: expand(suite, name, [], [], [0], plugins, lambda _: None).reported_as for name in ("ours", "theirs")}
    assert found == {"ours": "msrvtt", "theirs": ""}
