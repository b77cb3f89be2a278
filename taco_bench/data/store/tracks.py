"""What readers of feature files give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Track:
    """The features of one video, or of one clip that is cut already, in one stream.

    Attributes:
        values: [rows, width] float16 or float32.
        rate: rows a second; None: rows are spread evenly over the whole, or one row stands for it.
        times: [rows] seconds, the middle of what each row was made from, where the format says.
    """

    values: npt.NDArray[np.floating[Any]]
    rate: float | None = None
    times: npt.NDArray[np.floating[Any]] | None = None


class FeatureFiles(Protocol):
    """Feature files in the form of one code base, opened by a reader. Nothing but names and headers is read before it is asked for."""

    streams: Sequence[str]
    """As the format names them, such as "2d" or "rgb"; a format with one stream has ("features",)."""
    cut: str
    """The rule by which its code base cuts a segment, by its name in :mod:`taco_bench.data.store.cuts`."""

    def ids(self) -> Sequence[str]:
        """The ids of the videos or clips.

        Raises:
            DataError: a file is missing or malformed.
        """

    def read(self, stream: str, id: str) -> Track:
        """The features of one video or clip.

        Raises:
            KeyError: the stream has no such id.
            DataError: they are malformed; names file, id and remedy.
        """

    def files(self) -> Sequence[Path]:
        """The files that it reads from, without opening them."""


class Reader(Protocol):
    """One on-disk form of features."""

    def recognise(self, path: Path) -> str:
        """Why ``path`` looks like this form, from names and headers; empty where it does not. Reads no more than it needs."""

    def open(self, path: Path) -> FeatureFiles:
        """The features at ``path``.

        Raises:
            DataError: ``path`` is not of this form.
        """
