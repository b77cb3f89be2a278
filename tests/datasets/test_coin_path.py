"""The whole path on COIN's form: annotations, stand-in features, a training, a segmentation, a table."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.cli import Cli, Results

pytest_plugins = ("helpers.fixtures",)

MODEL = {"width": 32, "heads": 2, "feedforward": 64, "dropout": 0, "video_layers": 1, "fusion_layers": 1}
QUICK = {"train.batch_size": 8, "train.threads": 1, "task.epochs": 12, "task.learning_rate": 0.01, "task.batch_size": 4}


@pytest.fixture
def annotations(tmp_path: Path) -> Path:
    """24 training and 8 test videos of 20 seconds: three steps of 4 seconds each, in any order, then background."""
    draw = np.random.default_rng(0)
    database = {}
    for at in range(32):
        steps = [(int(step), 5 * place, 5 * place + 4) for place, step in enumerate(draw.permutation([1, 2, 3]))]
        found = [{"id": str(step), "segment": [start, end], "label": f"do step {step}"} for step, start, end in steps]
        subset = "training" if at < 24 else "testing"
        database[f"video{at}"] = {"annotation": found, "duration": 20.0, "class": "MakeCake", "subset": subset}
    (tmp_path / "COIN.json").write_text(json.dumps({"database": database}))
    return tmp_path


@pytest.mark.parametrize(("signal", "low", "high"), [(0, 0, 78), (12, 90, 100)])
def test_accuracy_follows_the_knob(cli: Cli, results: Results, annotations: Path, signal: float, low: float, high: float) -> None:
    """Background everywhere is right for 40 %. Noise can teach where the steps lie, not which they are: 40 + 60 / 3 = 60 % (24 steps are
    drawn, so 6 more or less), a strong signal nearly all.
    """
    options = [f"data.root={annotations}", f"data.planted_signal={signal}"]
    options += [f"model.{key}={value}" for key, value in MODEL.items()] + [f"{key}={value}" for key, value in QUICK.items()]
    found = cli(
        *("run", "--data", "coin", "--encoder", "planted", "--text-encoder", "words", "--losses", "l1", "--tokens", "none"),
        *("--steps", 2, "--no-control", *(part for option in options for part in ("--set", option))),
    )
    assert found.code == 0, found.err
    (cell,) = results.cells().values()
    accuracy = cell["rows"]["all frames"]["accuracy"]
    assert low <= accuracy <= high
    assert cell["controls"]["all background"]["accuracy"] == pytest.approx(40)
