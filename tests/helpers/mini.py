"""A suite of two rows and its real results on the small data set, for tests of verbs that look at a results folder.

A test module takes them with ``pytest_plugins = ("helpers.fixtures", "helpers.mini")``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.cli import Cli, Results

SUITE = """
schema = 1
title = "Mini"
source = "none"
task = "retrieval"
columns = ["t2v R@1", "t2v R@10"]
metric = "t2v R@1"
control = "full"
smallest_effect = { default = 1.0 }

[[row]]
name = "l1"
label = "L1"
options = { sampler = "random", tokens = "none", "losses.use" = ["l1"] }

[[row]]
name = "full"
label = "All"
options = { sampler = "cascade", tokens = "noun,verb", "losses.use" = ["l1", "l2", "l3"] }

[[claim]]
name = "all over l1"
better = "full"
worse = "l1"
primary = true
source = "none"
"""
SEEDS = 2


@pytest.fixture(scope="session")
def suite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("suites") / "mini.toml"
    path.write_text(SUITE, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def kept_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reproduced") / "kept"


@pytest.fixture
def reproduced(cli: Cli, results: Results, suite_file: Path, kept_folder: Path) -> Results:
    """This test's results folder with the six cells of the suite: two rows and a control over two seeds, made once a session."""
    if not kept_folder.exists():
        made = cli("reproduce", suite_file, "--data", "small", "--seeds", SEEDS, "--results", kept_folder)
        assert made.code == 0, made.err
    shutil.copytree(kept_folder, results.root)
    return results
