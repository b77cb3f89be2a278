"""The contract of extractors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from taco_bench.api import torch_stream
from taco_bench.data.store.cuts import NAMES as CUTS
from taco_bench.testing.contract import Contract

ROWS = 3


class ExtractorContract(Contract):
    """For extractors: networks that turn video files into features.

    An extractor whose weights are not installed overrides :meth:`local_options`: it writes random weights in their format and names them.
    """

    kind: ClassVar[str] = "extractor"
    members: ClassVar[tuple[str, ...]] = ("stream", "width", "sampling", "cut", "batch", "files", "fingerprint", "network")

    def pictures(self, extractor: Any, rows: int = ROWS, width: int | None = None) -> Tensor:
        """Random frames as the core decodes them, uint8 [rows, group, 3, height, width]; ``width`` where they are not square."""
        sampling = extractor.sampling
        shape = (rows, sampling.group, 3, sampling.size, width or sampling.size)
        return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch_stream(0, "contract/pictures"))

    def rows(self, network: nn.Module, pictures: Tensor) -> Tensor:
        """Features [rows, width], computed as the core does."""
        with torch.inference_mode():
            try:
                found: Tensor = network(pictures)
            except (RuntimeError, TypeError, IndexError) as error:
                pytest.fail(f"the network failed on uint8 {list(pictures.shape)}: {error}; pool over what comes, whatever its size")
        return found

    def test_says_what_it_makes(self, component: Any) -> None:
        """Stream, width, rate and the cut rule go onto the card of the store, by which encoders and data sets know the features."""
        assert isinstance(component.stream, str) and component.stream, "set stream to the name that encoders know the features by"  # noqa: PT018
        assert component.width > 0, f"width is {component.width}: declare the numbers a row"
        assert component.batch > 0, f"batch is {component.batch}: declare how many rows go through the network at once"
        assert component.cut in CUTS, f"cut is {component.cut!r}: one of {', '.join(CUTS)}"

    def test_its_sampling(self, component: Any) -> None:
        """The core decodes that many frames a second, of that size, for each row."""
        s = component.sampling
        right = s.fps > 0 and s.size > 0 and s.group > 0
        assert right, f"sampling is {s}: frames a second, pixels of the shorter side and frames a row are above 0"

    def test_the_stream_is_known_before_it_is_made(self) -> None:
        """``features extract --encoder STREAM`` looks for the stream on the class, without making every extractor there is."""
        factory = self.registered()[1].factory
        assert getattr(factory, "stream", ""), "set stream on the class, not in __init__, and register the class itself"

    def test_its_weights_are_files(self, component: Any, tmp_path: Path) -> None:
        """Features are known by their weights: the fingerprint is of the files' content, the same in every process."""
        for path in component.files():
            assert isinstance(path, Path) and path.is_file(), f"files() names {path}, which is no file: return Paths"  # noqa: PT018
        found, again = component.fingerprint(), self.new(tmp_path).fingerprint()
        assert isinstance(found, str) and found, f"fingerprint() gave {found!r}: return a hash of the weights"  # noqa: PT018
        assert found == again, "fingerprint() of a new extractor is another; hash the weights, not the object or the time"

    def test_rows_are_as_wide_as_declared(self, component: Any) -> None:
        """The store's rows have the declared width, one for each group of frames."""
        found, expected = tuple(self.rows(component.network(), self.pictures(component)).shape), (ROWS, component.width)
        assert found == expected, f"the network gave {list(found)} for {ROWS} groups of frames; it must give {list(expected)}"

    def test_rows_fit_into_float16(self, component: Any) -> None:
        """Features are stored as float16; a row that is not finite there makes the video a broken one."""
        found = self.rows(component.network(), self.pictures(component)).half()
        assert bool(torch.isfinite(found).all()), "a row is not finite as float16; scale the features, for example to length 1"

    def test_black_frames(self, component: Any) -> None:
        """The last row of a video is filled up with black frames, and videos begin with black."""
        found = self.rows(component.network(), torch.zeros_like(self.pictures(component, 1))).half()
        assert bool(torch.isfinite(found).all()), "black frames give a row that is not finite; a row of length 0 has no direction"

    def test_pictures_that_are_no_squares(self, component: Any) -> None:
        """Without ``crop`` a picture keeps its form, and only its shorter side is ``size``."""
        if component.sampling.crop:
            pytest.skip("it cuts the middle square out")
        width = component.sampling.size * 4 // 3
        found = tuple(self.rows(component.network(), self.pictures(component, 1, width)).shape)
        assert found == (1, component.width), f"a picture of 4 to 3 gave {list(found)}: pool over what comes, or say crop=True in sampling"

    def test_it_is_in_evaluation_mode(self, component: Any) -> None:
        """Dropout and batch statistics are for training: features would differ from run to run."""
        assert not component.network().training, "end network() with .eval()"

    def test_each_row_by_itself(self, component: Any) -> None:
        """The last batch of a video is smaller: a row's features do not depend on the rows beside it."""
        network, pictures = component.network(), self.pictures(component)
        whole = self.rows(network, pictures)
        alone = torch.cat([self.rows(network, row) for row in pictures[:, None]])
        scale = float(whole.abs().max()) or 1.0
        same = torch.allclose(whole / scale, alone / scale, atol=1e-4)
        assert same, "a row alone has other features than among others; use running statistics (.eval()), and no mean over the batch"

    def test_every_worker_computes_the_same(self, component: Any, tmp_path: Path) -> None:
        """Each worker makes a network of its own: nothing in it is drawn at random."""
        pictures = self.pictures(component, 1)
        found, again = (self.rows(each.network(), pictures) for each in (component, self.new(tmp_path)))
        assert torch.equal(found, again), "a new network gives other features: load every weight, and draw none"
