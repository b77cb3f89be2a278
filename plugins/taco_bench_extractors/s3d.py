"""S3D of MIL-NCE, the paper's "S3D-HM"."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from taco_bench.api import Sampling, UserError, sha256_of

if TYPE_CHECKING:
    import torch

URL = "https://www.rocq.inria.fr/cluster-willow/amiech/howto100m/s3d_howto100m.pth"
WIDTHS = {"video_embedding": 512, "mixed_5c": 1024}


class S3DHowTo100M:
    """S3D trained with MIL-NCE on HowTo100M: one row a second, of 30 frames.

    30 frames a second, short side 224, centre crop, a black end of the last second: as fairseq MMPT does it, and with its 512-d rows of
    length 1. The paper states neither width nor rate. Weights: https://www.rocq.inria.fr/cluster-willow/amiech/howto100m/s3d_howto100m.pth

    Args:
        output: "video_embedding", 512 wide, the space shared with texts (VideoCLIP); "mixed_5c", 1024 wide, the layer below (UniVL).
        weights: the file s3d_howto100m.pth.
        normalize: bring rows to length 1, as the public extractors do.
    """

    stream = "s3d-hm"
    sampling = Sampling(fps=30, size=224, crop=True, group=30)
    cut = "mmpt"
    batch = 4

    def __init__(
        self, output: Literal["video_embedding", "mixed_5c"] = "video_embedding", weights: str = "", normalize: bool = True
    ) -> None:
        self.output, self.weights, self.normalize = output, weights, normalize
        self.width = WIDTHS[output]

    def files(self) -> list[Path]:
        """The checkpoint.

        Raises:
            UserError: none is named.
        """
        if not self.weights:
            raise UserError("s3d needs its weights", where="--weights", hint=f"download {URL} and name the file")
        return [Path(self.weights)]

    def fingerprint(self) -> str:
        """The hash of the checkpoint."""
        return sha256_of(*self.files())

    def network(self) -> torch.nn.Module:
        """The network without its text side."""
        from taco_bench_extractors.rows import Rows
        from taco_bench_extractors.s3d_network import S3D
        from taco_bench_extractors.weights import load

        network = load(S3D, self.files()[0])
        del network.text_module
        joint = network.get_submodule("fc")
        compute = network.__call__ if self.output == "mixed_5c" else lambda video: joint(network(video))
        return Rows(network, compute, mean=(0.0, 0.0, 0.0), std=(255.0, 255.0, 255.0), normalize=self.normalize)
