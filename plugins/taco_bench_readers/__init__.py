"""First-party readers: feature files as the known code bases write them."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register


@hookimpl
def taco_bench_readers(register: Register) -> None:
    """Add this package's components."""
