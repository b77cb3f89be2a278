"""First-party tasks."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_tasks.retrieval import Retrieval


@hookimpl
def taco_bench_tasks(register: Register) -> None:
    """Add the tasks."""
    register("retrieval", Retrieval, summary="find the video of a text and the text of a video: R@1, R@5, R@10, median rank")
