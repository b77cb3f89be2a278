"""``taco-bench run``: several seeds, and grids."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.cli import ONE, SMALL, Cli, Results
from helpers.run_tables import COLUMNS, rows_of

pytest_plugins = ("helpers.fixtures",)


class TestSeedsAndGrids:
    def test_two_seeds(self, cli: Cli, results: Results) -> None:
        found = cli(*ONE, "--seeds", 2, "--seed", 5)
        assert found.code == 0, found.err
        assert "seeds 5, 6" in found.out
        cells = results.cells().values()
        assert sorted(cell["seed"] for cell in cells) == [5, 6]
        first, second = sorted(cells, key=lambda cell: cell["seed"])
        assert first["queries"] != second["queries"]
        label = next(iter(rows_of(found.out)))
        for column, figure in zip(COLUMNS, rows_of(found.out)[label], strict=True):
            a, b = (cell["rows"]["all scores"][column] for cell in cells)
            assert figure == f"{(a + b) / 2:.1f} ±{abs(a - b) / 2**0.5:.1f}"

    def test_no_seed_is_seed_0(self, cli: Cli, results: Results) -> None:
        cli(*ONE)
        assert "1 of 1 cells are there already" in cli(*ONE, "--seed", 0).err
        assert [cell["seed"] for cell in results.cells().values()] == [0]

    def test_the_control_has_the_seeds_of_the_result(self, cli: Cli, results: Results) -> None:
        found = cli(*SMALL, "--seeds", 2, "--steps", 2)
        assert "shuffled captions (2 trained the same way)" in found.out
        assert len(results.cells()) == 4

    def test_repeated_options_make_a_grid(self, cli: Cli, results: Results) -> None:
        found = cli(*ONE, "--sampler", "cascade", "--sampler", "random", "--tokens", "noun", "--tokens", "verb,adj", "--steps", 2)
        assert found.code == 0, found.err
        labels = [label for label in rows_of(found.out) if "sampler" in label]
        assert labels == [f"tokens {tokens}, sampler {sampler}" for tokens in ("noun", "verb,adj") for sampler in ("cascade", "random")]
        made = {(tuple(s["type"] for s in c["experiment"]["tokens"]), c["experiment"]["sampler"]["type"]) for c in results.cells().values()}
        assert made == {(tokens, sampler) for tokens in (("noun",), ("verb", "adj")) for sampler in ("cascade", "random")}

    def test_a_grid_over_data_sets_says_which_row_is_of_which(self, cli: Cli) -> None:
        """Both pools are named, and the controls of both are there: chance is another figure on 10 videos than on 16."""
        out = cli("run", "--data", "small", "--data", "smaller", "--no-control", "--steps", 1).out
        for words in ("small, ", "smaller, ", "16 videos", "10 videos"):
            assert words in out
        chances = [line.split()[1:4] for line in out.splitlines() if line.strip().startswith("chance")]
        assert sorted(chances) == [["10.0", "50.0", "100.0"], ["6.2", "31.2", "62.5"]]

    def test_losses_are_taken_out_and_their_rows_too(self, cli: Cli, results: Results) -> None:
        out = cli(*ONE, "--losses", "l1,l3").out
        assert "sentence score alone" in out
        assert "fusion score alone" in out
        assert "token score" not in out
        (cell,) = results.cells().values()
        assert cell["experiment"]["losses"]["use"] == ["l1", "l3"]
        assert cell["experiment"]["tokens"] == []

    def test_one_loss_has_one_row(self, cli: Cli) -> None:
        rows = rows_of(cli(*ONE, "--losses", "l1").out)
        assert len(rows) == 3  # itself, constant scores, chance

    def test_no_tokens_is_the_same_as_no_l2(self, cli: Cli, results: Results) -> None:
        cli(*ONE, "--losses", "l1,l3", "--steps", 2)
        found = cli(*ONE, "--tokens", "none", "--steps", 2)
        assert "1 of 1 cells are there already" in found.err
        assert len(results.cells()) == 1

    def test_the_order_of_losses_is_no_difference(self, cli: Cli, results: Results) -> None:
        cli(*ONE, "--losses", "l1,l2", "--steps", 1)
        cli(*ONE, "--losses", "l2,l1", "--steps", 1)
        assert len(results.cells()) == 1

    @pytest.mark.parametrize(
        "change",
        [
            ("--steps", 3),
            ("--set", "train.learning_rate=0.002"),
            ("--set", "train.threads=2"),
            ("--set", "sampler.hard_negatives=3"),
            ("--set", "losses.symmetric=true"),
            ("--set", "evaluation.split=val"),
            ("--set", "data.train=39"),
            ("--tokens", "noun"),
            ("--token-weights", "uniform"),
            ("--seed", 1),
        ],
    )
    def test_a_changed_option_is_another_cell(self, change: tuple[str, object], cli: Cli, results: Results) -> None:
        assert cli(*ONE, "--steps", 2).code == 0
        found = cli(*ONE, *(() if change[0] == "--steps" else ("--steps", 2)), *change)
        assert found.code == 0, found.err
        assert len(results.cells()) == 2

    @pytest.mark.parametrize(
        "same",
        [("--set", "train.learning_rate=1e-3"), ("--sampler", "cascade"), ("--sampler", "cascade:2"), ("--set", "sampler.type=cascade")],
    )
    def test_an_option_given_as_it_is_anyway_is_the_same_cell(self, same: tuple[str, str], cli: Cli, results: Results) -> None:
        cli(*ONE, "--steps", 1)
        assert cli(*ONE, "--steps", 1, *same).code == 0
        assert len(results.cells()) == 1

    def test_assignments_of_a_component_and_of_its_options_add_up(self, cli: Cli, results: Results) -> None:
        assert cli(*ONE, "--steps", 1, "--set", "sampler=random", "--set", "sampler.hard_negatives=3").code == 0
        (cell,) = results.cells().values()
        assert cell["experiment"]["sampler"] == {"type": "random", "hard_negatives": 3}

    def test_changed_source_of_a_component_is_another_cell(self, cli: Cli, results: Results, site: Path) -> None:
        arguments = (*ONE, "--steps", 1, "--sampler", "neighbours")
        cli(*arguments)
        source = site / "taco_picks.py"
        text = source.read_text()
        try:
            source.write_text(text + "\n# another version\n")
            cli(*arguments)
        finally:
            source.write_text(text)
        assert len(results.cells()) == 2
        cli(*arguments)
        assert len(results.cells()) == 2

    def test_changed_source_of_a_component_that_is_not_used_is_the_same_cell(self, cli: Cli, results: Results, site: Path) -> None:
        arguments = (*ONE, "--steps", 1)
        cli(*arguments)
        source = site / "taco_picks.py"
        text = source.read_text()
        try:
            source.write_text(text + "\n# another version\n")
            cli(*arguments)
        finally:
            source.write_text(text)
        assert len(results.cells()) == 1


@pytest.fixture(autouse=True)
def no_stray_threads() -> Iterator[None]:
    """Each training sets the number of threads of the process; the tests after it have what they had before."""
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
