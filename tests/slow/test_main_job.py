"""The README's command, whole: minutes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = ["run", "--sampler", "cascade", "--tokens", "noun,verb", "--json"]


@pytest.mark.slow
def test_the_main_job_beats_its_goals_and_its_control_is_at_chance(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "taco_bench", *COMMAND], cwd=tmp_path, capture_output=True, text=True, check=True)
    (table,) = json.loads(done.stdout)["tables"]
    figures = table["rows"][0]["values"]
    assert figures["t2v R@1"][0] >= 10
    assert figures["t2v R@10"][0] >= 45
    assert any("control is at chance" in line for line in table["footer"])
