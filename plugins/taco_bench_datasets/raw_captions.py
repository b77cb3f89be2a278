"""collaborative-experts' form: lists of ids, and ``raw-captions.pkl`` = ``{id: [[word, ...], ...]}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from taco_bench.api import DataError, read_pickle
from taco_bench_datasets.annotation_files import malformed
from taco_bench_datasets.wording import FormError

RAW_CAPTIONS = "raw-captions.pkl"


def read_raw_captions(path: Path) -> dict[str, tuple[str, ...]]:
    """The captions of each id, their words joined by blanks.

    Raises:
        DataError: the pickle is refused or broken, or an entry is no list of lists of words; names the id.
    """
    table = read_pickle(path)
    if not isinstance(table, dict):
        raise malformed(path, "the whole", FormError("expected {id: [[word, ...], ...]}"))
    found = {}
    for name, captions in table.items():
        try:
            found[str(name)] = tuple(" ".join(_words(caption)) for caption in captions)
        except (TypeError, FormError) as error:
            raise malformed(path, name, error) from None
    return found


def _words(caption: object) -> list[str]:
    if not isinstance(caption, (list, tuple)) or not all(isinstance(word, str) for word in caption):
        raise FormError("a caption is a list of words")
    return [word.strip() for word in caption if word.strip()]


def captions_of(names: Iterable[str], captions: Mapping[str, tuple[str, ...]], path: Path) -> dict[str, tuple[str, ...]]:
    """The captions with text of each of these ids.

    Raises:
        DataError: some have none; names how many and the first.
    """
    found = {name: tuple(caption for caption in captions.get(name, ()) if caption.strip()) for name in names}
    absent = [name for name, texts in found.items() if not texts]
    if absent:
        what = f"{len(absent)} of {len(found)} listed ids have no caption, the first is {absent[0]!r}"
        raise DataError(what, where=str(path), hint="are lists and captions of the same release? use the complete file")
    return found
