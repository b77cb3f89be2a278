"""First-party controls: rows that must land at chance, whatever the task."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_controls.constant import ConstantScores
from taco_bench_controls.shuffled import ShuffledCaptions


@hookimpl
def taco_bench_controls(register: Register) -> None:
    """Add the controls."""
    register("shuffled-captions", ShuffledCaptions, summary="trained in the same way on captions of other clips")
    register("constant-scores", ConstantScores, summary="a model that scores every pair alike")
