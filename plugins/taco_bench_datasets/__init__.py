"""First-party data sets."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_datasets.babyai import BabyAI
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
