"""First-party launchers: what starts the workers of a grid."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_launchers.local import Local


@hookimpl
def taco_bench_launchers(register: Register) -> None:
    """Add the launchers."""
    register("local", Local, summary="worker processes on this machine: one a GPU, or as many as the CPU cores carry")
