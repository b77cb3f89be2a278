"""The last step: from finished videos to a feature store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from taco_bench.api import Extractor, Track
from taco_bench.data.store.build import Source, build_store
from taco_bench.errors import DataError
from taco_bench.extract.parts import Parts
from taco_bench.reporting import Reporter


class Extracted:
    """Finished videos in the form that stores are built from.

    Args:
        parts: where they are.
        extractor: that made them.
        broken: what is wrong with each video that has no features; the store's card keeps it.
    """

    def __init__(self, parts: Parts, extractor: Extractor, broken: Mapping[str, DataError]) -> None:
        self.streams: Sequence[str] = (extractor.stream,)
        self.cut = extractor.cut
        self._parts, self._rate, self._broken = parts, extractor.sampling.rate, broken

    def ids(self) -> list[str]:
        """All of them, the broken ones too."""
        return sorted({*self._parts.ids(), *self._broken})

    def read(self, stream: str, id: str) -> Track:
        """The features of one video; DataError where it is broken."""
        if id in self._broken:
            raise self._broken[id]
        return Track(self._parts.read(id), self._rate)

    def files(self) -> list[Path]:
        """None that outlive the store."""
        return []


def write_store(
    out: Path, videos: Path, parts: Parts, extractor: Extractor, name: str, broken: Mapping[str, DataError], reporter: Reporter
) -> None:
    """Build the store in ``out`` and drop what it holds from the parts.

    Args:
        out: folder of the store.
        videos: folder that they come from.
        parts: finished videos.
        extractor: that made them.
        name: of the extractor.
        broken: videos without features, and why.
        reporter: shows progress.
    """
    files = Extracted(parts, extractor, broken)
    made_by = f"features extract {name}, weights {extractor.fingerprint()[:16]}"
    build_store(out, Source(files, extractor.stream, videos, made_by), extractor.stream, reporter, on_bad="skip")
    parts.clear()
