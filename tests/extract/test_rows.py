"""From a video to rows: order, number, groups, batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.videos import GREYS, number_of, write_video

from taco_bench.api import Sampling
from taco_bench.errors import DataError, PluginError
from taco_bench.extract.rows import features_of, frame_groups

CPU = torch.device("cpu")


class Means(torch.nn.Module):
    """The mean of each frame of a group."""

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return frames.float().mean((2, 3, 4))


@dataclass
class Stub:
    sampling: Sampling
    width: int
    batch: int = 4
    stream: str = "stub"
    cut: str = "howto100m"
    seen: list[tuple[int, ...]] = field(default_factory=list)

    def files(self) -> list[Path]:
        return []

    def fingerprint(self) -> str:
        return ""

    def network(self) -> torch.nn.Module:
        return Means()


def sampling(fps: int, group: int = 1, crop: bool = True) -> Sampling:
    return Sampling(fps=fps, size=16, crop=crop, group=group)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Twelve greys in three seconds, 48 x 64."""
    return write_video(tmp_path / "video.mp4", size=(48, 64))


def numbers(values: np.ndarray) -> list[int]:
    return [number_of(float(value)) for value in values.reshape(-1)]


@pytest.mark.parametrize(("fps", "expected"), [(4, list(range(12))), (1, [1, 5, 9]), (2, [0, 2, 4, 6, 8, 10])])
def test_one_frame_a_row(fps: int, expected: list[int], video: Path) -> None:
    extractor = Stub(sampling(fps), 1)
    found = features_of(video, extractor, extractor.network(), CPU)
    assert found.dtype == np.float16
    assert found.shape == (len(expected), 1)
    assert numbers(found) == expected


def test_the_last_group_is_filled_up_with_black(video: Path) -> None:
    extractor = Stub(sampling(4, group=5), 5)
    found = features_of(video, extractor, extractor.network(), CPU)
    assert numbers(found[:2]) == list(range(10))
    assert numbers(found[2, :2]) == [10, 11]
    assert found[2, 2:].tolist() == [0, 0, 0]


def test_a_video_shorter_than_a_row_has_one(tmp_path: Path) -> None:
    path = write_video(tmp_path / "short.mp4", GREYS[:1], rate=30)
    groups = list(frame_groups(path, sampling(1)))
    assert [tuple(group.shape) for group in groups] == [(1, 3, 16, 16)]


def test_the_shape_that_a_network_sees(video: Path) -> None:
    assert {tuple(group.shape) for group in frame_groups(video, sampling(4, group=3))} == {(3, 3, 16, 16)}
    assert {tuple(group.shape) for group in frame_groups(video, sampling(4, crop=False))} == {(1, 3, 16, 21)}


@pytest.mark.parametrize("batch", [1, 5, 12, 100])
def test_batches_cut_nothing_off(batch: int, video: Path) -> None:
    extractor = Stub(sampling(4), 1, batch)
    assert numbers(features_of(video, extractor, extractor.network(), CPU)) == list(range(12))


def as_network(function: Callable[[torch.Tensor], torch.Tensor]) -> torch.nn.Module:
    network = torch.nn.Module()
    network.forward = function
    return network


def test_features_that_are_not_finite_name_the_row(video: Path) -> None:
    """65,504 is the largest number of float16."""
    network = as_network(lambda frames: frames.float().mean((2, 3, 4)) * 700)
    with pytest.raises(DataError, match="not finite in row 5 as float16") as caught:
        features_of(video, Stub(sampling(4), 1), network, CPU)
    assert caught.value.where == str(video)


def test_a_network_of_another_width_is_the_plugins_fault(video: Path) -> None:
    with pytest.raises(PluginError, match=r"'stub' gives \[4, 1\] instead of \[4, 7\]"):
        features_of(video, Stub(sampling(4), 7), Means(), CPU)
