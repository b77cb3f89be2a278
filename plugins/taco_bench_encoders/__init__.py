"""First-party encoders: where video features come from."""

from taco_bench import hookimpl
from taco_bench.hookspecs import Register
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
