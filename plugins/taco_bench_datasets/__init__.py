"""First-party data sets."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_datasets import activitynet, coin, crosstask, howto100m, listed, ms_tcn, msrvtt, youcook2
from taco_bench_datasets.babyai import BabyAI
from taco_bench_datasets.msrvtt1k import PRESET as MSRVTT1K_PRESET
from taco_bench_datasets.msrvtt1k import Msrvtt1k
from taco_bench_datasets.planted import Planted
from taco_bench_datasets.presets import BABYAI, PLANTED

FOLDERS = ("root", "features")
STORED = (
    ("youcook2", youcook2.YouCook2, youcook2.PRESET, "cooking videos, a sentence a segment; clip retrieval on 3,350 clips"),
    ("msrvtt", msrvtt.Msrvtt, msrvtt.PRESET, "web clips with 20 captions; splits 1k-A with 9k or 7k, 1k-B, full"),
    ("activitynet", activitynet.ActivityNet, activitynet.PRESET, "long videos with a paragraph each; R@1, R@5, R@50 on val_1"),
    ("msvd", listed.Msvd, listed.PRESET, "short clips with about 40 captions; every test caption is a query"),
    ("didemo", listed.Didemo, listed.PRESET, "personal videos with a paragraph each"),
    ("crosstask", crosstask.CrossTask, crosstask.preset_of, "instructional videos of 18 tasks with ordered steps; step localization"),
    ("coin", coin.Coin, coin.PRESET, "instructional videos of 180 tasks with 778 steps; action segmentation"),
    ("ms-tcn", ms_tcn.MsTcn, ms_tcn.PRESET, "Breakfast, 50Salads or GTEA: the class of every frame; action segmentation"),
)
"""Data sets whose annotations and features lie in folders of the user's."""


def _reported(split: str = "1k-a-9k", **_: object) -> str:
    """What the paper's tables call the splits of MSR-VTT that it reports on."""
    return {"1k-a-9k": "msrvtt", "1k-a-7k": "msrvtt-7k"}.get(split, "")


REPORTED = {"msrvtt": _reported}
"""Data sets that are the paper's in some of their options alone."""


@hookimpl
def taco_bench_datasets(register: Register) -> None:
    """Add the data sets."""
    register("babyai", BabyAI, summary="instructed grid-world episodes, embedded (the default)", preset=BABYAI)
    register(
        "msrvtt1k",
        Msrvtt1k,
        summary="1,000 real MSR-VTT clips with VGG16 features, from a folder of yours",
        preset=MSRVTT1K_PRESET,
        locations=("root",),
        videos_of="msrvtt",
    )
    register("planted", Planted, summary="a synthetic world of known truth, made at run time: the suite's own control", preset=PLANTED)
    for name, factory, preset, summary in STORED:
        register(name, factory, summary=summary, preset=preset, locations=FOLDERS, reported_as=REPORTED.get(name, ""))
    register(
        "howto100m",
        howto100m.HowTo100M,
        summary="narrated videos for pre-training, clips merged to ten words",
        preset=howto100m.PRESET,
        locations=(*FOLDERS, "exclude"),
    )
