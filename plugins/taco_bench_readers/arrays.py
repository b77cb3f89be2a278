"""From what a file holds to rows: what every format has in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taco_bench.api import DataError

Rows = npt.NDArray[np.floating[Any]]


KINDS = {dict: "a dictionary", list: "a list", tuple: "a list", str: "a text", int: "a number", float: "a number", np.ndarray: "an array"}


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    return next((name for kind, name in KINDS.items() if isinstance(value, kind)), "something else")


def read_npy(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file; never a pickle.

    Raises:
        DataError: the file is missing, empty, truncated, or holds Python objects.
    """
    try:
        found = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise DataError("the feature file is missing", where=str(path), hint="extract it, or remove it from the list") from None
    except (OSError, ValueError, EOFError) as error:
        what = "is empty" if path.is_file() and not path.stat().st_size else f"cannot be read: {error}"
        hint = "copy or extract it again; arrays of Python objects must be saved as numbers"
        raise DataError(f"the feature file {what}", where=str(path), hint=hint) from None
    if not isinstance(found, np.ndarray):
        raise DataError("the feature file is an archive of several arrays", where=str(path), hint="save one array a file with np.save")
    return found


def npy_shape(path: Path) -> tuple[int, ...]:
    """The shape in the header of a ``.npy`` file; () where it has none."""
    try:
        with path.open("rb") as file:
            major, _ = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
            return read(file)[0]
    except (OSError, ValueError, EOFError):
        return ()


def as_rows(found: Any, path: Path, id: str) -> Rows:
    """[rows, width] float16 or float32 from an array or tensor; [width] is one row.

    Raises:
        DataError: it has another shape or none, no row, or numbers that are not finite; names file and id.
    """
    where = f"{path}, id {id!r}"
    try:
        values = np.asarray(found)
    except (TypeError, ValueError) as error:  # such as lists of several lengths
        hint = "expected numbers [rows, width], all rows of one width; extract them again, or leave them out"
        raise DataError(f"features are no array: {error}", where=where, hint=hint) from None
    if values.dtype.kind not in "fiu" or values.ndim not in (1, 2):
        hint = "expected numbers [rows, width]; `taco-bench list reader` shows the known forms"
        raise DataError(f"features are {values.dtype} {list(values.shape)}", where=where, hint=hint)
    if not values.size:
        raise DataError("features have no row", where=where, hint="extract them again, or leave them out")
    values = values.reshape(-1, values.shape[-1])
    values = values if values.dtype == np.float16 else values.astype(np.float32)
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        raise DataError(f"features are not finite in row {int(bad.argmax())}", where=where, hint="extract them again, or leave them out")
    return values


def columns(values: Rows, first: int, last: int, whole: int, path: Path) -> Rows:
    """The columns [first, last) of rows that must be ``whole`` wide.

    Raises:
        DataError: they have another width.
    """
    if values.shape[1] != whole:
        turned = "the array is transposed: save it as [rows, width]" if values.shape[0] == whole else "is it of another release?"
        raise DataError(f"rows are {values.shape[1]} wide instead of {whole}", where=str(path), hint=turned)
    return values[:, first:last]
