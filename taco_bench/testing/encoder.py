"""The contract of encoders."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from taco_bench.testing.contract import Contract

ROWS = (1, 2, 9)


class EncoderContract(Contract):
    """For encoders: from a data set's stream to video tokens.

    Attributes:
        row_wise: whether the token of a row depends on that row alone, as data sets that are ``stored`` ask for. Set it to False for an
            encoder that looks at neighbours; the core then refuses it with those data sets.
    """

    kind: ClassVar[str] = "encoder"
    members: ClassVar[tuple[str, ...]] = ("stream", "width", "encode")
    row_wise: ClassVar[bool] = True

    def frames(self, encoder: Any, rows: int) -> npt.NDArray[Any]:
        """A clip as the stream has it, [rows, ...]: by default features as wide as the tokens. Override it for anything else.

        Args:
            encoder: under test.
            rows: how many; the first rows of a longer clip must be those of a shorter one.
        """
        return np.random.default_rng(0).normal(size=(64, encoder.width)).astype(np.float32)[:rows]

    def test_stream_is_named(self, component: Any) -> None:
        """By this name the core asks the data set for the clip's array."""
        assert isinstance(component.stream, str) and component.stream, "set stream to the name of a data set's stream"  # noqa: PT018

    def test_width_is_as_declared(self, component: Any) -> None:
        """The video module is built for the declared width before any clip is read."""
        assert operator.index(component.width) > 0, f"width is {component.width}: declare the numbers a token"
        for rows in ROWS:
            found = np.asarray(component.encode(self.frames(component, rows)), np.float32)
            what = f"encode() gave {list(found.shape)} for {rows} rows"
            assert found.ndim == 2 and found.shape[1] == component.width, f"{what}; the tokens are [time, {component.width}]"  # noqa: PT018

    def test_one_token_a_row(self, component: Any) -> None:
        """Steps of a procedure are given in rows of the stream, and another encoder's tokens are joined by time."""
        for rows in ROWS:
            found = len(component.encode(self.frames(component, rows)))
            assert found == rows, f"encode() gave {found} tokens for {rows} rows; one token a row, so that the rate is the stream's"

    def test_a_clip_without_rows(self, component: Any) -> None:
        """The core names such a clip to the user, if encode() lets it through as [0, width]."""
        found = np.asarray(component.encode(self.frames(component, 1)[:0]), np.float32)
        assert found.shape == (0, component.width), f"encode() gave {list(found.shape)} for no rows; give [0, {component.width}]"

    def test_a_row_of_zeros(self, component: Any) -> None:
        """Black frames and padding are rows of zeros: a token that is not finite stops the run."""
        frames = self.frames(component, 3).copy()
        frames[1] = 0
        with np.errstate(all="ignore"):
            finite = np.isfinite(np.asarray(component.encode(frames), np.float32)).all()
        assert finite, "encode() gave a token that is not finite for a row of zeros; a row of length 0 cannot be brought to length 1"

    def test_padding_changes_nothing(self, component: Any) -> None:
        """Feature files of several code bases are filled up with zeros: the tokens of the rows before must be the same."""
        frames = self.frames(component, 5)
        padded = np.concatenate([frames, np.zeros_like(frames)])
        some, whole = (np.asarray(component.encode(part), np.float32) for part in (frames, padded))
        assert np.allclose(whole[:5], some, atol=1e-5), "rows of zeros after a clip changed its tokens; look at no row after a token's own"

    def test_float16_in(self, component: Any) -> None:
        """Feature stores hold float16: sums and lengths must be computed in float32."""
        frames = self.frames(component, 5)
        if frames.dtype.kind != "f":
            pytest.skip(f"the stream holds {frames.dtype}, which no feature store does")
        half = frames.astype(np.float16) * np.float16(100)
        found, expected = (np.asarray(component.encode(part), np.float32) for part in (half, half.astype(np.float32)))
        hint = "begin with np.asarray(frames, np.float32)"
        assert np.allclose(found, expected, rtol=1e-3, atol=1e-3), f"float16 rows give other tokens than the same rows in float32; {hint}"

    def test_rows_that_cannot_be_written_to(self, component: Any) -> None:
        """Clips are views of memory-mapped files that all processes share."""
        frames = self.frames(component, 5).copy()
        frames.setflags(write=False)
        component.encode(frames)

    def test_the_same_clip_gets_the_same_tokens(self, component: Any, tmp_path: Path) -> None:
        """Tokens are cached, and made anew in another process: a clip's tokens depend on the clip alone."""
        component.encode(self.frames(component, 9))
        found, again = (np.asarray(each.encode(self.frames(component, 5)), np.float32) for each in (component, self.new(tmp_path)))
        hint = "draw nothing at random, and keep nothing from one clip to the next"
        assert np.array_equal(found, again), f"a new encoder gave other tokens than one that had seen a clip before; {hint}"

    def test_each_row_by_itself(self, component: Any) -> None:
        """Of a stored data set only the rows that a batch needs are read: their tokens must be those of the whole clip."""
        if not self.row_wise:
            pytest.skip("the test says row_wise = False: it is not for data sets that are stored")
        frames = self.frames(component, 9)
        whole, some = (np.asarray(component.encode(part), np.float32) for part in (frames, frames[::2]))
        hint = "if the encoder looks at neighbours on purpose, set row_wise = False in this test; it is then not for stored data sets"
        assert np.array_equal(whole[::2], some), f"the tokens of every other row are not every other token; {hint}"
