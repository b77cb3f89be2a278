"""Features that stay where they are: read from the data set's own memory-mapped files as batches need them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from taco_bench.api import Clip, Dataset, Encoder
from taco_bench.data.joining import MissingError, Places, aligned, encode, encoded, read_stream, spread
from taco_bench.errors import DataError


class LazyFeatures:
    """The video tokens of clips of a data set that is ``stored``; only the rows that are asked for are read and encoded.

    Its encoders must be row-wise: the tokens of some rows are those rows of all tokens. That is tried on the first clip.

    Args:
        dataset: to read from.
        encoders: their tokens are concatenated, aligned by time.
    """

    def __init__(self, dataset: Dataset, encoders: Sequence[Encoder]) -> None:
        self.dataset, self.encoders = dataset, list(encoders)
        self.width = sum(encoder.width for encoder in encoders)
        self._clips: dict[str, Clip] = {}
        self._lengths: dict[str, int] = {}

    def add(self, clip: Clip) -> None:
        """Take a clip in, after a look at its shapes.

        Raises:
            MissingError: a stream does not have it.
            DataError: it has no row, or an encoder is not row-wise.
        """
        lengths = [len(read_stream(self.dataset, encoder, clip)) for encoder in self.encoders]
        if not all(lengths) or not self._clips:
            self._try_encoders(clip)
        self._clips[clip.id], self._lengths[clip.id] = clip, lengths[0]

    def __contains__(self, clip: object) -> bool:
        return clip in self._clips

    def __len__(self) -> int:
        return len(self._clips)

    def length(self, clip: str) -> int:
        """How many tokens a clip has."""
        return self._lengths[clip]

    def gather(self, clips: Sequence[str], most: int | None) -> tuple[npt.NDArray[np.float32], list[int]]:
        """The tokens [tokens, width] of clips, one after the other, at most ``most`` each, and how many each has."""
        parts = [self._tokens(self._clips[clip], most) for clip in clips]
        return np.concatenate(parts), [len(part) for part in parts]

    def _tokens(self, clip: Clip, most: int | None) -> npt.NDArray[np.float32]:
        parts: list[npt.NDArray[np.float32]] = []
        steps = self._lengths[clip.id]
        places = spread(steps, most)
        for encoder in self.encoders:
            raw = read_stream(self.dataset, encoder, clip)
            parts.append(encoded(encoder, raw[self._rows(encoder, clip, steps, len(raw))[places]], clip))
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _rows(self, encoder: Encoder, clip: Clip, steps: int, rows: int) -> Places:
        first = self.encoders[0]
        return np.arange(steps) if encoder is first else aligned(self.dataset, first, encoder, clip, steps, rows)

    def _try_encoders(self, clip: Clip) -> None:
        """Compare the tokens of every other row with every other token."""
        encode(self.dataset, self.encoders, clip)  # whatever is wrong with the clip is said as ever
        for encoder in self.encoders:
            raw = read_stream(self.dataset, encoder, clip)
            whole, some = (np.asarray(encoder.encode(part), np.float32) for part in (raw, raw[::2]))
            if len(whole) != len(raw) or not np.array_equal(whole[::2], some):
                what = f"the encoder of stream {encoder.stream!r} does not treat each row by itself, as reading features as needed asks for"
                raise DataError(what, where=f"clip {clip.id!r}", hint="use an encoder that does, or a data set that is not stored")


def open_lazily(
    dataset: Dataset,
    encoders: Sequence[Encoder],
    clips: Sequence[Clip],
    missing: Callable[[Clip, MissingError], None],
    advance: Callable[[], None],
) -> LazyFeatures:
    """The features of ``clips``; ``missing`` is told of those that a stream does not have."""
    features = LazyFeatures(dataset, encoders)
    for clip in clips:
        advance()
        if clip.id in features:  # in several splits
            continue
        try:
            features.add(clip)
        except MissingError as error:
            missing(clip, error)
    return features
