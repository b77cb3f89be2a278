"""Verbs that train nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from helpers.cli import Cli, Started, assert_told

from taco_bench import __version__
from taco_bench.cli.main import VERBS
from taco_bench.plugins import HOOKS

pytest_plugins = ("helpers.fixtures",)

HEAVY = ("torch", "mmengine", "transformers", "spacy", "sklearn")
WATCH_IMPORTS = (
    f"import atexit, sys; atexit.register(lambda: print('imported:', [name for name in {HEAVY} if name in sys.modules], file=sys.stderr)); "
)


class TestHelp:
    @pytest.mark.parametrize(
        "arguments", [["--help"], ["-h"], [], ["run", "--help"], ["list"], ["show", "sampler", "cascade"], ["plugins"]]
    )
    def test_it_imports_nothing_heavy(self, arguments: list[str], start: Callable[..., Started]) -> None:
        found = start(*arguments, before=WATCH_IMPORTS).finish()
        assert found.code == 0
        assert "imported: []" in found.err

    def test_all_verbs_have_their_line(self, cli: Cli) -> None:
        out = " ".join(cli("--help").out.split())  # long lines are broken in a narrow terminal
        for verb, line in VERBS.items():
            assert verb in out
            assert line in out

    @pytest.mark.parametrize("verb", VERBS)
    def test_every_verb_has_help(self, verb: str, cli: Cli) -> None:
        found = cli(verb, "--help")
        assert found.code == 0
        assert f"taco-bench {verb}" in found.out
        assert len(found.out.splitlines()) > 4

    def test_the_exit_codes_are_told(self, cli: Cli) -> None:
        out = " ".join(cli("--help").out.split())
        for code in ("0 done", "2 usage", "3 data", "4 plugin", "5 some cells failed", "130 interrupted"):
            assert code in out

    def test_run_names_every_option_of_the_design(self, cli: Cli) -> None:
        out = cli("run", "--help").out
        options = "data encoder text-encoder task tokens token-weights sampler losses scores seed seeds steps set config results device"
        for option in options.split():
            assert f"--{option} " in out

    def test_without_a_verb_it_says_what_to_do_next(self, cli: Cli) -> None:
        found = cli()
        assert found.code == 0
        assert "taco-bench run" in found.out
        assert "taco-bench list" in found.out
        assert "--help" in found.out


def test_the_package_runs_as_a_module(small_plugins: object) -> None:
    found = subprocess.run([sys.executable, "-P", "-m", "taco_bench", "version"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith(f"taco-bench {__version__}")


class TestList:
    def test_every_kind_is_there_with_its_components(self, cli: Cli) -> None:
        found = cli("list")
        assert found.code == 0
        assert [line[:-1] for line in found.out.splitlines() if line.endswith(":") and not line.startswith(" ")] == list(HOOKS)
        assert re.search(r"^  cascade +\S", found.out, re.MULTILINE)

    def test_one_kind(self, cli: Cli) -> None:
        out = cli("list", "text-encoder").out
        assert "bert" in out
        assert "cascade" not in out

    def test_third_parties_are_named(self, cli: Cli) -> None:
        (line,) = [line for line in cli("list", "sampler").out.splitlines() if line.startswith("  neighbours")]
        assert "taco-picks 2.5" in line
        (own,) = [line for line in cli("list", "sampler").out.splitlines() if line.startswith("  cascade")]
        assert "[" not in own

    def test_json_has_one_entry_a_component(self, cli: Cli) -> None:
        components = cli("list", "--json").json
        assert {component["kind"] for component in components} == set(HOOKS)
        found = {(component["kind"], component["name"]): component for component in components}
        assert len(found) == len(components)
        assert found["data", "small"] == {
            "kind": "data", "name": "small", "summary": "a few synthetic clips", "distribution": "taco-small", "version": "0.1",
        }  # fmt: skip

    def test_json_of_one_kind(self, cli: Cli) -> None:
        assert {component["kind"] for component in cli("list", "task", "--json").json} == {"task"}

    def test_an_unknown_kind_names_the_nearest(self, cli: Cli) -> None:
        assert_told(cli("list", "samplers"), 2, "samplers", "did you mean sampler?")


class TestShow:
    def test_a_component_with_its_options(self, cli: Cli) -> None:
        found = cli("show", "sampler", "cascade")
        assert found.code == 0
        (option,) = [line for line in found.out.splitlines() if "sampler.hard_negatives" in line]
        assert re.search(r"--set sampler\.hard_negatives=\s+int\s+8\s+K'", option)
        assert "taco-bench" in found.out

    def test_a_third_partys_component(self, cli: Cli) -> None:
        out = cli("show", "sampler", "neighbours").out
        assert "taco-picks 2.5" in out
        assert "The next pairs of the batch." in out

    def test_a_data_set_shows_its_preset(self, cli: Cli) -> None:
        out = cli("show", "data", "small").out
        assert re.search(r"train\.batch_size\s+8\b", out)
        assert re.search(r"--set data\.fault=", out)

    def test_the_option_shown_is_the_option_taken(self, cli: Cli) -> None:
        """Kinds whose field is spelt with an underscore are shown as --set takes them."""
        assert "--set text_encoder.width=" in cli("show", "text-encoder", "tiny").out

    def test_an_option_with_choices_shows_them(self, cli: Cli) -> None:
        (line,) = [line for line in cli("show", "options").out.splitlines() if line.startswith("losses.reduction")]
        assert "mean" in line
        assert "sum" in line

    def test_options_of_a_run(self, cli: Cli) -> None:
        out = cli("show", "options").out
        for key, default in {"train.batch_size": "128", "model.width": "768", "losses.token_loss_weight": "0.5"}.items():
            assert re.search(rf"^{re.escape(key)}\s+\w+\s+{re.escape(default)}\s+\S", out, re.MULTILINE), key

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["sampler", "cascde"], ["cascde", "did you mean cascade?"]),
            (["smapler", "cascade"], ["smapler", "did you mean sampler?"]),
            (["optoins"], ["optoins", "options"]),
            (["sampler"], ["which sampler", "taco-bench list sampler"]),
            ([], ["KIND"]),
        ],
    )
    def test_what_is_not_there(self, arguments: list[str], words: list[str], cli: Cli) -> None:
        assert_told(cli("show", *arguments), 2, *words)


def test_version(cli: Cli) -> None:
    lines = dict(line.split(maxsplit=1) for line in cli("version").out.splitlines())
    assert lines["taco-bench"] == __version__
    assert lines["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"torch", "transformers", "pluggy", "numpy"} <= set(lines)


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["rnu"], ["rnu", "did you mean run?"]),
            (["Run"], ["Run", "did you mean run?"]),
            (["run", "--sampeler", "cascade"], ["--sampeler", "--sampler", "try:   taco-bench run --help"]),
            (["list", "--jsno"], ["--jsno", "--json"]),
            (["run", "--stepz", "3"], ["--stepz", "--steps", "try:   taco-bench run --help"]),
            (["table", "paper/table3", "--format", "html"], ["--format", "'html'", "try:   taco-bench table --help"]),
            (["--no-plugin", "list"], ["--no-plugin", "--no-plugins", "try:   taco-bench --help"]),
            (["plugins", "docter"], ["docter", "doctor"]),
            (["run", "--seeds", "0"], ["--seeds", "0"]),
            (["run", "--seed", "-1"], ["--seed", "-1"]),
            (["run", "--steps", "many"], ["--steps", "many"]),
            (["run", "--device", "tpu"], ["--device", "tpu", "cuda"]),
            (["run", "--on-missing", "panic"], ["--on-missing", "skip"]),
            (["run", "--data"], ["--data"]),
            (["run", "extra"], ["extra"]),
        ],
    )
    def test_a_wrong_call_says_what_and_what_next(self, arguments: list[str], words: list[str], cli: Cli) -> None:
        found = cli(*arguments)
        assert_told(found, 2, *words, "  try:")
        assert found.out == ""


def test_a_reader_that_goes_away_is_no_error(start: Callable[..., Started]) -> None:
    started = start("list")
    assert started.process.stdout is not None
    started.process.stdout.close()
    started.process.stdout = None
    found = started.finish()
    assert "Traceback" not in found.err


def test_json_output_is_json_whatever_the_terminal(shell: Cli) -> None:
    found = shell("list", "--json", FORCE_COLOR="1")
    assert json.loads(found.out)


class TestDataBuild:
    def test_a_set_whose_files_come_from_elsewhere(self, cli: Cli) -> None:
        assert_told(cli("data", "build", "youcook2"), 2, "'youcook2' cannot be made here", "taco-bench show data youcook2")
