"""Cascade selection of both directions, and the ordered assignment, beside loops.

python benchmarks/sampling.py --save              K = 128, K' = 8; 1,000 seconds and 10 steps
python benchmarks/sampling.py --small             in a second, to try the script
"""

from __future__ import annotations

import numpy as np
import torch
from measure import Candidate, arguments, compare, report, rows, table
from plain.ranking import full_search, hardest_by_loops
from taco_bench_samplers import Cascade

from taco_bench.api import PairScores
from taco_bench.metrics import ordered_assignment


def main() -> None:
    options = arguments(__doc__, rounds=25, small="K = 16, 50 seconds").parse_args()
    torch.set_num_threads(options.threads)
    count, seconds = (16, 50) if options.small else (128, 1000)
    generator = torch.Generator().manual_seed(0)
    parts = PairScores(*(torch.randn(count, count, generator=generator) for _ in range(2)))
    assert parts.sentence is not None and parts.token is not None  # noqa: PT018
    both, cascade = parts.sentence + parts.token, Cascade(8)
    found = cascade.sample(parts, count, generator, torch.device("cpu"))
    assert tuple(one.tolist() for one in found) == hardest_by_loops(both, 8)
    loops = Candidate("loops, a sort an anchor", lambda: hardest_by_loops(both, 8))
    ours = Candidate("cascade, both directions", lambda: cascade.sample(parts, count, generator, torch.device("cpu")))
    compare([loops, ours], options.rounds)
    scores = np.random.default_rng(0).standard_normal((seconds, 10))
    assert ordered_assignment(scores).tolist() == full_search(scores)
    search = Candidate("full search, loops", lambda: full_search(scores))
    prefix = Candidate("ordered_assignment", lambda: ordered_assignment(scores))
    compare([search, prefix], options.rounds)
    with report(__file__, save=options.save) as say:
        say(f"K = {count}, K' = 8; equal to the loops' result\n")
        say(table(rows([loops, ours], loops)))
        say(f"\n{seconds} seconds, 10 steps; equal to the full search's result\n")
        say(table(rows([search, prefix], search)))


if __name__ == "__main__":
    main()
