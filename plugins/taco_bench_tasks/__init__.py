"""First-party tasks."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_tasks.action_segmentation import ActionSegmentation
from taco_bench_tasks.retrieval import Retrieval
from taco_bench_tasks.step_localization import StepLocalization


@hookimpl
def taco_bench_tasks(register: Register) -> None:
    """Add the tasks."""
    register("retrieval", Retrieval, summary="find the video of a text and the text of a video: R@1, R@5, R@10, median rank")
    register("step-localization", StepLocalization, summary="place the steps of a video in time, in order: recall (CrossTask)")
    register("action-segmentation", ActionSegmentation, summary="name the step that each frame shows: frame accuracy (COIN)")
