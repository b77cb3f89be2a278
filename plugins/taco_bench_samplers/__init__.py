"""First-party samplers: which pairs of a batch are the negatives of the fusion loss."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_samplers.every import Every
from taco_bench_samplers.hard import Cascade, Sentence
from taco_bench_samplers.uniform import Random


@hookimpl
def taco_bench_samplers(register: Register) -> None:
    """Add the samplers."""
    register("cascade", Cascade, summary="the hardest by global plus token scores (P 3.3)", reads=("l1", "l2"))
    register("sentence", Sentence, summary="the hardest by the global score alone", reads=("l1",))
    register("random", Random, summary="drawn at random, the same number")
    register("all", Every, summary="every other pair of the batch")
