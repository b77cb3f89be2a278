"""``explain``: where a cell of a real run comes from, and the command that makes it again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.cli import Cli, Results, assert_told

pytest_plugins = ("helpers.fixtures", "helpers.mini")

TABLE = "mini@small"


def sections(text: str) -> dict[str, dict[str, str]]:
    """The parts of an explanation: by title, the value of each key."""
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            part = found[line[:-1]] = {}
        elif line.startswith("  ") and found:
            key, _, value = line[2:].partition("  ")
            part[key.strip()] = value.strip()
    return found


def leaves(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value below dictionaries and lists, with its dotted path."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) and tree else None
    if items is None:
        yield prefix, tree
    for key, value in items or ():
        yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))


def one(results: Results, row: str, seed: int, cli: Cli) -> dict[str, Any]:
    """A cell's record, found without references: by what was trained."""
    losses = {"l1": ["l1"], "full": ["l1", "l2", "l3"]}[row]
    (found,) = [
        cell
        for cell in results.cells().values()
        if cell["seed"] == seed and cell["experiment"]["losses"]["use"] == losses and not cell["experiment"]["train"]["shuffle_captions"]
    ]
    return found


class TestWhatIsTold:
    @pytest.fixture
    def told(self, cli: Cli, reproduced: Results) -> tuple[str, dict[str, dict[str, str]], dict[str, Any]]:
        found = cli("explain", f"{TABLE}:full:1")
        assert found.code == 0, found.err
        return found.out, sections(found.out), one(reproduced, "full", 1, cli)

    def test_everything_that_makes_the_figures(self, told: Any, reproduced: Results) -> None:
        text, parts, cell = told
        assert text.startswith(f"cell {cell['id']}, training {cell['training']}, seed 1\n")
        assert str(reproduced.root / "cells" / f"{cell['id']}.json") in text
        assert parts["splits (hash of the clips' ids)"] == cell["splits"]
        assert {split: value.split()[0] for split, value in cell["splits"].items()} == {"train": "40", "val": "12", "test": "16"}
        assert parts["data (SHA-256 of each file)"] == cell["data"]
        assert len(cell["data"]["captions"]) == 64
        assert parts["pool"] == {"split": "test", "queries": "16", "videos": "16", "fusion pairs": "all"}
        assert parts["parts of speech by"] == {"": "wordlist 1"}
        assert parts["versions"] == cell["versions"]
        assert parts["versions"]["taco-small"] == "0.1"
        assert parts["protocol"]["version"].isdecimal()
        assert {"model", "losses", "train", "data small", "sampler cascade", "encoder dots"} <= set(parts["source"])

    def test_every_option_of_the_configuration(self, told: Any) -> None:
        _, parts, cell = told
        for path, value in leaves(cell["experiment"]):
            if not isinstance(value, (str, float, int)) or isinstance(value, bool):
                continue
            parent = path.rpartition(".")[0]  # lists of plain values are one line
            shown = parts["configuration"].get(path, parts["configuration"].get(parent))
            assert shown is not None, path
            assert str(value) in shown

    def test_figures_with_the_share_of_ties(self, told: Any) -> None:
        _, parts, cell = told
        better, tied = (np.array(cell["queries"][f"t2v {what}"]) for what in ("better", "tied"))
        assert parts["figures"]["t2v ties"] == f"{100 * np.mean(tied > 1):.2f}"
        assert parts["figures"]["t2v R@5"] == f"{100 * np.mean(np.clip((5 - better) / tied, 0, 1)):.2f}"
        assert set(parts["figures"]) == set(cell["rows"]["all scores"])

    def test_chance_is_where_a_permuted_gallery_lands_and_not_the_figure(self, told: Any, reproduced: Results) -> None:
        _, parts, cell = told
        with np.load(reproduced.root / "cells" / f"{cell['id']}.npz") as arrays:
            draws = arrays["chance t2v R@10"]
        low, high = map(float, parts["chance (99.9 % interval of a permuted gallery)"]["t2v R@10"].split(" to "))
        assert np.mean((low - 0.01 <= draws) & (draws <= high + 0.01)) >= 0.999
        assert low < 62.5 < high  # chance is 10 of 16

    def test_the_cost(self, told: Any) -> None:
        _, parts, cell = told
        assert parts["cost"]["seconds"] == str(cell["cost"]["seconds"])
        assert parts["cost"]["steps"] == "4"
        assert parts["cost"]["on"].startswith("CPU")


