"""First-party data sets."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_datasets.babyai import BabyAI
from taco_bench_datasets.coin import PRESET as COIN_PRESET
from taco_bench_datasets.coin import Coin
from taco_bench_datasets.crosstask import PRESET as CROSSTASK_PRESET
from taco_bench_datasets.crosstask import CrossTask
from taco_bench_datasets.msrvtt1k import PRESET as MSRVTT1K_PRESET
from taco_bench_datasets.msrvtt1k import Msrvtt1k
from taco_bench_datasets.planted import Planted
from taco_bench_datasets.presets import BABYAI, PLANTED


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
    )
    register("planted", Planted, summary="a synthetic world of known truth, made at run time: the suite's own control", preset=PLANTED)
    register(
        "crosstask",
        CrossTask,
        summary="step localization: instructional videos of 18 tasks with ordered steps, from files of yours",
        preset=CROSSTASK_PRESET,
        locations=("root", "features"),
    )
    register(
        "coin",
        Coin,
        summary="action segmentation: instructional videos of 180 tasks with 778 steps, from files of yours",
        preset=COIN_PRESET,
        locations=("root", "features"),
    )
