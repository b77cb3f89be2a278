"""``run`` from end to end, on the small data set."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.cli import ONE, SMALL, Cli, Result, Results, assert_told
from helpers.run_tables import COLUMNS, rows_of, steps_taken, table_of

from taco_bench.store.schema import SCHEMA_VERSION

pytest_plugins = ("helpers.fixtures",)


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """The number of training steps of runs with ``--sampler neighbours``."""
    monkeypatch.setenv("WATCH_FOLDER", str(tmp_path))
    return lambda: steps_taken(tmp_path)


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    return {}


class TestOneConfiguration:
    """What one run prints and leaves behind; it is run once."""

    @pytest.fixture
    def run(self, cli: Cli, results: Results, kept: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Result:
        if not kept:
            kept["root"] = tmp_path_factory.mktemp("kept")
            kept["result"] = cli(*SMALL, "--results", kept["root"])
        return kept["result"]

    @pytest.fixture
    def store(self, run: Result, kept: dict[str, Any]) -> Results:
        return Results(kept["root"])

    def test_it_ends_well(self, run: Result) -> None:
        assert run.code == 0, run.err

    def test_the_header_says_what_was_evaluated_and_how(self, run: Result) -> None:
        header = run.out.split("t2v R@1")[0]
        assert "small" in header
        assert "test split" in header
        assert "16 queries, 16 videos" in header
        assert "seeds 0" in header
        assert re.search(r"tie rule expected, queries tied \d+\.\d %", header)
        assert "wordlist" in header
        assert "not a data set of the paper" in header

    def test_each_score_alone_has_a_row(self, run: Result) -> None:
        rows = rows_of(run.out)
        for name in ("sentence", "token", "fusion"):
            assert f"{name} score alone" in rows

    def test_parts_are_set_off_from_the_result(self, run: Result) -> None:
        assert re.search(r"^\s+sentence score alone", run.out, re.MULTILINE)

    def test_the_controls_come_last(self, run: Result) -> None:
        labels = list(rows_of(run.out))
        assert "shuffled captions" in labels[-3]
        assert labels[-2:] == ["chance", "constant scores"]

    def test_constant_scores_and_chance_are_what_arithmetic_says(self, run: Result) -> None:
        expected = [f"{100 * k / 16:.1f}" for k in (1, 5, 10)] + ["8.5"]
        rows = rows_of(run.out)
        assert rows["chance"] == expected * 2 == rows["constant scores"]

    def test_figures_are_possible(self, store: Results) -> None:
        for cell in store.cells().values():
            for row in cell["rows"].values():
                for way in ("t2v", "v2t"):
                    assert 0 <= row[f"{way} R@1"] <= row[f"{way} R@5"] <= row[f"{way} R@10"] <= 100
                    assert 1 <= row[f"{way} MedR"] <= 16

    def test_the_printed_figures_are_those_of_the_cell(self, run: Result, store: Results) -> None:
        (cell,) = [cell for cell in store.cells().values() if not cell["experiment"]["train"]["shuffle_captions"]]
        label = next(iter(rows_of(run.out)))
        assert rows_of(run.out)[label] == [f"{cell['rows']['all scores'][column]:.1f}" for column in COLUMNS]

    def test_the_figures_follow_from_the_ranks_kept(self, store: Results) -> None:
        for cell in store.cells().values():
            for way in ("t2v", "v2t"):
                better, tied = (np.array(cell["queries"][f"{way} {name}"]) for name in ("better", "tied"))
                for k in (1, 5, 10):
                    credit = 100 * np.clip((k - better) / tied, 0, 1).mean()
                    assert cell["rows"]["all scores"][f"{way} R@{k}"] == pytest.approx(credit)
            assert cell["queries"]["clip"] == [f"test-{i}" for i in range(16)]

    def test_files_lie_where_the_output_says(self, run: Result, store: Results) -> None:
        table, cells = re.search(r"table: (.+)\n.*cells: (.+)", run.out).groups()
        assert Path(table).is_file()
        assert Path(cells) == store.root / "cells"
        assert len(store.cells()) == 2  # the result and the shuffled control
        assert len(store.weights()) == 2

    def test_the_stored_table_is_the_printed_one(self, run: Result, store: Results) -> None:
        (table,) = (store.root / "tables").glob("*.md")
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.read_text().splitlines() if line.startswith("|")]
        for label, figures in rows_of(run.out).items():
            assert [label, *figures] in [line[: len(COLUMNS) + 1] for line in lines]

    def test_nothing_temporary_is_left(self, store: Results) -> None:
        names = {name.split("/")[0] for name in store.files()}
        assert names == {"cells", "trainings", "tables"}
        assert {name.split("/")[-1].split(".")[-1] for name in store.files()} == {"json", "npz", "safetensors", "md"}
        assert not [name for name in store.files() if "state" in name or "/." in name]

    def test_a_cell_records_what_made_it(self, store: Results) -> None:
        for name, cell in store.cells().items():
            assert cell["id"] == name
            assert cell["schema_version"] == SCHEMA_VERSION
            assert cell["seed"] == 0
            assert cell["data"]["captions"]
            assert cell["cost"]["steps"] == 4
            assert "CPU" in cell["hardware"] or cell["experiment"]["train"]["device"] == "cuda"
            assert json.loads((store.root / "trainings" / cell["training"] / "training.json").read_text())["id"] == cell["training"]

    def test_it_says_what_to_try_next(self, run: Result) -> None:
        assert "try next" in run.out

    def test_the_terminal_gets_no_escape_codes(self, run: Result) -> None:
        assert "\x1b" not in run.out + run.err
        assert "\r" not in run.out + run.err

    def test_a_second_run_trains_nothing_and_prints_the_same_table(self, run: Result, store: Results, cli: Cli) -> None:
        before = {path: path.stat().st_mtime_ns for path in [*store.root.glob("trainings/*/*"), *store.root.glob("cells/*")]}
        (table,) = (store.root / "tables").glob("*.md")
        text = table.read_bytes()
        again = cli(*SMALL, "--results", store.root)
        assert again.code == 0
        assert table_of(again.out) == table_of(run.out)
        assert {path: path.stat().st_mtime_ns for path in [*store.root.glob("trainings/*/*"), *store.root.glob("cells/*")]} == before
        assert [path.read_bytes() for path in (store.root / "tables").glob("*.md")] == [text]
        assert "2 of 2 cells are there already" in again.err

    def test_another_results_folder_gets_the_same_bits(self, store: Results, cli: Cli, results: Results) -> None:
        assert cli(*SMALL).code == 0
        assert results.figures() == store.figures()
        assert results.weights() == store.weights()
        for name in store.cells():
            with np.load(store.root / "cells" / f"{name}.npz") as first, np.load(results.root / "cells" / f"{name}.npz") as second:
                assert sorted(first) == sorted(second)
                for key in first:
                    np.testing.assert_array_equal(first[key], second[key])

    @pytest.mark.parametrize("damage", ["truncated", "empty", "binary"])
    def test_a_damaged_cell_is_made_again(self, damage: str, store: Results, cli: Cli, tmp_path: Path) -> None:
        copy = Results(tmp_path / "copy")
        shutil.copytree(store.root, copy.root)
        name = next(iter(store.cells()))
        file = copy.root / "cells" / f"{name}.json"
        file.write_bytes({"truncated": file.read_bytes()[:-40], "empty": b"", "binary": b"\xff\xfe\x00"}[damage])
        found = cli(*SMALL, "--results", copy.root)
        assert found.code == 0, found.err
        assert copy.figures() == store.figures()
        assert copy.weights() == store.weights()

    @pytest.mark.parametrize("damage", ["gone", "truncated"])
    def test_a_cell_without_its_arrays_is_made_again(self, damage: str, store: Results, cli: Cli, tmp_path: Path) -> None:
        copy = Results(tmp_path / "copy")
        shutil.copytree(store.root, copy.root)
        for file in (copy.root / "cells").glob("*.npz"):
            if damage == "gone":
                file.unlink()
            else:
                file.write_bytes(file.read_bytes()[:100])
        found = cli(*SMALL, "--results", copy.root)
        assert found.code == 0, found.err
        assert len(list((copy.root / "cells").glob("*.npz"))) == 2
        assert copy.figures() == store.figures()

    def test_damaged_weights_are_named(self, store: Results, cli: Cli, tmp_path: Path) -> None:
        copy = Results(tmp_path / "copy")
        shutil.copytree(store.root, copy.root)
        shutil.rmtree(copy.root / "cells")
        for file in copy.root.glob("trainings/*/model.safetensors"):
            file.write_bytes(file.read_bytes()[:200])
        assert_told(cli(*SMALL, "--results", copy.root), 5, "model.safetensors", "delete it")
        assert copy.cells() == {}

    def test_a_cell_of_a_newer_taco_bench_is_refused(self, store: Results, cli: Cli, tmp_path: Path) -> None:
        copy = Results(tmp_path / "copy")
        shutil.copytree(store.root, copy.root)
        for name, cell in copy.cells().items():
            (copy.root / "cells" / f"{name}.json").write_text(json.dumps({**cell, "schema_version": 99}))
        before = copy.cells()
        assert_told(cli(*SMALL, "--results", copy.root), 3, "schema version 99", str(copy.root), "upgrade taco-bench")
        assert copy.cells() == before


class TestTrainingAgain:
    def test_what_is_there_is_not_trained_again(self, cli: Cli, watch: Callable[[], int]) -> None:
        cli(*ONE, "--sampler", "neighbours")
        assert watch() == 4
        cli(*ONE, "--sampler", "neighbours")
        assert watch() == 4

    def test_force_does(self, cli: Cli, results: Results, watch: Callable[[], int]) -> None:
        cli(*ONE, "--sampler", "neighbours")
        first = results.figures()
        assert cli(*ONE, "--sampler", "neighbours", "--force").code == 0
        assert watch() == 8
        assert results.figures() == first

    def test_force_leaves_other_cells_alone(self, cli: Cli, results: Results, watch: Callable[[], int]) -> None:
        cli(*ONE, "--sampler", "neighbours", "--seed", 1)
        cli(*ONE, "--sampler", "neighbours", "--force")
        cli(*ONE, "--sampler", "neighbours", "--seed", 1)
        assert watch() == 8
        assert {cell["seed"] for cell in results.cells().values()} == {0, 1}

    def test_more_seeds_train_only_what_is_missing(self, cli: Cli, watch: Callable[[], int]) -> None:
        cli(*ONE, "--sampler", "neighbours")
        cli(*ONE, "--sampler", "neighbours", "--seeds", 2)
        assert watch() == 8

    def test_other_scores_share_the_training(self, cli: Cli, results: Results, watch: Callable[[], int]) -> None:
        cli(*ONE, "--sampler", "neighbours")
        found = cli(*ONE, "--sampler", "neighbours", "--scores", "sentence", "--scores", "sentence,token")
        assert found.code == 0, found.err
        assert watch() == 4
        assert len(results.cells()) == 3
        assert len(results.weights()) == 1
        assert len({cell["training"] for cell in results.cells().values()}) == 1

    def test_scores_alone_are_those_of_the_whole(self, cli: Cli, results: Results) -> None:
        cli(*ONE)
        cli(*ONE, "--scores", "token")
        whole, part = sorted(results.cells().values(), key=lambda cell: -len(cell["rows"]))
        assert part["rows"]["all scores"] == whole["rows"]["token score"]


class TestConfigurationFile:
    @pytest.mark.parametrize("kind", ["json", "py", "yaml"])
    def test_it_is_read_and_the_command_line_overrides_it(self, kind: str, cli: Cli, results: Results, tmp_path: Path) -> None:
        text = {
            "json": '{"data": "small", "sampler": {"type": "random", "hard_negatives": 3}, "train": {"steps": 50, "batch_size": 6}}',
            "py": "data = 'small'\nsampler = dict(type='random', hard_negatives=3)\ntrain = dict(steps=50, batch_size=6)\n",
            "yaml": "data: small\nsampler: {type: random, hard_negatives: 3}\ntrain:\n  steps: 50\n  batch_size: 6\n",
        }
        path = tmp_path / f"config.{kind}"
        path.write_text(text[kind])
        found = cli("run", "--config", path, "--steps", 1, "--no-control", "--set", "train.batch_size=5")
        assert found.code == 0, found.err
        (cell,) = results.cells().values()
        experiment = cell["experiment"]
        assert experiment["sampler"] == {"type": "random", "hard_negatives": 3}
        assert (experiment["train"]["steps"], experiment["train"]["batch_size"]) == (1, 5)


class TestOutput:
    def test_quiet_prints_the_table_alone(self, cli: Cli) -> None:
        found = cli(*ONE, "--quiet")
        assert found.code == 0
        assert found.err == ""
        assert rows_of(found.out)
        assert "try next" not in found.out

    def test_progress_goes_to_stderr(self, cli: Cli) -> None:
        found = cli(*ONE, "--losses", "l1", "--steps", 120)
        assert "120/120" in found.err
        assert "/120" not in found.out

    def test_json_is_the_table(self, cli: Cli, results: Results) -> None:
        found = cli(*SMALL, "--json", "--seeds", 2, "--steps", 2)
        assert found.code == 0
        assert found.err == ""
        (table,) = found.json["tables"]
        kinds = {row["label"]: row["kind"] for row in table["rows"]}
        assert list(kinds.values()) == ["result", "part", "part", "part", "control", "control", "control"]
        assert kinds["chance"] == "control"
        cells = results.cells()
        paths = [Path(path) for path in table["cells"]]
        for column in COLUMNS:
            assert table["rows"][0]["values"][column] == [cells[path.stem]["rows"]["all scores"][column] for path in paths]
            assert all(path.is_file() for path in paths)
        assert Path(table["file"]).is_file()
        assert "16 videos" in "\n".join(table["header"])

    def test_json_with_a_failed_plugin_is_json(self, cli: Cli, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from helpers.distributions import install

        monkeypatch.syspath_prepend(str(install(tmp_path / "broken", "taco-broken", "1.0", "taco_broken", "raise RuntimeError('no')")))
        assert cli(*ONE, "--json", "--steps", 1).json["tables"][0]["rows"]

    def test_json_where_a_cell_failed_has_the_others(self, cli: Cli) -> None:
        found = cli(*ONE, "--json", "--sampler", "careless", "--sampler", "random", "--steps", 2)
        assert found.code == 5
        assert [row["label"] for row in found.json["tables"][0]["rows"] if row["kind"] == "result"] == ["sampler random"]
        assert "failed: sampler careless" in found.err
        assert any("sampler careless" in label for label in found.json["failed"])


class TestResultsFolder:
    def test_the_option_comes_before_the_environment(self, cli: Cli, results: Results, tmp_path: Path) -> None:
        cli(*ONE, "--steps", 1, "--results", tmp_path / "given")
        assert len(Results(tmp_path / "given").cells()) == 1
        assert not results.root.exists()

    def test_the_environment_comes_before_the_working_folder(
        self, cli: Cli, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        cli(*ONE, "--steps", 1)
        assert len(results.cells()) == 1
        assert list((tmp_path / "here").iterdir()) == []

    def test_else_it_is_results_in_the_working_folder(self, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TACO_BENCH_RESULTS")
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        cli(*ONE, "--steps", 1)
        assert len(Results(tmp_path / "here" / "results").cells()) == 1


def test_the_same_captions_make_the_same_vocabulary(site: Path) -> None:
    """A training is evaluated, and goes on, with a vocabulary learnt anew: its ids must be those that the weights were trained with."""
    from taco_bench.plugins import load_plugins

    def vocabulary() -> dict[str, int]:
        encoder = load_plugins().build("text-encoder", {"type": "tiny"})
        encoder.fit(captions, 12)
        return encoder.tokenizer().get_vocab()

    captions = [clip.captions[0] for clip in load_plugins().build("data", {"type": "small"}).clips()]
    first = vocabulary()
    for _ in range(4):
        assert vocabulary() == first


def test_the_shuffled_control_is_trained_on_shuffled_captions_alone(cli: Cli, results: Results) -> None:
    cli(*SMALL, "--steps", 2)
    plain, shuffled = sorted((cell["experiment"] for cell in results.cells().values()), key=lambda e: e["train"]["shuffle_captions"])
    assert shuffled["train"].pop("shuffle_captions") is True
    assert plain["train"].pop("shuffle_captions") is False
    assert plain == shuffled


def test_the_best_checkpoint_is_kept(cli: Cli, results: Results) -> None:
    found = cli(*ONE, "--set", "train.validate_every=1", "--set", "train.checkpoint=best", "--steps", 6)
    assert found.code == 0, found.err
    assert "checkpoint best" in found.out
    (cell,) = results.cells().values()
    assert 1 <= cell["cost"]["best_step"] <= 6


@pytest.fixture(autouse=True)
def no_stray_threads() -> Iterator[None]:
    """Each training sets the number of threads of the process; the tests after it have what they had before."""
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_command_itself_runs_and_exits_0(shell: Callable[..., Result], results: Results) -> None:
    found = shell(*ONE, "--steps", 1)
    assert found.code == 0, found.err
    assert rows_of(found.out)
    assert "\x1b" not in found.out + found.err
    assert "Traceback" not in found.err
    assert "Warning" not in found.err
    assert len(results.cells()) == 1


def test_the_rule_of_the_fields_public_code(cli: Cli, results: Results) -> None:
    assert "tie rule howto100m" in cli(*ONE, "--metric-convention", "howto100m").out
    (cell,) = results.cells().values()
    assert cell["experiment"]["evaluation"]["metric_convention"] == "howto100m"
