"""A tiny YouCook2 in the form that a researcher has it, with features in MMPT's layout, through the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.cli import Cli, Result, Results, assert_told
from helpers.distributions import install
from helpers.written import features, write_csv, youcook2_json

from taco_bench.plugins import load_plugins

pytest_plugins = ("helpers.fixtures",)

ENCODER = '''
"""An encoder of eight numbers from the stream of S3D."""

import numpy as np

from taco_bench import hookimpl


class Narrow:
    """As they are stored."""

    stream = "s3d-hm"
    width = 8

    def encode(self, frames):
        return np.asarray(frames, np.float32)


@hookimpl
def taco_bench_encoders(register):
    register("narrow", Narrow, summary="eight numbers of s3d-hm")
'''
WORDS = ("onion", "potato", "dough", "soup", "rice", "bean")
DEEDS = ("cut", "boil", "serve")
TRAINING, TEST = [f"tr{i}" for i in range(12)], [f"va{i}" for i in range(5)]
SMALL = {
    "model.width": 16, "model.heads": 2, "model.feedforward": 32, "model.max_video_tokens": 8, "train.batch_size": 8,
    "train.threads": 1, "sampler.hard_negatives": 2, "tagger": "wordlist", "text_encoder.type": "tiny",
}  # fmt: skip


@pytest.fixture
def narrow(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(install(tmp_path / "site", "taco-narrow", "1.0", "taco_narrow", ENCODER)))
    load_plugins.cache_clear()
    yield
    load_plugins.cache_clear()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three segments a video; the features of a segment say its words."""
    root = tmp_path / "data"
    root.mkdir()
    sentences = {
        v: [f"{deed} the {WORDS[(n + i) % 6]} in pan {n}" for i, deed in enumerate(DEEDS)] for n, v in enumerate([*TRAINING, *TEST])
    }
    youcook2_json(root, sentences)
    rows = [{"end": 10 * i + 8, "start": 10 * i, "task": 1, "text": sentences[v][i], "video_id": v} for v in TEST for i in range(3)]
    write_csv(root / "validation_youcook.csv", rows[:-1])
    folder = features(root / "s3d", dict.fromkeys(sentences, 30))
    for number, video in enumerate(sentences):
        values = np.load(folder / f"{video}.npy")
        for i in range(3):
            values[10 * i : 10 * i + 8, :] = 0.1 * values[10 * i : 10 * i + 8, :] / 30
            values[10 * i : 10 * i + 8, (number + i) % 6] += 3
        np.save(folder / f"{video}.npy", values)
    return root


def run(cli: Cli, root: Path, *arguments: object) -> Result:
    options = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
    where = ("--set", f"data.root={root}", "--set", f"data.features=s3d-hm={root / 's3d'}")
    return cli("run", "--data", "youcook2", "--encoder", "narrow", "--no-control", "--device", "cpu", *where, *options, *arguments)


def test_it_trains_and_is_tested_on_the_listed_clips(cli: Cli, narrow: None, data: Path, results: Results) -> None:
    found = run(cli, data, "--steps", 60, "--set", "train.learning_rate=0.003")
    assert found.code == 0, found.err
    (cell,) = results.cells().values()
    assert cell["pool"]["queries"] == cell["pool"]["videos"] == 14
    assert set(cell["queries"]["video"]) == set(TEST)
    assert cell["skipped"] == []
    assert cell["rows"]["all scores"]["t2v R@5"] > 60  # chance: 36
    assert set(cell["data"]) == {"yc2_annotations_trainval.json", "validation_youcook.csv", "features s3d-hm", "text encoder"}
    assert cell["remarks"][0] == "annotations: the official json (yc2_annotations_trainval.json)"
    for line in cell["remarks"]:
        assert line in found.out
    assert "not a data set of the paper" not in found.out
    moved = data.rename(data.with_name("elsewhere"))
    assert run(cli, moved, "--steps", 60, "--set", "train.learning_rate=0.003").code == 0
    assert len(results.cells()) == 1  # where files lie is no part of an id


def test_clips_without_features_stop_a_run_or_are_counted(cli: Cli, narrow: None, data: Path, results: Results) -> None:
    (data / "s3d" / "va1.npy").unlink()
    assert_told(run(cli, data, "--steps", 1), 3, "va1_0", "s3d-hm", "--on-missing skip")
    found = run(cli, data, "--steps", 1, "--on-missing", "skip")
    assert found.code == 0, found.err
    assert "11 queries, 11 clips of 4 videos; 3 clips without features skipped: test 3 of 14\n" in found.out
    (cell,) = results.cells().values()
    assert cell["skipped"] == ["va1_0", "va1_1", "va1_2"]
    assert cell["left_out"] == {"test": [3, 14]}
    (data / "s3d" / "tr1.npy").unlink()
    both = run(cli, data, "--steps", 1, "--on-missing", "skip")
    assert re.search(r"; (\d+) clips without features skipped: train \d+ of \d+, test 3 of 14\n", both.out), both.out


def test_segments_that_cannot_be_used_stop_a_run_or_are_counted(cli: Cli, narrow: None, data: Path, results: Results) -> None:
    path = data / "yc2_annotations_trainval.json"
    document = json.loads(path.read_text())
    document["database"]["tr3"]["annotations"][1]["segment"] = [18, 10]
    path.write_text(json.dumps(document))
    assert_told(run(cli, data, "--steps", 1), 3, "tr3_1", str(path), "data.bad_segments=skip")
    found = run(cli, data, "--steps", 1, "--set", "data.bad_segments=skip")
    assert found.code == 0, found.err
    assert "1 segments without length, text or place in their video left out" in found.out


def test_no_split_shares_a_video(cli: Cli, narrow: None, data: Path, results: Results) -> None:
    found = run(cli, data, "--steps", 4, "--set", "data.held_out=2", "--set", "train.validate_every=2", "--set", "train.checkpoint=best")
    assert found.code == 0, found.err
    (cell,) = results.cells().values()
    assert {split: int(told.split()[0]) for split, told in cell["splits"].items()} == {"train": 30, "val": 6, "test": 14}
    assert not any("same video" in leak for leak in cell["leaks"])


def test_a_validation_split_is_needed_to_validate(cli: Cli, narrow: None, data: Path) -> None:
    assert_told(run(cli, data, "--steps", 4, "--set", "train.validate_every=2"), 3, "val split has 0 clips")


def test_other_cut_offs(cli: Cli, narrow: None, data: Path, results: Results) -> None:
    assert run(cli, data, "--steps", 1, "--set", "task.ks=[1, 7]").code == 0
    (cell,) = results.cells().values()
    assert {"t2v R@1", "t2v R@7", "v2t R@7"} <= set(cell["rows"]["all scores"])
    assert "t2v R@5" not in cell["rows"]["all scores"]
    assert_told(run(cli, data, "--set", "task.ks=[0]"), 2, "ks")
