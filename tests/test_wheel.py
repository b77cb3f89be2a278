"""What is shipped: data, registry and entry points are found from any folder, and tox tests the wheel."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import taco_bench
from taco_bench.resources import registry_file, templates_root

FIND = """
from taco_bench.plugins import load_plugins
from taco_bench.resources import registry_file
print(registry_file("datasets/msrvtt1k.json"))
print(len(load_plugins(False).build("data", {"type": "babyai"}).clips()))
"""


def test_data_and_registry_are_found_from_another_folder(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FIND], cwd=tmp_path, capture_output=True, text=True, check=True)
    registry, clips = done.stdout.split()
    assert Path(registry) == registry_file("datasets/msrvtt1k.json")
    assert int(clips) == 5900


@pytest.mark.compat
@pytest.mark.skipif("TACO_BENCH_TEST_WHEEL" not in os.environ, reason="set where the wheel is what must be tested: by tox")
def test_the_wheel_is_tested_and_not_the_tree() -> None:
    tree = Path(__file__).resolve().parent.parent
    package = Path(taco_bench.__file__).resolve().parent
    assert package != tree / "taco_bench"
    assert "site-packages" in package.parts
    assert registry_file("datasets/msrvtt1k.json").parent.parent == package / "_registry"
    assert templates_root() == package / "_templates"
