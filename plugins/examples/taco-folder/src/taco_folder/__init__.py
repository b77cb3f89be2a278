"""Your own videos, with a csv of captions."""

from __future__ import annotations

from taco_bench import hookimpl
from taco_bench.hookspecs import Register

from taco_folder.dataset import Folder

PRESET = {"encoder": "efficientnet-lite0", "text_encoder": "tiny", "sampler.hard_negatives": 2}
PRESET |= {"model.width": 64, "model.heads": 4, "model.feedforward": 256, "model.max_video_tokens": 16, "model.max_text_tokens": 30}
PRESET |= {"train.steps": 500, "train.batch_size": 16, "train.learning_rate": 0.001, "train.threads": 2}


@hookimpl
def taco_bench_datasets(register: Register) -> None:
    """Add it, with sizes for some hundred clips on a laptop."""
    summary = "videos of your own: a csv id,caption[,split][,video][,start][,end]"
    register("folder", Folder, summary=summary, preset=PRESET, locations=("captions", "features"))
