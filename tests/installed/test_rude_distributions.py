"""Distributions that pip installed and that misbehave: what does not need them goes on, and the message names who, where and what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers.cli import Cli, assert_told

from taco_bench import __version__

pytest_plugins = ("helpers.fixtures",)

SMALL = ["data.train=24", "data.val=4", "data.test=8", "data.bags=12", "train.batch_size=8"]
RUN = ("run", "--data", "planted:holds", "--steps", 2, "--no-control", "--quiet", *(part for each in SMALL for part in ("--set", each)))
BROKEN = ("taco-ahead", "taco-crash", "taco-in-hook", "taco-misspelt", "taco-newer", "taco-odd", "taco-unmarked")
DOCTOR = {
    "taco-ahead": (
        "ImportError: cannot import name 'NotYetThere'",
        "taco_ahead.py, line 1",
        "pip install --upgrade taco-bench, if it needs",
    ),
    "taco-crash": ("while it was imported", "RuntimeError: no battery", "taco_crash.py, line 4", "pip uninstall taco-crash"),
    "taco-in-hook": ("in its hook taco_bench_samplers", "KeyError: 'lost'", "taco_in_hook.py, line 29", "pip uninstall taco-in-hook"),
    "taco-misspelt": (
        "when it was registered",
        "there is no hook 'taco_bench_sampelrs'",
        "taco_misspelt.py, line 27",
        "did you mean taco_bench_samplers",
    ),
    "taco-unmarked": ("taco_bench_samplers() is not marked as a hook", "taco_unmarked.py, line 27", "put @taco_bench.hookimpl above it"),
    "taco-newer": ("written against contract 7.3", f"taco-bench {__version__} has contract 0.1", "pip install --upgrade taco-bench"),
    "taco-odd": ("its contract 'soon' is no version", '"0.1" = "taco_odd" under [project.entry-points.taco_bench_contract]'),
}


def test_list_works_beside_all_of_them(taco: Cli) -> None:
    found = taco("list")
    assert found.code == 0
    for word in ("cascade", "babyai", "good", "[taco-good 1.5]", "[taco-one 1.1]", "[taco-two 2.2]"):
        assert word in found.out
    assert f"{len(BROKEN)} plugins failed to load; `taco-bench plugins doctor` says why" in found.err


def test_what_is_printed_at_import_is_kept_off_stdout(taco: Cli) -> None:
    found = taco("list", "--json", only="taco-chatty")
    assert "chatty" in {component["name"] for component in json.loads(found.out)}
    assert "past python" in found.err
    loaded = json.loads(taco("plugins", "list", "--json", only="taco-chatty").out)["loaded"]
    assert {plugin["distribution"]: plugin["printed"] for plugin in loaded}["taco-chatty"] == "hello from far away"
    told = taco("plugins", "doctor", only="taco-chatty")
    assert told.code == 0
    assert "taco-chatty 1.0 (entry point taco-chatty = taco_chatty): printed while it was loaded\n    hello from far away" in told.out


@pytest.mark.parametrize("name", BROKEN)
def test_the_doctor_says_who_where_and_what_to_do(name: str, taco: Cli) -> None:
    found = taco("plugins", "doctor", only=name)
    assert found.code == 4
    for word in (f"{name} 1.0 (entry point {name} = {name.replace('-', '_')}): failed", *DOCTOR[name]):
        assert word in found.out


def test_one_that_adds_nothing_is_no_failure(taco: Cli) -> None:
    found = taco("plugins", "doctor", only="taco-empty")
    assert found.code == 0
    assert "taco-empty 1.0 (entry point taco-empty = taco_empty): adds no component" in found.out
    assert re.search(r"all \d+ plugins are well, but for the remarks above", found.out)


def test_a_newer_contract_is_read_before_the_import(taco: Cli) -> None:
    assert "it was imported all the same" not in taco("plugins", "doctor", only="taco-newer").out


def test_what_failed_and_why_as_data(taco: Cli) -> None:
    found = json.loads(taco("plugins", "list", "--json", only="taco-crash,taco-good").out)
    assert {plugin["distribution"] for plugin in found["loaded"]} == {"taco-bench", "taco-good"}
    (failed,) = found["failed"]
    assert (failed["distribution"], failed["version"], failed["reason"]) == ("taco-crash", "1.0", "RuntimeError: no battery")
    assert failed["where"].endswith("taco_crash.py, line 4")


def test_a_name_taken_twice_names_both(taco: Cli, inside: Cli) -> None:
    both = "sampler 'dice' is registered by taco-one 1.1 and taco-two 2.2"
    assert_told(inside(*RUN, "--sampler", "dice"), 4, both, "uninstall one of them")
    told = taco("plugins", "doctor", only="taco-one,taco-two")
    assert told.code == 4
    assert both in told.out


def test_one_that_hangs_is_named_while_it_does_and_by_its_load_time(taco: Cli) -> None:
    sooner = "import taco_bench.loading; taco_bench.loading.TOLD_AFTER = 0.6; "
    found = taco("list", "sampler", only="taco-sleepy", before=sooner)
    assert found.code == 0
    assert "sleepy" in found.out
    assert found.err.startswith("still loading plugin taco-sleepy 1.0 (entry point taco-sleepy = taco_sleepy); `taco-bench --no-plugins")
    assert "still loading" not in taco("list", "sampler", only="taco-good", before=sooner).err
    told = taco("plugins", "doctor", only="taco-sleepy")
    assert told.code == 0
    assert "taco-sleepy 1.0 (entry point taco-sleepy = taco_sleepy): 1." in told.out
    assert "import what is heavy inside the functions that use it" in told.out


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--tokens", "short-mask"], 4, ["the token selector Selector of taco-mask 1.0 gave", "select() returns"]),
        (["--sampler", "own-pair"], 5, ["the sampler Thing of taco-positive 1.0 gave no valid negatives", "other than the anchor's own"]),
        (["--encoder", "nan-encoder"], 3, ["features are not finite", "or it comes from encoder 'nan-encoder' of taco-nan 1.0"]),
    ],
    ids=["mask of the wrong shape", "the positive as a negative", "tokens that are no numbers"],
)
def test_a_bad_answer_in_a_run(options: list[str], code: int, words: list[str], inside: Cli) -> None:
    assert_told(inside(*RUN, *options), code, *words)


def test_scores_that_are_no_numbers(inside: Cli) -> None:
    found = inside(*(part for part in RUN if part != "--no-control"), "--set", "controls=nan-control")
    assert_told(found, 5, "the control Control of taco-nan 1.0 gave scores that cannot be evaluated", "NaN", "disguise() gives")


def test_a_table_names_distribution_and_version(inside: Cli) -> None:
    found = inside(*RUN, "--sampler", "good", "--sampler", "random")
    assert found.code == 0, found.err
    assert "sampler good: " in found.out
    assert "with components of taco-good 1.5" in found.out


def test_show_lists_what_a_distribution_adds(taco: Cli, installed: Path) -> None:
    found = taco("plugins", "show", "taco-nan")
    assert found.code == 0
    assert "control nan-control: scores that are no numbers\nfrom taco-nan 1.0, taco_nan" in found.out
    assert "encoder nan-encoder" in found.out
    assert_told(taco("plugins", "show", "taco-crash"), 4, "taco-crash 1.0", "while it was imported", "no battery")
    assert_told(taco("plugin", "show", "taco-goood"), 2, "did you mean taco-good")


def test_check_says_what_failed_and_what_to_do(taco: Cli) -> None:
    found = taco("plugins", "check", "taco-positive", only="taco-positive")
    assert found.code == 4
    assert "    test_never_the_positive: a pair is its own negative" in found.out
    assert "  training: failed (exit code 5)\n" in found.out
    assert "the sampler Thing of taco-positive 1.0 gave no valid negatives" in found.out
    assert "taco_bench/api.py" in found.err
