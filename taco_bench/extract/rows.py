"""The features of one video."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from taco_bench.api import Extractor, Sampling
from taco_bench.errors import DataError, PluginError
from taco_bench.extract.decode import pictures, pixels
from taco_bench.extract.resize import fit, scaled
from taco_bench.extract.sampling import sample


def features_of(path: Path, extractor: Extractor, network: nn.Module, device: torch.device) -> npt.NDArray[np.float16]:
    """The rows of one video; batches hold rows of this video alone, so nothing depends on what else is extracted.

    Args:
        path: of the video.
        extractor: what is made.
        network: the extractor's, on ``device``.
        device: where to compute.

    Returns:
        [rows, width]; row i stands for the seconds from i to i + 1 over ``extractor.sampling.rate``.

    Raises:
        DataError: the video is broken, or its features are not finite.
        PluginError: the network gives something else than [rows, width].
    """
    groups = frame_groups(path, extractor.sampling)
    found = []
    with torch.inference_mode():
        while batch := list(islice(groups, extractor.batch)):
            rows = network(torch.stack(batch).to(device))
            if rows.shape != (len(batch), extractor.width):
                what = f"the extractor of {extractor.stream!r} gives {list(rows.shape)} instead of {[len(batch), extractor.width]}"
                raise PluginError(what, hint="report this to the plugin's author")
            found.append(rows.half().cpu())
    values = torch.cat(found)
    if not values.isfinite().all():
        row = int((~values.isfinite()).any(dim=1).nonzero()[0])
        raise DataError(f"its features are not finite in row {row} as float16", where=str(path), hint="--set normalize=true")
    return values.numpy()


def frame_groups(path: Path, sampling: Sampling) -> Iterator[Tensor]:
    """The frames of each row, uint8 [group, 3, height, width]; the last group is filled up with black ones.

    Raises:
        DataError: the video is broken.
    """
    frames = _frames(path, sampling)
    while group := list(islice(frames, sampling.group)):
        yield torch.stack(group + [torch.zeros_like(group[0])] * (sampling.group - len(group)))


def _frames(path: Path, sampling: Sampling) -> Iterator[Tensor]:
    last, scale, frame = None, None, None
    for picture in sample(pictures(path), sampling.fps):
        if picture is not last or frame is None:  # one that stays is not converted again
            image = pixels(picture)
            scale = scale or scaled(image.shape[0], image.shape[1], sampling.size)  # a size that changes midway does not change the rows'
            last, frame = picture, fit(image, scale, sampling)
        yield frame
