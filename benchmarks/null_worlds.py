"""Small trained worlds in which the primary claims are truly null: how often a verdict says HOLDS there.

    python benchmarks/null_worlds.py --worlds 10 --seeds 5

Each world is another draw of ``planted:null``; the two rows of each primary claim (Tab. 3 and Tab. 4) are trained over paired seeds in it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from tabulate import tabulate

from taco_bench.resources import registry_file

TABLES = ("paper/table3", "paper/table4")


def primary_only(name: str, folder: Path) -> Path:
    """A suite with nothing but its primary claim and the claim's rows, as JSON-like TOML."""
    suite = tomllib.loads(registry_file(f"suites/{name}.toml").read_text(encoding="utf-8"))
    (claim,) = (claim for claim in suite["claim"] if claim.get("primary"))
    rows = [row for row in suite["row"] if row["name"] in (claim["better"], claim["worse"])]
    suite |= {"row": rows, "claim": [claim], "control": claim["better"]}
    path = folder / f"{name.rpartition('/')[2]}-primary.toml"
    path.write_text("\n".join(_toml(suite)), encoding="utf-8")
    return path


def _toml(suite: dict[str, Any]) -> list[str]:
    lines = [f"{key} = {_value(value)}" for key, value in suite.items() if not isinstance(value, (dict, list)) or key == "columns"]
    for key in ("options", "smallest_effect"):
        lines += [f"[{key}]", *(f"{json.dumps(name)} = {_value(value)}" for name, value in suite.get(key, {}).items())]
    for key in ("row", "claim"):
        for entry in suite[key]:
            lines += [f"[[{key}]]", *(f"{name} = {_value(value)}" for name, value in entry.items())]
    return lines


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)


def judge(suite: Path, world: int, seeds: int, results: Path) -> dict[str, Any]:
    """The verdict on a suite's one claim in one world."""
    command = [sys.executable, "-m", "taco_bench", "reproduce", str(suite), "--data", "planted:null", "--set", f"data.seed={world}"]
    command += ["--seeds", str(seeds), "--results", str(results / str(world)), "--no-control", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    claim: dict[str, Any] = json.loads(done.stdout)["claims"][0]
    return claim


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        results = arguments.results or Path(temporary)
        suites = [primary_only(name, Path(temporary)) for name in TABLES]
        rows = []
        for world in range(1, arguments.worlds + 1):
            for name, suite in zip(TABLES, suites, strict=True):
                found = judge(suite, world, arguments.seeds, results)
                rows.append([world, name, found["word"], f"{found['mean']:+.2f}", "" if found["p"] is None else f"{found['p']:.3f}"])
                print(*rows[-1], flush=True)
    print("\n" + tabulate(rows, headers=["world", "suite", "verdict", "difference", "p"], disable_numparse=True))
    for name in TABLES:
        words = [row[2] for row in rows if row[1] == name]
        print(f"{name}: HOLDS in {words.count('HOLDS')} of {len(words)} null worlds")


if __name__ == "__main__":
    main()
