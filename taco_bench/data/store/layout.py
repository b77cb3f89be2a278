"""What a feature store consists of, and its card ``store.json``.

``store.json`` is replaced whole and names the folder that holds the rest, so a store is always the old one or the new one::

    STORE/store.json
    STORE/data-0123456789abcdef/shard-00000.npy ...   [rows, width] float16
                                ids.npy               [items] UTF-8, sorted
                                offsets.npy           [items + 1] int64: the rows of item i are offsets[i] : offsets[i + 1]
                                rates.npy             [items] float64, rows a second; NaN: none
                                times.npy             [rows] float64, only where the format gives times; NaN: none

Rows are counted over all shards; an item never crosses from one shard to the next.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from taco_bench.atomic import replace_text, sha256_of
from taco_bench.errors import DataError

SCHEMA = 1
CARD = "store.json"
IDS, OFFSETS, RATES, TIMES = "ids.npy", "offsets.npy", "rates.npy", "times.npy"
MOST_BYTES_OF_AN_ID = 255
REBUILD = "taco-bench features build makes it anew"


@dataclass(frozen=True)
class StoredFile:
    """One file of a store.

    Attributes:
        name: in the data folder.
        size: bytes.
        sha256: of its content.
        first: the first of its rows, counted over all shards; 0 for what is no shard.
    """

    name: str
    size: int
    sha256: str
    first: int = 0


@dataclass(frozen=True)
class StoreCard:
    """What ``store.json`` says.

    Attributes:
        stream: what the features are, such as "r152".
        width: numbers a row.
        rate: rows a second, where all items have the same; None: rates differ or are unknown.
        cut: rule by which segments are cut.
        source: the path that it was built from, and the stream there.
        reader: that read it.
        items, rows: how many.
        absent: ids that the source has, but not in this stream.
        skipped: ids that were left out because they were malformed, and why.
        data: name of the folder with the files.
        shards, index: the files.
        fingerprint: hash of all content and of the rule.
    """

    stream: str
    width: int
    rate: float | None
    cut: str
    source: str
    reader: str
    items: int
    rows: int
    absent: int
    data: str
    fingerprint: str
    shards: list[StoredFile]
    index: list[StoredFile]
    skipped: dict[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    def files(self, folder: Path) -> list[Path]:
        """All files of the store in ``folder``, the card first."""
        return [folder / CARD, *(folder / self.data / file.name for file in (*self.index, *self.shards))]


def fingerprint_of(cut: str, files: list[StoredFile]) -> str:
    """The hash of a store's content: of its files' hashes, whatever they were built from."""
    return sha256_of(str(SCHEMA), cut, *(f"{file.name} {file.size} {file.sha256} {file.first}" for file in files))


def write_card(folder: Path, card: StoreCard) -> None:
    """Replace ``store.json``; from here on the store is the new one."""
    replace_text(folder / CARD, json.dumps(asdict(card), indent=1) + "\n")


def read_card(folder: Path) -> StoreCard:
    """What the store in ``folder`` says of itself.

    Raises:
        DataError: there is no store, or its card cannot be read or is of another schema.
    """
    path = folder / CARD
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        schema = found["schema"]
        if schema == SCHEMA:
            found |= {key: [StoredFile(**file) for file in found[key]] for key in ("shards", "index")}
            return StoreCard(**found)
    except FileNotFoundError:
        raise DataError("there is no feature store", where=str(folder), hint=REBUILD) from None
    except OSError as error:
        raise DataError(f"the feature store's card cannot be read: {error.strerror}", where=str(path), hint=REBUILD) from None
    except ValueError:  # no JSON, or no UTF-8
        what = "it is empty" if not path.stat().st_size else "it is truncated or no JSON"
        raise DataError(f"the feature store's card cannot be read: {what}", where=str(path), hint=REBUILD) from None
    except KeyError as error:
        raise DataError(f"the feature store's card cannot be read: it has no {error}", where=str(path), hint=REBUILD) from None
    except TypeError:
        raise DataError(
            "the feature store's card cannot be read: it is not of a feature store's form", where=str(path), hint=REBUILD
        ) from None
    raise DataError(f"the feature store has schema {schema}, this version reads {SCHEMA}", where=str(path), hint=REBUILD)
