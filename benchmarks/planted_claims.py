"""The paper's claims of Tab. 3 and Tab. 4 in a planted world: the rows of both tables, trained with many seeds.

python benchmarks/planted_claims.py holds --seeds 50 --workers 2

A claim is "A over B" on text->video R@1. Right: seeds in which A is better by more than nothing. Groups: how often the best video is of
the query's group, that is, has the same words in its caption but for the adverbs; what is left to be told apart are near-duplicates.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROWS: dict[str, dict[str, Any]] = {
    "L3": {"losses": {"use": ["l3"]}, "sampler": "random", "tokens": "none"},
    "L1+L3 random": {"losses": {"use": ["l1", "l3"]}, "sampler": "random", "tokens": "none"},
    "L1+L3 cascade": {"losses": {"use": ["l1", "l3"]}, "sampler": "cascade", "tokens": "none"},
    "full": {"losses": {"use": ["l1", "l2", "l3"]}, "sampler": "cascade", "tokens": "noun,verb"},
    "noun": {"losses": {"use": ["l1", "l2", "l3"]}, "sampler": "cascade", "tokens": "noun"},
    "verb": {"losses": {"use": ["l1", "l2", "l3"]}, "sampler": "cascade", "tokens": "verb"},
    "det+adp": {"losses": {"use": ["l1", "l2", "l3"]}, "sampler": "cascade", "tokens": "det,adp"},
}
"""The rows of the claims; Tab. 4's "none" is Tab. 3's "L1+L3 cascade", its "noun+verb" the full model."""
CLAIMS = {
    "Tab. 3, primary: cascade over random": ("L1+L3 cascade", "L1+L3 random"),
    "Tab. 3: with L2 over without; Tab. 4, primary: noun+verb over none": ("full", "L1+L3 cascade"),
    "Tab. 3: full over L3 alone": ("full", "L3"),
    "Tab. 4: noun over none": ("noun", "L1+L3 cascade"),
    "Tab. 4: verb over none": ("verb", "L1+L3 cascade"),
    "Tab. 4: none over det+adp": ("L1+L3 cascade", "det+adp"),
}


class Job(NamedTuple):
    """One training."""

    world: str
    world_seed: int
    row: str
    seed: int


class Found(NamedTuple):
    """R@1, and the share of queries whose best video is of their group, in percent; seconds of one core."""

    recall: float
    groups: float
    seconds: float


@cache
def _ready(world: str, world_seed: int, row: str) -> Any:
    """Plugins, experiment and data of a row; once a process."""
    from taco_bench.data.prepared import prepare
    from taco_bench.plugins import load_plugins
    from taco_bench.reporting import Silent
    from taco_bench.resolve import resolve
    from taco_bench.train.device import resolve_device

    plugins = load_plugins(third_party=False)
    layer = {"data": {"type": "planted", "world": world, "seed": world_seed}, "train": {"device": "cpu"}, **ROWS[row]}
    experiment = resolve_device(resolve([layer], plugins))
    return plugins, experiment, prepare(experiment, plugins, Silent())


def train(job: Job) -> Found:
    """Train one row with one seed, and evaluate it."""
    from taco_bench.metrics import retrieval_metrics
    from taco_bench.reporting import Silent
    from taco_bench.train.loop import Training
    from taco_bench.train.scoring import pool_scores

    plugins, experiment, prepared = _ready(job.world, job.world_seed, job.row)
    started = time.process_time()
    clips = prepared.clips["test"]
    with tempfile.TemporaryDirectory() as folder:
        model = Training(experiment, job.seed, prepared, plugins, Path(folder)).run(Silent(), "")
        scores = pool_scores(model, experiment, prepared, clips, Silent())["text->video"]
    words = [sorted(word for word in clip.captions[0].split() if not word.startswith("adv")) for clip in clips]
    right = [words[best] == words[own] for own, best in enumerate(scores.argmax(axis=1))]
    return Found(retrieval_metrics(scores)["R@1"], 100 * float(np.mean(right)), time.process_time() - started)


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", nargs="?", default="holds")
    parser.add_argument("--world-seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=100, help="the worlds were tuned with seeds below 100")
    parser.add_argument("--rows", help="comma-separated; all by default")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write every figure there")
    options = parser.parse_args()
    rows = options.rows.split(",") if options.rows else list(ROWS)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    jobs = [Job(options.world, options.world_seed, row, seed) for row in rows for seed in seeds]
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        found = dict(zip(jobs, pool.map(train, jobs, chunksize=5), strict=True))
    of_row = {row: [found[job] for job in jobs if job.row == row] for row in rows}
    print(f"planted:{options.world}, seed {options.world_seed}; {len(seeds)} seeds of training from {options.first_seed} on\n")
    print_rows(of_row)
    print_claims({row: np.array([each.recall for each in results]) for row, results in of_row.items()})
    if options.json:
        options.json.write_text(json.dumps({row: [each._asdict() for each in results] for row, results in of_row.items()}, indent=1))


def print_rows(of_row: dict[str, list[Found]]) -> None:
    """R@1 of each row."""
    print("| row | R@1 | sd | groups | lowest | seconds |\n|---|---|---|---|---|---|")
    for row, results in of_row.items():
        recall, groups, seconds = np.array(results).T
        print(
            f"| {row} | {recall.mean():.2f} | {deviation(recall):.2f} | {groups.mean():.2f} | {groups.min():.1f} | {seconds.mean():.1f} |"
        )


def print_claims(recall: dict[str, np.ndarray]) -> None:
    """Paired differences."""
    print("\n| claim | mean difference | se | sd | right |\n|---|---|---|---|---|")
    for claim, (better, worse) in CLAIMS.items():
        if better in recall and worse in recall:
            d = recall[better] - recall[worse]
            sd = deviation(d)
            print(f"| {claim} | {d.mean():+.2f} | {sd / len(d) ** 0.5:.2f} | {sd:.2f} | {np.mean(d > 0):.2f} |")


def deviation(values: np.ndarray) -> float:
    """The standard deviation; 0 of a single value."""
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


if __name__ == "__main__":
    main()
