"""First-party extractors: networks that turn video files into features."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register


@hookimpl
def taco_bench_extractors(register: Register) -> None:
    """Add this package's components."""
