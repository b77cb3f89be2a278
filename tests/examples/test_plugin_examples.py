"""The example plugins, written from the documentation alone: installed beside the wheel, tested by contract, and as rows of a table."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from example_plugins import EXAMPLES, NAMES

import taco_bench

pytestmark = pytest.mark.examples
Run = Callable[..., str]


@pytest.mark.skipif("TACO_BENCH_TEST_WHEEL" not in os.environ, reason="set where the wheel is what must be tested: by tox")
def test_they_stand_beside_the_wheel() -> None:
    assert "site-packages" in Path(taco_bench.__file__).parts


def test_all_of_them_are_well(taco: Run) -> None:
    taco("plugins", "doctor")
    for name, component in zip(NAMES, ("sampler semi-hard", "tokens saliency", "data folder"), strict=True):
        assert f"{component}: " in taco("plugins", "show", name)


@pytest.mark.parametrize("name", NAMES)
def test_each_passes_its_own_tests(python: Run, name: str) -> None:
    python(EXAMPLES / name, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_they_stand_as_rows_beside_the_paper_s(taco: Run) -> None:
    table = json.loads(taco("reproduce", EXAMPLES / "suite.toml", "--data", "planted:holds", "--seeds", 2, "--json", "--quiet"))
    found = {row["name"]: row for row in table["rows"]}
    assert [name for name, row in found.items() if row["kind"] == "result"] == ["cascade", "random", "semi-hard", "saliency"]
    assert all(found[name]["seeds"] == [0, 1] for name in ("semi-hard", "saliency"))
    chance = found["chance"]["values"]["t2v R@5"][0]
    assert min(found["semi-hard"]["values"]["t2v R@5"] + found["saliency"]["values"]["t2v R@5"]) > 4 * chance
    assert max(found["cascade/shuffled-captions"]["values"]["t2v R@5"]) < 4 * chance
    assert {claim["name"] for claim in table["claims"]} == {"semi-hard over random", "noun+verb over saliency"}


def test_no_tagger_is_asked_for_by_saliency_alone(taco: Run) -> None:
    printed = taco("run", "--data", "planted:holds", "--tokens", "saliency", "--steps", 2, "--no-control", "--quiet")
    assert "parts of speech by nobody (split 1)" in printed
    assert "taco-saliency 0.1.0" in printed


def test_from_a_folder_of_videos_to_a_table(python: Run, taco: Run, tmp_path: Path) -> None:
    python(tmp_path, EXAMPLES / "taco-folder" / "make_videos.py", "own")
    assert len(list((tmp_path / "own" / "videos").iterdir())) == 60
    taco("features", "extract", "--encoder", "efficientnet-lite0", "--videos", "own/videos", "--out", "own/features/efficientnet-lite0")
    run = ("run", "--data", "folder", "--set", "data.captions=own/captions.csv", "--set", "data.features=own/features", "--steps", 60)
    printed = taco(*run, "--quiet")
    assert "60 clips of 60 videos: 41 train, 5 val, 14 test, by a hash of the video with the key 0" in printed
    assert "folder, retrieval, test split: 28 queries, 14 videos" in printed
    assert "with components of taco-folder 0.1.0" in printed
    cells = [json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "results" / "cells").glob("[!.]*.json")]
    assert sorted(cell["experiment"]["train"]["shuffle_captions"] for cell in cells) == [False, True]
