"""Third parties' components that raise, wherever they are called: told as theirs, and no other row pays for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.cli import ONE, TWO_WORKERS, Cli, Results, assert_told

pytest_plugins = ("helpers.fixtures", "helpers.mini")
pytestmark = pytest.mark.usefixtures("rude")

WHO = "of taco-rude 0.3"
RAISED = "Boom('the plug fell out')"
SHORT = (*ONE, "--steps", 2)
AT_ONCE = {
    "selector": (["--tokens", "rude:1"], ["tokens 'rude'", "raised in select()", RAISED]),
    "selector that yields": (["--tokens", "rude-lazy"], ["tokens 'rude-lazy'", RAISED]),
    "selector without an answer": (["--tokens", "rude-silent"], ["tokens 'rude-silent'", "answers that cannot be used", "NoneType"]),
    "selector with too few answers": (["--tokens", "rude"], ["Selector of taco-rude 0.3 gave 0 answers"]),
    "weighting": (["--token-weights", "rude"], ["token-weights 'rude'", "raised in weigh()", RAISED]),
    "encoder": (["--encoder", "rude"], ["encoder 'rude'", "raised in encode()", RAISED]),
    "encoder of ragged tokens": (["--encoder", "rude-ragged"], ["encoder 'rude-ragged'", "tokens that cannot be used"]),
    "encoder without a width": (["--encoder", "rude-width"], ["encoder 'rude-width'", "raised in width", RAISED]),
    "tagger": (["--set", "tagger=rude"], ["tagger 'rude'", "raised in tag()", RAISED]),
    "tagger that may be missing": (["--set", "tagger=rude:missing"], ["raised in missing()", RAISED]),
    "tagger without a name": (["--set", "tagger=rude:identity"], ["raised in identity()", RAISED]),
    "tagger that exits": (["--set", "tagger=rude:exit"], ["raised in tag()", "SystemExit(3)"]),
    "tagger without words": (["--set", "tagger=rude:nothing"], ["words that cannot be used", "NoneType"]),
    "sampler": (["--sampler", "rude"], ["sampler 'rude'", "raised in negatives()", RAISED]),
    "sampler without a number": (["--sampler", "rude:none"], ["a K' that cannot be used"]),
    "sampler whose options cannot be read": (["--sampler", "rude-untyped"], ["has options that cannot be read", "NotThere"]),
    "data": (["--data", "rude"], ["data 'rude'", "raised in clips()", RAISED]),
    "data that are no clips": (["--data", "rude:tuples"], ["clips that cannot be used"]),
    "data that cannot be read": (["--data", "rude:read"], ["raised in read()", RAISED]),
    "data without files": (["--data", "rude:files"], ["raised in files()", RAISED]),
    "data without fingerprints": (["--data", "rude:fingerprints"], ["raised in fingerprints()", RAISED]),
    "text encoder": (["--text-encoder", "rude"], ["text-encoder 'rude'", "raised in fit()", RAISED]),
    "control that trains": (["--set", "controls=rude:training"], ["control 'rude'", "raised in training()", RAISED]),
    "launcher": (["--launcher", "rude"], ["launcher 'rude'", "raised in workers()", RAISED]),
}


def arguments(given: list[str]) -> tuple[object, ...]:
    return ("run", *given, "--no-control", "--steps", 2) if "--data" in given else ("run", "--data", "small", "--steps", 2, *given)


@pytest.mark.parametrize("case", AT_ONCE)
def test_it_ends_before_anything_is_trained_and_names_who(case: str, cli: Cli, results: Results) -> None:
    given, words = AT_ONCE[case]
    found = cli(*arguments(given))
    assert_told(found, 4, WHO, *words)
    assert results.cells() == {}
    assert results.weights() == {}


def test_the_message_says_where_and_what_to_do(cli: Cli, rude: Path) -> None:
    lines = cli(*SHORT, "--sampler", "rude").err.splitlines()
    assert lines[0] == f"error: sampler 'rude' {WHO} raised in negatives(): {RAISED}"
    assert lines[1].startswith(f"  where: {rude / 'taco_rude.py'}, line ")
    assert lines[2] == "  try:   report this to the plugin's author; TACO_BENCH_TRACE=1 prints the traceback"


def test_what_the_user_can_mend_stays_the_users(cli: Cli) -> None:
    assert_told(cli("run", "--data", "rude:user", "--no-control"), 3, "the disk is in the post")


@pytest.mark.parametrize("given", [["--task", "rude"], ["--set", "controls=rude"], ["--sampler", "rude:sample"]], ids=lambda g: g[0])
def test_after_the_training_it_is_a_failed_cell(given: list[str], cli: Cli) -> None:
    assert_told(cli("run", "--data", "small", "--steps", 2, *given), 5, "failed: ", WHO)


@pytest.mark.parametrize("workers", [(), TWO_WORKERS], ids=["alone", "two workers"])
def test_other_rows_go_on(workers: tuple[object, ...], cli: Cli, results: Results) -> None:
    found = cli(*SHORT, "--tokens", "rude:1", "--tokens", "noun", "--tokens", "verb", "--seeds", 2, *workers)
    assert_told(found, 5, "failed: tokens rude:1, seed 0", "failed: tokens rude:1, seed 1", RAISED)
    assert found.err.count("failed: ") == 2
    assert sorted(cell["experiment"]["tokens"][0]["type"] for cell in results.cells().values()) == ["noun", "noun", "verb", "verb"]
    assert "failed: tokens rude:1, seed 0" in cli("status").out
    again = cli(*SHORT, "--tokens", "rude:1", "--tokens", "noun", "--tokens", "verb", "--seeds", 2, *workers)
    assert "4 of 6 cells are there already" in again.err
    assert again.code == 4


def test_a_selector_that_selects_nothing_costs_its_own_row(cli: Cli, results: Results, suite_file: Path, tmp_path: Path) -> None:
    reason = "the tokens of interest intj select no word of any caption"
    found = cli(*SHORT, "--tokens", "intj", "--tokens", "noun")
    assert_told(found, 5, f"failed: tokens intj, seed 0: {reason}")
    assert [cell["experiment"]["tokens"][0]["type"] for cell in results.cells().values()] == ["noun"]
    suite = tmp_path / "nothing.toml"
    suite.write_text(suite_file.read_text().replace('tokens = "noun,verb"', 'tokens = "intj"'))
    found = cli("reproduce", suite, "--data", "small", "--seeds", 1, "--steps", 2)
    assert_told(found, 5, "failed: All", reason)
    rows = [line for line in found.out.splitlines() if line.lstrip("| ").startswith("All")]
    assert any("FAILED" in row for row in rows)


def test_fail_fast_tells_failed_from_not_begun(cli: Cli, results: Results) -> None:
    found = cli(*SHORT, "--tokens", "rude:1", "--tokens", "noun", "--fail-fast", "--json")
    assert_told(found, 5, "failed: tokens rude:1, seed 0", "not begun: 1 cells", "tokens noun, seed 0")
    assert list(found.json["failed"]) == ["tokens rude:1, seed 0"]
    assert found.json["not_begun"] == ["tokens noun, seed 0"]
    assert results.cells() == {}


def test_a_trace_prints_the_plugins_frames(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACO_BENCH_TRACE", "1")
    for given in (["--tokens", "rude:1"], ["--task", "rude"]):
        err = cli(*SHORT, *given).err
        assert "Traceback" in err
        assert "taco_rude.py" in err
        assert "in boom" in err


class TestNobodyExpectedIt:
    """The last resort."""

    @pytest.fixture
    def broken(self, results: Results, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        monkeypatch.setenv("TACO_BENCH_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr("taco_bench.jobs.plan.cell_parts", lambda *_: 1 / 0)
        return tmp_path / "cache" / "faults"

    def test_what_where_and_the_file_with_the_traceback(self, broken: Path, cli: Cli) -> None:
        found = cli(*SHORT)
        assert_told(found, 1, "taco-bench did not expect this: ZeroDivisionError: division by zero", "test_rude_plugins.py, line ")
        (file,) = broken.iterdir()
        assert str(file) in found.err
        assert "in job_of" in file.read_text()

    def test_where_no_file_can_be_written(self, broken: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("TACO_BENCH_CACHE", str(tmp_path / "file"))
        monkeypatch.setattr("taco_bench.jobs.facts.facts_of", lambda *_: None)
        monkeypatch.setattr("taco_bench.cli.run_jobs.facts_of", lambda *_: 1 / 0)
        assert_told(cli(*SHORT), 1, "ZeroDivisionError", "TACO_BENCH_TRACE=1 prints the traceback")

    def test_what_is_done_stays(self, cli: Cli, results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
        assert cli(*SHORT).code == 0
        before = results.files()
        monkeypatch.setattr("taco_bench.jobs.plan.cell_parts", lambda *_: 1 / 0)
        assert cli(*SHORT).code == 1
        assert results.files() == before

    def test_in_one_row_it_fails_that_row(self, cli: Cli, results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
        from taco_bench.text.corpus import Interest

        monkeypatch.setattr(Interest, "_chosen", lambda self, words: {}["lost"] if words else [])
        found = cli(*SHORT, "--losses", "l1", "--losses", "l1,l2")
        assert_told(found, 5, "failed: losses l1,l2, seed 0: KeyError: 'lost'")
        assert [cell["experiment"]["losses"]["use"] for cell in results.cells().values()] == [["l1"]]


def test_a_guarded_component_is_still_what_it_is(rude: Path) -> None:
    import pickle

    from taco_bench.plugins import load_plugins

    built = load_plugins().build("sampler", {"type": "random", "hard_negatives": 3})
    assert built.hard_negatives == 3
    assert type(built).__name__ == "Guarded"
    assert built.__class__.__name__ == "Random"
    assert isinstance(built, built.__class__)
    built.hard_negatives = 4
    assert built.negatives(8) == 4
    assert not hasattr(built, "nothing")
    assert pickle.loads(pickle.dumps(built)).negatives(8) == 4
    assert json.dumps(load_plugins().build("data", {"type": "small"}).sizes)
