"""First-party encoders: where video features come from."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
from taco_bench_encoders.extracted import I3DX101, R152, S3DHM, EfficientNetLite0
from taco_bench_encoders.i3d import I3D
from taco_bench_encoders.planted import Planted
from taco_bench_encoders.streams import VggAutoencoder
from taco_bench_encoders.tiles import Motion, Tiles


@hookimpl
def taco_bench_encoders(register: Register) -> None:
    """Add this package's encoders."""
    register("tiles", Tiles, summary="appearance: what each tile of a frame shows, 392 numbers (babyai)")
    register("motion", Motion, summary="change of the tiles since the frame before, 392 numbers (babyai)")
    register("vgg16-ae128", VggAutoencoder, summary="VGG16 frames through an auto-encoder, 128 numbers (msrvtt1k)")
    register("planted", Planted, summary="the frames of a planted world, 44 numbers (planted)")
    register("r152", R152, summary="ResNet-152, ImageNet, 1 row a second, 2048 numbers (`features extract`)")
    register("i3d-x101", I3DX101, summary="3D ResNeXt-101, Kinetics-400, 1.5 rows a second, 2048 numbers (`features extract`)")
    register("s3d-hm", S3DHM, summary="S3D, MIL-NCE on HowTo100M, 1 row a second, 512 or 1024 numbers (`features extract`)")
    register("i3d", I3D, summary="I3D, Kinetics, RGB and flow, 15 rows a second, 2048 numbers (MS-TCN's features)")
    register("efficientnet-lite0", EfficientNetLite0, summary="ImageNet, 1 row a second, 1280 numbers (`features extract`)")
