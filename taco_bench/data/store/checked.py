"""What may go into a store: rows of one width, of finite numbers that float16 can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.data.store.tracks import Track
from taco_bench.errors import DataError

LARGEST = float(np.finfo(np.float16).max)


class Checker:
    """Checks each item against the first one.

    Args:
        source: what is read, for the messages.
    """

    def __init__(self, source: str) -> None:
        self.source, self.width, self._first, self._rows = source, 0, "", 0

    def checked(self, id: str, track: Track) -> npt.NDArray[np.float16]:
        """The values [rows, width] as they are stored.

        Raises:
            DataError: they have no row, a wrong shape, or numbers that are not finite or too large; names the id.
        """
        where = f"id {id!r} of {self.source}"
        values = _as_array(track.values, where)
        _check_shape(values, where)
        if self.width and values.shape[1] != self.width:
            hint = "mend or remove the file" + self._turned(len(values))
            raise DataError(f"rows are {values.shape[1]} wide, those of {self._first!r} {self.width}", where=where, hint=hint)
        _check_numbers(values, where)
        _check_times(track, len(values), where)
        if not self._first:
            self.width, self._first, self._rows = values.shape[1], id, len(values)
        return np.asarray(values, np.float16)

    def _turned(self, rows: int) -> str:
        """Whether an array of another width may be turned round, or all may be."""
        if rows == self.width:
            return "; it looks transposed"
        both = f"; both have {rows} rows: if all are transposed, [width, rows], `taco-bench list reader` says which reader turns them"
        return both if rows == self._rows > 1 else ""


def _as_array(values: Any, where: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(values)
    except (TypeError, ValueError) as error:  # such as lists of several lengths
        raise DataError(f"features are no array: {error}", where=where, hint="they must be numbers [rows, width]") from None


def _check_shape(values: npt.NDArray[Any], where: str) -> None:
    if values.ndim != 2 or not values.shape[1] or values.dtype.kind not in "fiu":
        hint = "is the file of this format? `taco-bench list reader` shows them"
        raise DataError(f"features must be numbers [rows, width], not {values.dtype} {list(values.shape)}", where=where, hint=hint)
    if not len(values):
        raise DataError("features have no row", where=where, hint="extract them again")


def _check_numbers(values: npt.NDArray[Any], where: str) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(bad.any(axis=1).argmax())
        raise DataError(f"features are not finite in row {row}", where=where, hint="extract them again")
    largest = max(float(values.max()), -float(values.min()))
    if largest > LARGEST:
        hint = "scale the features down before they are stored, for example to length 1"
        raise DataError(f"features reach {largest:.6g}, float16 ends at {LARGEST:.0f}", where=where, hint=hint)


def _check_times(track: Track, rows: int, where: str) -> None:
    if track.times is not None and (
        np.shape(track.times) != (rows,) or not (np.diff(track.times) >= 0).all() or np.isnan(track.times).any()
    ):
        raise DataError("the rows' times are not one a row, in order", where=where, hint="mend them")
    if track.rate is not None and not 0 < track.rate < float("inf"):
        raise DataError(f"a rate of {track.rate} rows a second", where=where, hint="give the reader a rate above 0")
