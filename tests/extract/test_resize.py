from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.api import Sampling
from taco_bench.extract.resize import fit, scaled


@pytest.mark.parametrize(
    ("height", "width", "size", "expected"),
    [
        (272, 640, 224, (224, 527)),
        (640, 272, 224, (527, 224)),
        (144, 176, 112, (112, 136)),
        (500, 500, 224, (224, 224)),
        (8, 8, 112, (112, 112)),
    ],
)
def test_the_shorter_side_by_hand(height: int, width: int, size: int, expected: tuple[int, int]) -> None:
    assert scaled(height, width, size) == expected


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(1, 300))
def test_the_form_stays(height: int, width: int, size: int) -> None:
    found = scaled(height, width, size)
    assert min(found) == size
    assert max(found) == pytest.approx(size * max(height, width) / min(height, width), abs=1)


def halves(height: int, width: int) -> np.ndarray:
    """Black above, white below; red to the right of the middle."""
    image = np.zeros((height, width, 3), np.uint8)
    image[height // 2 :] = 255
    image[:, width // 2 :, 0] = 255
    return image


def test_colours_and_places_stay() -> None:
    sampling = Sampling(fps=1, size=32, crop=False, group=1)
    found = fit(halves(64, 128), (32, 64), sampling)
    assert found.shape == (3, 32, 64)
    assert found.dtype == torch.uint8
    assert found[:, 4, 4].tolist() == [0, 0, 0]
    assert found[:, 4, 60].tolist() == [255, 0, 0]
    assert found[:, 28, 4].tolist() == [255, 255, 255]


def test_the_middle_square_is_cut_out() -> None:
    image = np.zeros((64, 192, 3), np.uint8)
    image[:, 64:128] = 200
    found = fit(image, (32, 96), Sampling(fps=1, size=32, crop=True, group=1))
    assert found.shape == (3, 32, 32)
    assert found[:, :, 2:30].float().mean() == pytest.approx(200, abs=1)
    assert found[:, :, 0].max() < 200  # the edge, seen through the scaler


def test_a_picture_of_the_right_size_is_not_touched() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    found = fit(image, (32, 48), Sampling(fps=1, size=32, crop=False, group=1))
    assert np.array_equal(found.permute(1, 2, 0).numpy(), image)


def test_the_threads_do_not_matter() -> None:
    image = np.random.default_rng(0).integers(0, 256, (301, 517, 3), np.uint8)
    found = []
    before = torch.get_num_threads()
    for threads in (1, 3):
        torch.set_num_threads(threads)
        found.append(fit(image, (112, 192), Sampling(fps=1, size=112, crop=True, group=1)))
    torch.set_num_threads(before)
    assert torch.equal(*found)