class TestAgain:
    def run(self, text: str, cli: Cli) -> None:
        """Run both lines that are printed below "again:", as a shell would in this folder."""
        first, second = [shlex.split(line) for line in text.partition("again:\n")[2].splitlines() if line]
        assert first[0] == second[0] == "taco-bench"
        *asked, arrow, file = first[1:]
        assert arrow == ">"
        printed = cli(*asked)
        assert printed.code == 0, printed.err
        Path(file).write_text(printed.out, encoding="utf-8")
        made = cli(*second[1:])
        assert made.code == 0, made.err

    @pytest.mark.parametrize("row", ["full", "full/shuffled-captions"])
    def test_the_same_cell_with_the_same_figures(
        self, row: str, cli: Cli, reproduced: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        text = cli("explain", f"{TABLE}:{row}:1").out
        self.run(text, cli)
        elsewhere = Results(tmp_path / "elsewhere")
        (cell,) = elsewhere.figures().values()
        (name,) = elsewhere.cells()
        assert text.startswith(f"cell {name},")
        was = reproduced.figures()[name]
        del cell["experiment"]["controls"], was["experiment"]["controls"]
        assert cell == was
        (weights,) = elsewhere.weights().items()
        assert weights in reproduced.weights().items()

    @pytest.mark.parametrize("controls", ["none", "shuffled-captions", "constant-scores"])
    def test_controls_that_are_part_of_the_cell_come_again(
        self, controls: str, cli: Cli, results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert cli("run", "--data", "small", "--losses", "l1", "--steps", 2, "--seed", 3, "--set", f"controls={controls}").code == 0
        (name,) = [name for name, cell in results.cells().items() if not cell["experiment"]["train"]["shuffle_captions"]]
        self.run(cli("explain", name).out, cli)
        assert list(Results(tmp_path / "elsewhere").cells()) == [name]

    def test_a_results_folder_given_by_name_is_in_the_command(
        self, cli: Cli, reproduced: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = reproduced.root.rename(tmp_path / "my results")
        monkeypatch.chdir(tmp_path)
        text = cli("explain", f"{TABLE}:l1:0", "--results", folder).out
        self.run(text, cli)
        assert set(Results(tmp_path / "elsewhere").cells()) < set(Results(folder).cells())

    def test_a_planted_world(self, cli: Cli, results: Results, suite_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its spec has a world, and options that are not given."""
        monkeypatch.chdir(tmp_path)
        sizes = [f"--set=data.{name}={value}" for name, value in {"train": 40, "val": 8, "test": 8, "bags": 10, "frames": 3}.items()]
        small = [*sizes, "--set", "train.batch_size=8", "--steps", 2, "--seeds", 1, "--no-control"]
        made = cli("reproduce", suite_file, "--data", "planted:holds", *small)
        assert made.code == 0, made.err
        text = cli("explain", "mini@planted:holds:full:0").out
        self.run(text, cli)
        (name,) = Results(tmp_path / "elsewhere").cells()
        assert text.startswith(f"cell {name},")
        assert name in results.cells()


class TestForms:
    def test_a_row_without_a_seed_is_explained_seed_by_seed(self, cli: Cli, reproduced: Results) -> None:
        out = cli("explain", f"{TABLE}:l1").out
        ids = [line.split()[1].rstrip(",") for line in out.splitlines() if line.startswith("cell ")]
        assert ids == [one(reproduced, "l1", seed, cli)["id"] for seed in (0, 1)]
        assert out.count("again:") == 2

    def test_an_id_or_its_beginning(self, cli: Cli, reproduced: Results) -> None:
        name = one(reproduced, "full", 0, cli)["id"]
        assert cli("explain", name[:7]).out == cli("explain", name).out == cli("explain", f"{TABLE}:full:0").out

    def test_json_is_one_document_of_whole_records(self, cli: Cli, reproduced: Results) -> None:
        expected = [one(reproduced, "l1", seed, cli) for seed in (0, 1)]
        assert cli("explain", f"{TABLE}:l1", "--json").json == expected
        assert cli("explain", f"{TABLE}:l1:1", "--json").json == expected[1:]

    def test_the_configuration_alone(self, cli: Cli, reproduced: Results) -> None:
        cell = one(reproduced, "l1", 0, cli)
        assert cli("explain", f"{TABLE}:l1", "--config").json == {**cell["experiment"], "controls": [{"type": "constant-scores"}]}

    def test_a_cell_of_the_first_schema(self, cli: Cli, reproduced: Results) -> None:

        cell = one(reproduced, "full", 0, cli)
        old = {key: value for key, value in cell.items() if key not in ("parts", "sources", "chance", "leaks", "splits")}
        (reproduced.root / "cells" / f"{cell['id']}.json").write_text(json.dumps({**old, "schema_version": 1}))
        found = cli("explain", cell["id"])
        assert found.code == 0, found.err
        assert sections(found.out)["protocol"] == {"version": "not recorded"}
        assert "again:" in found.out


class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        ("reference", "words"),
        [
            (f"{TABLE}:ful:0", ["no row 'ful'", "did you mean full?"]),
            ("mini@smal:full", ["no table 'mini@smal'", "did you mean mini@small?"]),
            (TABLE, ["which row", "l1, full, full/shuffled-captions"]),
            ("ffffffffffffffff", ["there is no cell 'ffffffffffffffff'"]),
        ],
    )
    def test_it_is_told(self, reference: str, words: list[str], cli: Cli, reproduced: Results) -> None:
        assert_told(cli("explain", reference), 2, *words)

    def test_a_cell_that_is_not_whole(self, cli: Cli, reproduced: Results) -> None:
        name = one(reproduced, "full", 0, cli)["id"]
        (reproduced.root / "cells" / f"{name}.npz").unlink()
        assert_told(cli("explain", name), 2, f"the cell {name} is damaged, not whole", f"{name}.npz is missing")
        assert_told(cli("explain", f"{TABLE}:full:0"), 2, "no cell of", "taco-bench reproduce mini --data small")
