"""Every benchmark runs at its small size and prints a table; what it measures is never asserted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("token_loss.py --rounds 1", ["dense, all tokens", "25 % of interest", "times faster", "peak MiB"]),
        ("sampling.py --rounds 1", ["cascade, both directions", "ordered_assignment"]),
        ("text_network.py --rounds 1", ["padded", "without padding", "% of their padded tokens real"]),
        ("gpu.py --device cpu", ["steps/s", "TFLOP/s needed", "TFLOP/s executed", "launches", "| plain", "| ours, fusion recomputed"]),
        ("launches.py", ["operations and", "_to_copy", "casts of weights to 16 bits", "train/loop.py step: tolist"]),
        pytest.param("fusion.py --rounds 1 --full-length", ["ours, recomputed", "distinct pairs"], marks=pytest.mark.slow),
        pytest.param("evaluation.py --rounds 1", ["count in blocks", "the largest array takes"], marks=pytest.mark.slow),
        pytest.param("shortlist.py", ["positive outside", "all pairs"], marks=pytest.mark.slow),
        pytest.param("training_step.py", ["matrix products", "Loading, sampling and logging together"], marks=pytest.mark.slow),
        pytest.param("large_batch.py", ["one pass", "encoders 8 at a time"], marks=pytest.mark.slow),
    ],
)
def test_at_a_small_size(script, words):
    name, *options = script.split()
    command = [sys.executable, str(FOLDER / name), "--small", *options]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}  # the scripts share modules beside them
    environment["HF_HUB_OFFLINE"] = "1"
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in words)
