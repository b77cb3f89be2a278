"""Retrieval metrics beside sorting, and the memory of all three scores of a large pool.

python benchmarks/evaluation.py --save            10,000 x 10,000 scores; a pool of 3,350 clips
python benchmarks/evaluation.py --small           in seconds, to try the script
"""

from __future__ import annotations

import time

import numpy as np
import torch
from measure import Candidate, arguments, compare, numpy_peak, report, rows, table, torch_memory
from plain.ranking import argsorted_recalls, sorted_recalls
from synthetic import experiment, prepared

from taco_bench.metrics import retrieval_metrics
from taco_bench.reporting import Silent
from taco_bench.train.loop import new_model
from taco_bench.train.scoring import pool_scores

WIDTH, SHORTLIST = 64, 10


def main() -> None:
    options = arguments(__doc__, rounds=5, small="500 x 500 scores, a pool of 60 clips").parse_args()
    torch.set_num_threads(options.threads)
    size, pool = (500, 60) if options.small else (10_000, 3_350)
    scores = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    sort = Candidate("sort every row", lambda: sorted_recalls(scores))
    argsort = Candidate("rank every row (argsort)", lambda: argsorted_recalls(scores))
    count = Candidate("count in blocks", lambda: retrieval_metrics(scores))
    compare([sort, argsort, count], options.rounds, numpy_peak)
    counted = retrieval_metrics(scores, convention="howto100m")  # the rule for ties that sorting follows
    assert all(abs(counted[name] - value) < 1e-9 for name, value in sorted_recalls(scores).items())
    with report(__file__, save=options.save) as say:
        say(f"Retrieval metrics of {size:,} x {size:,} float32 scores, one direction, one thread; the scores themselves are not counted\n")
        say(table(rows([sort, argsort, count], sort)))
        say("\n" + _pool(pool))


def _pool(clips: int) -> str:
    """All three scores of a pool, with an untrained model: what they take does not depend on the weights."""
    setup = experiment(WIDTH, text_layers=1, batch_size=16, device="cpu")
    few = setup.evaluation.model_copy(update={"shortlist_above": clips // 2, "shortlist": SHORTLIST})
    setup = setup.model_copy(update={"evaluation": few})
    data = prepared(setup, clips, 64)
    model = new_model(setup, 0, data, torch.device("cpu"))
    started = time.perf_counter()
    memory = torch_memory(lambda: pool_scores(model, setup, data, data.clips["test"], Silent()))
    return (
        f"Sentence, token and fusion scores of {clips:,} texts x {clips:,} videos, d = {WIDTH}, a shortlist of {SHORTLIST} a query and "
        f"direction: {time.perf_counter() - started:.0f} s under the profiler; the largest array takes {memory.largest / 2**20:.0f} MiB, "
        f"all at once {memory.peak / 2**20:.0f} MiB. One matrix is {clips * clips * 4 / 2**20:.0f} MiB; the dense similarities of all "
        f"words and video tokens would be {sum(map(_words, data.captions.values())) * sum(data.features.offsets[-1:]) * 4 / 2**30:.1f} GiB."
    )


def _words(caption) -> int:
    return int(caption.interest.sum())


if __name__ == "__main__":
    main()
